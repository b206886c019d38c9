"""What users do to namespaces."""

from kubeactors.sim.steps import Action


class CreateNamespace(Action, frozen=True, kw_only=True, tag="create-namespace"):
    """Create a namespace with a service, some configuration and a pod in it. Nothing happens if there is one."""

    name: str


class DeleteNamespace(Action, frozen=True, kw_only=True, tag="delete-namespace"):
    """Delete a namespace with all that is in it."""

    name: str


NamespaceAction = CreateNamespace | DeleteNamespace

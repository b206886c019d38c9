"""User actions on namespaces."""

from kubeactors.sim.steps import Action


class CreateNamespace(Action, frozen=True, kw_only=True, tag="create-namespace"):
    """Create a namespace with a Service, a ConfigMap and a pod in it, unless they exist."""

    name: str


class DeleteNamespace(Action, frozen=True, kw_only=True, tag="delete-namespace"):
    """Delete a namespace with its contents."""

    name: str


NamespaceAction = CreateNamespace | DeleteNamespace

"""User actions on single pods, and on Services and their endpoints."""

from kubeactors.sim.steps import Action


class DeletePod(Action, frozen=True, kw_only=True, tag="delete-pod"):
    """Delete a pod; its controller replaces it."""

    name: str
    number: int = 0
    force: bool = False
    """With a grace period of 0: the object is deleted before its containers stop. Also a pod that is terminating."""


class RelabelPod(Action, frozen=True, kw_only=True, tag="relabel-pod"):
    """Change a pod's labels so that its ReplicaSet or DaemonSet releases and replaces it. The pod stays, as an orphan."""

    name: str
    number: int = 0


class CreatePod(Action, frozen=True, kw_only=True, tag="create-pod"):
    """Create a pod without a controller, which the Service of a Deployment selects."""

    name: str
    pod: str
    scratch: bool = False
    """Whether it has an ephemeral volume, which is deleted with it."""


class RecreatePod(Action, frozen=True, kw_only=True, tag="recreate-pod"):
    """Delete such a pod if it exists, and create another one of that name as soon as the name is free."""

    name: str
    pod: str


class RecreateService(Action, frozen=True, kw_only=True, tag="recreate-service"):
    """Delete the Service of a Deployment and create another one of that name."""

    name: str


class Evict(Action, frozen=True, kw_only=True, tag="evict"):
    """Evict a pod, if its disruption budgets allow it."""

    name: str
    number: int = 0


class DeleteSlices(Action, frozen=True, kw_only=True, tag="delete-slices"):
    """Delete the EndpointSlices of a Service: the controller recreates them."""

    name: str


class EmptySlices(Action, frozen=True, kw_only=True, tag="empty-slices"):
    """Remove all endpoints from the EndpointSlices of a Service: the controller repairs them."""

    name: str


PodAction = DeletePod | RelabelPod | CreatePod | RecreatePod | RecreateService | Evict | DeleteSlices | EmptySlices

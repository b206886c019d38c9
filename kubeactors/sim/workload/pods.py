"""What users do to single pods, and to services and their endpoints."""

from kubeactors.sim.steps import Action


class DeletePod(Action, frozen=True, kw_only=True, tag="delete-pod"):
    """Delete a pod; its ReplicaSet replaces it."""

    name: str
    number: int = 0
    force: bool = False
    """Without waiting for its containers to end, which nobody hears of then; also one that is going already."""


class RelabelPod(Action, frozen=True, kw_only=True, tag="relabel-pod"):
    """Take a pod out of its ReplicaSet or DaemonSet, which releases and replaces it. The pod belongs to nobody then, and stays."""

    name: str
    number: int = 0


class AddPod(Action, frozen=True, kw_only=True, tag="add-pod"):
    """Create a pod that belongs to nobody, behind the service of a deployment."""

    name: str
    pod: str
    scratch: bool = False
    """Whether it has a volume of its own, which goes with it."""


class RecreatePod(Action, frozen=True, kw_only=True, tag="recreate-pod"):
    """Delete such a pod if there is one, and create another one of that name as soon as it is free."""

    name: str
    pod: str


class RecreateService(Action, frozen=True, kw_only=True, tag="recreate-service"):
    """Delete the service of a deployment and create it again: another one of that name."""

    name: str


class Evict(Action, frozen=True, kw_only=True, tag="evict"):
    """Ask that a pod goes, if its disruption budgets allow it."""

    name: str
    number: int = 0


class DeleteSlices(Action, frozen=True, kw_only=True, tag="delete-slices"):
    """Delete the endpoint slices of a service: its controller makes them again."""

    name: str


class EmptySlices(Action, frozen=True, kw_only=True, tag="empty-slices"):
    """Take all endpoints out of the slices of a service: its controller repairs them."""

    name: str


PodAction = DeletePod | RelabelPod | AddPod | RecreatePod | RecreateService | Evict | DeleteSlices | EmptySlices

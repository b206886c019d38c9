"""How users look at what there is, as tools do that are not ours: selectors, pages, old versions, watches of their own."""

from typing import Literal

from kubeactors.sim.steps import Action

Looked = Literal[
    "Pod", "ReplicaSet", "Deployment", "Job", "EndpointSlice", "Node", "Event", "ServiceAccount", "ConfigMap", "Lease"
]  # fmt: skip


class Look(Action, frozen=True, kw_only=True, tag="look"):
    """List objects of a kind, then read the first of them; changes nothing."""

    of: Looked
    everywhere: bool = False
    """In all namespaces."""
    labels: str = ""
    fields: str = ""
    """Selectors, as in requests."""
    page: int = 0
    """So many at a time; 0 for all at once."""
    apart_seconds: float = 0.0
    """How long one page is looked at."""
    cached: bool = False
    """Whatever the server has at hand will do."""
    again: bool = False
    """Once more a while later, not older than the first time, and as it was then."""
    watch_seconds: float = 0.0
    """How long what comes of it is watched."""

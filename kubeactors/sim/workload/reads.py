"""Reads by users, as foreign tools do them: selectors, pages, old resource versions, watches."""

from typing import Literal

from kubeactors.sim.steps import Action

ReadKind = Literal[
    "Pod", "ReplicaSet", "Deployment", "Job", "EndpointSlice", "Node", "Event", "ServiceAccount", "ConfigMap", "Lease"
]  # fmt: skip


class ReadObjects(Action, frozen=True, kw_only=True, tag="read-objects"):
    """List objects of a kind, then get the first of them; changes nothing."""

    of: ReadKind
    everywhere: bool = False
    """In all namespaces."""
    labels: str = ""
    fields: str = ""
    """Label and field selectors, as in requests."""
    page: int = 0
    """The page size; 0 for a single page."""
    apart_seconds: float = 0.0
    """The pause between two pages."""
    cached: bool = False
    """From the watch cache: resource version 0."""
    again: bool = False
    """List once more a while later, not older than the first list."""
    watch_seconds: float = 0.0
    """How long to watch from there on."""

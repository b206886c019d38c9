"""Invariant of controllers' live reads: requests to the server for what their informers do not show, or not reliably."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.apimachinery.requests import Get, List
from kubeactors.client import Controller
from kubeactors.sim.invariants.invariant import RequestInvariant

OF_ANY_AGE = "0"
"""The resource version that accepts whatever the server's cache holds, however old."""


class LiveReadsAreFresh(RequestInvariant):
    """A controller's live read is never answered from a server's cache, which may be older than its own.

    After a fail-over, or behind a lagging watch, such a cache still shows deleted owners, and lacks pods that were just
    created.

    Source: "Resource versions: semantics for get and list" in Kubernetes' documentation; the "uncached quorum read" of
    pkg/controller/controller_ref_manager.go (v1.36).
    """

    name: ClassVar[str] = "live-reads-are-fresh"

    def read(self, reader: Cell, request: Get | List) -> Iterator[str]:
        """Look at each read of a controller. Informers may start from a stale list: their watch brings what is newer."""
        version = request.resource_version if isinstance(request, Get) else request.options.resource_version
        if version == OF_ANY_AGE and isinstance(reader.actor, Controller):
            what = " ".join(part for part in (request.resource.resource, request.namespace, request.name) if part)
            yield f"{reader.path} reads {what} at resource version 0, which may be older than its own cache"


INVARIANTS: tuple[type[RequestInvariant], ...] = (LiveReadsAreFresh,)

"""What holds of how controllers read what their informers do not show them, or not for certain."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.apimachinery.requests import Get, List
from kubeactors.client import Controller
from kubeactors.sim.invariants.invariant import RequestInvariant

OF_ANY_AGE = "0"
"""The version of who takes what a cache of the server holds, however old that is."""


class LiveReadsAreFresh(RequestInvariant):
    """A controller that asks the server does so because its own cache may be old: so it does not ask for what is older yet.

    What a server shows without looking into the store may have been so before a fail-over, or come later than what the
    controller knows: owners that are gone are there, and pods that were just made are not.

    Source: "Resource versions: semantics for get and list" in Kubernetes' documentation; the "uncached quorum read" of
    pkg/controller/controller_ref_manager.go (v1.36).
    """

    name: ClassVar[str] = "live-reads-are-fresh"

    def read(self, reader: Cell, request: Get | List) -> Iterator[str]:
        """Look at each that comes from a controller; informers begin with what is at hand, and are told what is newer."""
        version = request.resource_version if isinstance(request, Get) else request.options.resource_version
        if version == OF_ANY_AGE and isinstance(reader.actor, Controller):
            what = " ".join(part for part in (request.resource.resource, request.namespace, request.name) if part)
            yield f"{reader.path} asks for {what} of any age"


INVARIANTS: tuple[type[RequestInvariant], ...] = (LiveReadsAreFresh,)

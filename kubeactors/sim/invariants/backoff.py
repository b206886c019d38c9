"""Invariant of rejected writes: components back off before they retry.

Source: DefaultTypedControllerRateLimiter in client-go util/workqueue/default_rate_limiters.go (v1.36): the first retry
waits 5 ms, and each one twice as long as the one before: eight attempts in the first second.
"""

from collections import deque
from collections.abc import Iterator
from typing import ClassVar, TypeAlias

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.requests import ApiRequest, Create, Delete, Patch, Update
from kubeactors.apimachinery.status import Status
from kubeactors.client import controller_of
from kubeactors.sim.invariants.invariant import Invariant, RequestInvariant
from kubeactors.sim.invariants.requests import described, is_refusal
from kubeactors.sim.network import Asked
from kubeactors.sim.world import World

MOST = 50
"""Rejections of one write within a second; some components retry a few times within each attempt."""

WriteKind: TypeAlias = tuple[object, type[object], str, str, str, str]
"""A kind of write: the actor, the request's class, resource, subresource, namespace, and the object, as `_object` tells."""


class RetriesBackOff(RequestInvariant):
    """A component whose write is rejected again and again retries it with increasing delays."""

    name: ClassVar[str] = "retries-back-off"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Create, Update, Patch, Delete)
    answers: ClassVar[tuple[type[object], ...]] = (Status,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._refused: dict[WriteKind, deque[int]] = {}
        """When each kind of write was last rejected (virtual nanoseconds)."""

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Count rejections."""
        request = asked.request
        if not is_refusal(answer) or not isinstance(request, Create | Update | Patch | Delete):
            return
        name = _object(request)
        resource = request.resource.resource
        kind = (asked.sender.actor, type(request), resource, request.subresource, request.namespace, name)
        times = self._refused.setdefault(kind, deque(maxlen=MOST))
        times.append(self.root.kernel.now)
        if len(times) == MOST and times[-1] < times[0] + SECOND:
            yield f"{asked.sender.path} repeated a rejected write of {described(request)} {MOST} times within a second"
            times.clear()


def _object(request: Create | Update | Patch | Delete) -> str:
    """Of a create the uid of the controlling owner, as each attempt has another name; of an update the object's uid.

    Otherwise its name.
    """
    if isinstance(request, Update):
        return request.object.metadata.uid
    if isinstance(request, Create):
        owner = controller_of(request.object.metadata)
        return request.object.metadata.name if owner is None else owner.uid
    return request.name


INVARIANTS: tuple[type[Invariant], ...] = (RetriesBackOff,)

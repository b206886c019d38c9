"""What holds of who is refused: he does not keep the server busy with what it does not do.

Source: DefaultTypedControllerRateLimiter in client-go util/workqueue/default_rate_limiters.go (v1.36): who has failed
waits 5 ms, and then twice as long each time, which are eight attempts in the first second.
"""

from collections import deque
from collections.abc import Iterator
from typing import ClassVar, TypeAlias

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ApiRequest, Create, Delete, Patch, Update
from kubeactors.client import controller_of
from kubeactors.sim.invariants.invariant import Invariant, RequestInvariant
from kubeactors.sim.invariants.requests import is_refusal, told
from kubeactors.sim.network import Asked
from kubeactors.sim.world import World

MOST = 50
"""So often within a second nobody is refused one write: some try a few times with each attempt."""

Matter: TypeAlias = tuple[object, type[object], str, str, str, str]
"""Who asks for what kind of write: of which resource, part and namespace, and of which name or for which owner."""


class RetriesBackOff(RequestInvariant):
    """Who is refused the same write again and again asks ever more rarely."""

    name: ClassVar[str] = "retries-back-off"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Create, Update, Patch, Delete)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._refused: dict[Matter, deque[int]] = {}
        """When that was, the last few times (virtual nanoseconds)."""

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Count refusals."""
        request = asked.request
        if not is_refusal(answer) or not isinstance(request, Create | Update | Patch | Delete):
            return
        name = _owner(request.object.metadata) if isinstance(request, Create) else request.name
        resource = request.resource.resource
        matter = (asked.sender.actor, type(request), resource, request.subresource, request.namespace, name)
        times = self._refused.setdefault(matter, deque(maxlen=MOST))
        times.append(self.root.kernel.now)
        if len(times) == MOST and times[-1] < times[0] + SECOND:
            yield f"{asked.sender.path} is refused {told(request)} {MOST} times within a second"
            times.clear()


def _owner(metadata: ObjectMeta) -> str:
    """For whom something is created, under another name each time; what belongs to nobody has a name of its own."""
    owner = controller_of(metadata)
    return metadata.name if owner is None else owner.uid


INVARIANTS: tuple[type[Invariant], ...] = (RetriesBackOff,)

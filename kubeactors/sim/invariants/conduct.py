"""What holds of how components write: they say which object they delete, know what they wrote, and write what is news.

Each mistake of this kind does harm only when something else happens in between, and that is rare. So requests
themselves are looked at: nobody has to wait for the accident.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.requests import ApiRequest, Delete, Patch, Result, Update
from kubeactors.apimachinery.status import Status
from kubeactors.sim.invariants.invariant import Invariant, RequestInvariant
from kubeactors.sim.invariants.looking import UNDISTURBED
from kubeactors.sim.network import Asked
from kubeactors.sim.processes import kind_of_process
from kubeactors.sim.world import World

CONFLICT, INVALID, BAD_REQUEST = "Conflict", "Invalid", "BadRequest"
KUBELETS = "node-"
KNOWN = 10 * SECOND
"""So soon after it was written everybody knows an object, if nothing is broken."""


class DeletionsAreOfThisOne(RequestInvariant):
    """Who deletes an object says which one it is: another of its name may have come since."""

    name: ClassVar[str] = "deletions-are-of-this-one"

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each deletion."""
        request = asked.request
        if isinstance(request, Delete) and not (request.options.preconditions and request.options.preconditions.uid):
            yield f"{asked.sender.path} deletes {told(request)} whatever it is by then: it does not name its uid"


class RequestsAreValid(RequestInvariant):
    """No component asks for what can never be: it is refused only because of what others have done meanwhile."""

    name: ClassVar[str] = "requests-are-valid"

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each refusal; that a uid does not fit says only that the object is another one now."""
        if (
            isinstance(answer, Status)
            and answer.reason in (INVALID, BAD_REQUEST)
            and "metadata.uid" not in answer.message
        ):
            yield f"{asked.sender.path} asks for {told(asked.request)}, and is told: {answer.message}"


class OwnWritesAreKnown(RequestInvariant):
    """Nobody who is undisturbed is refused an update because of what he has written, and has been told that he has.

    Who was out of reach or lags may have asked twice meanwhile. Kubelets are left out: they may ask for two writes of
    their node at once, and read it again when one is refused.
    """

    name: ClassVar[str] = "own-writes-are-known"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._newest: dict[str, tuple[object, str]] = {}
        """By uid: who wrote an object last, and the version that it has since."""

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Note each success; look at each conflict."""
        request, actor = asked.request, asked.sender.actor
        if isinstance(answer, Result):
            metadata = answer.object.metadata
            self._newest[metadata.uid] = (actor, metadata.resource_version)
        elif isinstance(request, Update) and _is_conflict(answer) and not asked.component.startswith(KUBELETS):
            uid = request.object.metadata.uid
            now = self.world.by_uid.get(uid)
            since = self.world.disturbed_until(kind_of_process(asked.component)) + UNDISTURBED
            known = now is not None and self._newest.get(uid) == (actor, now.metadata.resource_version)
            if known and since < self.root.kernel.now:
                yield f"{asked.sender.path} does not know its own last write of {told(request)}"


def _is_conflict(answer: object) -> bool:
    return isinstance(answer, Status) and answer.reason == CONFLICT


class WritesAreNews(RequestInvariant):
    """Nobody who is undisturbed writes again what is there already, and has been for a while."""

    name: ClassVar[str] = "writes-are-news"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._revisions: list[int] = []
        self._times: list[int] = []
        """When the store had come to each of these, at the latest."""

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each write that has changed nothing."""
        now = self.root.kernel.now
        if not self._revisions or self._revisions[-1] != self.world.revision:
            self._revisions.append(self.world.revision)
            self._times.append(now)
        if not isinstance(asked.request, Update | Patch) or not isinstance(answer, Result):
            return
        metadata = answer.object.metadata
        revision = int(metadata.resource_version or 0)
        if not 0 < revision <= asked.revision or metadata.uid not in self.world.by_uid:
            return
        known = max(
            self._time_of(revision) + KNOWN, self.world.disturbed_until(kind_of_process(asked.component)) + UNDISTURBED
        )
        if known < now:
            yield f"{asked.sender.path} writes {told(asked.request)}, and nothing of it is new"

    def _time_of(self, revision: int) -> int:
        return self._times[bisect_left(self._revisions, revision)]


def told(request: ApiRequest[object]) -> str:
    """What a request is about, for people.

    >>> from kubeactors.apimachinery.requests import GroupVersionResource
    >>> told(Delete(resource=GroupVersionResource("apps", "v1", "deployments"), namespace="default", name="web"))
    'deployments default/web'
    """
    path = "/".join(part for part in (request.namespace, request.name) if part)
    return f"{request.resource.resource}{'/' if request.subresource else ''}{request.subresource} {path}"


INVARIANTS: tuple[type[Invariant], ...] = (DeletionsAreOfThisOne, RequestsAreValid, OwnWritesAreKnown, WritesAreNews)
"""What holds of what our own components ask for."""

"""The judge: shows invariants what happens, and records the violations that they report."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeAlias

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.actor.kernel import Kernel
from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Get, List, WatchClosed, WatchEvents
from kubeactors.apimachinery.status import Status
from kubeactors.sim.activity import WriteActivity
from kubeactors.sim.invariants import Invariant, RequestInvariant, ServerInvariant, StoreInvariant, WatchInvariant
from kubeactors.sim.mistakes import Mistake
from kubeactors.sim.network import Asked, OnAnswer, Served, StoreRequest, Stream
from kubeactors.sim.processes import kind_of_process
from kubeactors.sim.world import World
from kubeactors.storage import StoreEvent, StoreEvents

OURS = ("controller-manager", "scheduler", "node-")
"""The prefixes of our own components' names."""


USER_REJECTIONS = ("AdmissionPolicy", "admission webhook", "calling webhook")
"""Words in the status of a write that was rejected by users' rules."""

SLOW = SECOND
"""How long the server takes for a write only if a webhook, or a fault, delays it."""

Types: TypeAlias = tuple[type[object], type[object]]


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """An invariant did not hold: when (virtual seconds from the start), at which revision, and how."""

    invariant: str
    at: float
    revision: int
    message: str


class InvariantFailed(Mistake):
    """An invariant raised an exception: the invariant is wrong, which says nothing about the cluster."""


class Judge:
    """All invariants of one run."""

    def __init__(self, kernel: Kernel, world: World, invariants: Iterable[type[Invariant]]) -> None:
        self._kernel = kernel
        self._world = world
        self._all = [one(world, kernel.root) for one in invariants]
        self._looking = [one for one in self._all if type(one).looked is not Invariant.looked]
        self._watching = [one for one in self._all if isinstance(one, WatchInvariant)]
        self._answered = [one for one in self._all if isinstance(one, RequestInvariant)]
        self._serving = [one for one in self._all if isinstance(one, ServerInvariant)]
        self._storing = [one for one in self._all if isinstance(one, StoreInvariant)]
        self._reading = [one for one in self._answered if type(one).read is not RequestInvariant.read]
        self._asking = [one for one in self._answered if type(one).asked is not RequestInvariant.asked]
        self._told = [one for one in self._all if type(one).committed is not Invariant.committed]
        self._by_kind: dict[type[TypedObject], list[Invariant]] = {}
        self._answered_by_types: dict[Types, list[RequestInvariant]] = {}
        """By the classes of request and answer."""
        self._serving_by_types: dict[Types, list[ServerInvariant]] = {}
        self.violations: list[Violation] = []
        self.on_end: Callable[[], object] = lambda: None
        """Called as soon as there is no need to go on."""
        self.mistake: Exception | None = None
        """See `give_up`."""
        self.activity: WriteActivity = WriteActivity(world)

    def committed(self, event: StoreEvent) -> None:
        """The store has committed a write."""
        commit = self._world.apply(event)
        for storing in self._storing:
            self._note(storing, storing.stored(event))
        type_ = type(commit.current)
        self.activity.committed(commit)
        for one in self._by_kind.get(type_) or self._concerned(type_):
            try:  # `_note` in line: ten times for each commit
                for problem in one.committed(commit):
                    self.object(one.name, problem)
            except Exception as error:  # noqa: BLE001 -- as there
                self._failed(one, error)

    def watched(self, stream: Stream, subscriber: Cell, message: WatchEvents | WatchClosed) -> None:
        """The API server has sent a message to a watcher."""
        for one in self._watching:
            self._note(one, one.watched(stream, subscriber, message))

    def asked(self, component: str, sender: Cell, request: ApiRequest[object]) -> OnAnswer | None:
        """A component has requested a write; returns a callback for the answer. Guests' writes are not judged."""
        if not self._answered or not component.startswith(OURS):
            return None
        asked = Asked(component, sender, request, self._world.revision, self._kernel.now)
        for one in self._asking:
            one.asked(asked)
        return partial(self._component_answered, asked)

    def served(self, server: Cell, request: ApiRequest[object]) -> OnAnswer:
        """A server begins to serve a request; returns a callback for the answer."""
        return partial(self._server_answered, Served(server, request, self._world.revision, self._kernel.now))

    def _server_answered(self, served: Served, answer: object) -> None:
        types = type(served.request), type(answer)
        found = self._serving_by_types.get(types)
        if found is None:
            found = self._serving_by_types[types] = [one for one in self._serving if _is_shown(one, types)]
        for one in found:
            self._note(one, one.served(served, answer))
        if self.activity.concerns(served.request):
            self.activity.served(served, answer)

    def store_asked(self, request: StoreRequest) -> OnAnswer:
        """A request reaches the store; returns a callback for the answer."""
        return partial(self._store_answered, request, [one.asked(request) for one in self._storing])

    def _store_answered(self, request: StoreRequest, remembered: list[object], answer: object) -> None:
        for one, known in zip(self._storing, remembered, strict=True):
            self._note(one, one.answered(request, known, answer))

    def store_told(self, subscriber: Cell, message: StoreEvents) -> None:
        """The store has sent events to a watcher."""
        for one in self._storing:
            self._note(one, one.told(subscriber, message))

    def read(self, component: str, reader: Cell, request: Get | List) -> None:
        """A component reads one object, or lists a collection."""
        for one in self._reading if component.startswith(OURS) else ():
            self._note(one, one.read(reader, request))

    def _component_answered(self, asked: Asked, answer: object) -> None:
        if is_user_rejection(answer) or asked.at + SLOW < self._kernel.now:
            self._world.faults.slow(kind_of_process(asked.component), self._kernel.now)
        types = type(asked.request), type(answer)
        found = self._answered_by_types.get(types)
        if found is None:
            found = self._answered_by_types[types] = [one for one in self._answered if _is_shown(one, types)]
        for one in found:
            self._note(one, one.answered(asked, answer))

    def look(self) -> None:
        """Let invariants that inspect components periodically do so."""
        for one in self._looking:
            self._note(one, one.looked())

    def settled(self) -> bool:
        """Whether everything holds that must hold in a quiet cluster. Records no violations yet."""
        return not any(self._asked(one, one.settled()) for one in self._all)

    def note_settled(self) -> None:
        """The cluster has been quiet for long enough: record what does not hold."""
        for one in self._all:
            self._note(one, one.settled())

    def object(self, invariant: str, message: str) -> None:
        """Record a violation."""
        at = self._kernel.now / 1e9
        self.violations.append(Violation(invariant=invariant, at=at, revision=self._world.revision, message=message))
        self.on_end()

    def give_up(self, mistake: Exception) -> None:
        """An invariant, or the code under test, is itself wrong: the run ends without a verdict."""
        self.mistake = self.mistake or mistake
        self.on_end()

    def _concerned(self, type_: type[TypedObject]) -> list[Invariant]:
        found = self._by_kind.get(type_)
        if found is None:
            found = self._by_kind[type_] = [one for one in self._told if not one.kinds or type_ in one.kinds]
        return found

    def _note(self, invariant: Invariant, problems: Iterable[str]) -> None:
        """Record the problems. Invariants run in the midst of components, which must not fail by an error in one."""
        try:
            for problem in problems:
                self.object(invariant.name, problem)
        except Exception as error:  # noqa: BLE001 -- it is raised again when the run ends
            self._failed(invariant, error)

    def _asked(self, invariant: Invariant, problems: Iterable[str]) -> bool:
        """Whether it has a problem."""
        try:
            return any(True for _ in problems)
        except Exception as error:  # noqa: BLE001 -- as above
            self._failed(invariant, error)
            return False

    def _failed(self, invariant: Invariant, error: Exception) -> None:
        mistake = InvariantFailed(f"the invariant {invariant.name} raised {error!r}")
        mistake.__cause__ = error
        self.give_up(mistake)

    @property
    def is_over(self) -> bool:
        """Whether there is no need to go on."""
        return bool(self.violations) or self.mistake is not None


def _is_shown(one: RequestInvariant | ServerInvariant, types: Types) -> bool:
    """Whether an invariant judges answers of that class to requests of that class."""
    request, answer = types
    return (not one.requests or issubclass(request, one.requests)) and (
        not one.answers or issubclass(answer, one.answers)
    )


def is_user_rejection(answer: object) -> bool:
    """Whether a write was rejected by an admission policy or webhook of users.

    >>> is_user_rejection(Status(status="Failure", message='admission webhook "w.example.com" denied the request: not today'))
    True
    """
    return isinstance(answer, Status) and any(word in answer.message for word in USER_REJECTIONS)

"""How far the watch cache lags behind the store, and the requests that wait for it."""

from collections.abc import Callable
from heapq import heappop, heappush

from kubeactors.actor import AskError, Gate, Ref, Timer
from kubeactors.apiserver.cacher import Cacher
from kubeactors.apiserver.reading import too_large
from kubeactors.storage.messages import Progress, StoreMessage


class _RevisionQuery:
    """A query for the store's revision, shared by all requests that arrive before it is sent."""

    def __init__(self) -> None:
        self.answered = Gate()
        self.revision = 0
        self.error: AskError | None = None


class CacheFreshness:
    """Makes requests wait until the cache has reached a revision.

    `give_up_later` schedules a call of `give_up` with the same number.
    """

    def __init__(self, store: Ref[StoreMessage], cacher: Cacher, give_up_later: Callable[[int], Timer]) -> None:
        self._store = store
        self._cacher = cacher
        self._give_up_later = give_up_later
        self._waiting: dict[int, tuple[Gate, Timer]] = {}
        self._wanted: list[tuple[int, int]] = []
        """A heap of the awaited revisions, each with its waiter's number. The waiter may have given up."""
        self._count = 0
        self._asked: _RevisionQuery | None = None
        """The newest query. Requests that arrive once it is sent need another: its answer may be older than they."""
        self._next: _RevisionQuery | None = None

    @property
    def revision(self) -> int:
        """The revision that the cache has reached."""
        return self._cacher.revision

    async def reach(self, revision: int) -> None:
        """Wait until the cache has reached a revision.

        Raises:
            Timeout: it did not in time.
        """
        if self._cacher.revision >= revision:
            return
        self._count += 1
        gate = Gate()
        self._waiting[self._count] = gate, self._give_up_later(self._count)
        heappush(self._wanted, (revision, self._count))
        await gate.wait()
        if self._cacher.revision < revision:
            raise too_large(revision, self._cacher.revision)

    async def catch_up(self) -> None:
        """Wait until the cache has reached the store's current revision."""
        await self.reach(await self._newest())

    async def _newest(self) -> int:
        """The revision of the store at the time of the call, or a later one.

        Raises:
            AskError: the store does not answer.
        """
        question = self._next
        if question is None:
            question = self._next = _RevisionQuery()
            await self._ask(question)
        else:
            await question.answered.wait()
        if question.error is not None:
            raise question.error
        return question.revision

    async def _ask(self, question: _RevisionQuery) -> None:
        if self._asked is not None:
            await self._asked.answered.wait()
        self._asked, self._next = question, None
        try:
            question.revision = (await self._store.ask(Progress())).revision
        except AskError as error:
            question.error = error
        self._asked = None
        question.answered.open()

    def advance(self) -> None:
        """The cache has advanced: release the waiters that it has reached."""
        revision, wanted = self._cacher.revision, self._wanted
        reached: list[int] = []
        while wanted and wanted[0][0] <= revision:
            reached.append(heappop(wanted)[1])
        for number in sorted(reached):
            self.give_up(number)

    def give_up(self, number: int) -> None:
        """Release a waiter, whether the cache has reached its revision or not."""
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            gate, timer = waiting
            timer.cancel()
            gate.open()

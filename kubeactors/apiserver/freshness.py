"""How far the watch cache is behind the store, and who waits for it."""

from collections.abc import Callable
from heapq import heappop, heappush

from kubeactors.actor import AskError, Gate, Ref, Timer
from kubeactors.apiserver.cacher import Cacher
from kubeactors.apiserver.reading import too_large
from kubeactors.storage.messages import Progress, StoreMessage


class _Question:
    """What the store is at: asked once for all who want to know before it is asked."""

    def __init__(self) -> None:
        self.answered = Gate()
        self.revision = 0
        self.error: AskError | None = None


class CacheFreshness:
    """Lets requests wait until the cache has reached a revision.

    `give_up_later` is asked to call `give_up` with the same number after a while.
    """

    def __init__(self, store: Ref[StoreMessage], cacher: Cacher, give_up_later: Callable[[int], Timer]) -> None:
        self._store = store
        self._cacher = cacher
        self._give_up_later = give_up_later
        self._waiting: dict[int, tuple[Gate, Timer]] = {}
        self._wanted: list[tuple[int, int]] = []
        """A heap of the revisions that are waited for, with the numbers of those who wait, or have given up."""
        self._count = 0
        self._asked: _Question | None = None
        """What the store was asked last: who comes now is not told what it answers, it may know less than there is."""
        self._next: _Question | None = None

    @property
    def revision(self) -> int:
        """The revision that the cache has reached."""
        return self._cacher.revision

    async def reach(self, revision: int) -> None:
        """Wait until the cache has reached a revision.

        Raises:
            Timeout: it has not when the time is up.
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
        """Wait until the cache has reached what the store is at now."""
        await self.reach(await self._newest())

    async def _newest(self) -> int:
        """What the store is at, or a little later.

        Raises:
            AskError: it does not say.
        """
        question = self._next
        if question is None:
            question = self._next = _Question()
            await self._ask(question)
        else:
            await question.answered.wait()
        if question.error is not None:
            raise question.error
        return question.revision

    async def _ask(self, question: _Question) -> None:
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
        """The cache has moved on: let those go on who waited for it."""
        revision, wanted = self._cacher.revision, self._wanted
        reached: list[int] = []
        while wanted and wanted[0][0] <= revision:
            reached.append(heappop(wanted)[1])
        for number in sorted(reached):
            self.give_up(number)

    def give_up(self, number: int) -> None:
        """Let this one go on, whether the cache has reached its revision or not."""
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            gate, timer = waiting
            timer.cancel()
            gate.open()

"""The feed of the watch cache: everything in the store at one revision, and every change after it.

Source: client-go/tools/cache/reflector.go and apiserver/pkg/storage/cacher/cacher.go (v1.36), of which this is the list
and watch.
"""

from typing import TypeAlias, TypeVar, cast

from kubeactors.actor import AskError, Context, Ref
from kubeactors.apiserver.cacher import Cacher
from kubeactors.apiserver.keys import ROOT
from kubeactors.apiserver.streams import Streams
from kubeactors.message import Message
from kubeactors.storage.messages import (
    Range,
    RangeOp,
    RangeReply,
    StoreEvents,
    StoreMessage,
    StoreWatchCancelled,
    WatchCreate,
    WatchCreated,
    prefix_end,
)

M = TypeVar("M", bound=Message)

FromStore: TypeAlias = StoreEvents | StoreWatchCancelled
"""What the store sends to the subscriber of a watch."""

RETRY_SECONDS = 0.05
"""The delay before an unreachable store is tried again."""


class StoreFeed:
    """Lists the store into the cache and watches it from there.

    Watchers whose changes the cache may have missed are closed; they list again.
    """

    def __init__(self, ctx: Context[M], store: Ref[StoreMessage], cacher: Cacher, streams: Streams) -> None:
        self._ctx = cast("Context[FromStore]", ctx)
        self._store = store
        self._cacher = cacher
        self._streams = streams
        self.watch: int = 0
        """The number of the store watch in use. Messages of any other watch are stale."""
        self.is_priming: bool = False

    async def prime(self) -> None:
        """List and watch, and retry until the store can be reached."""
        self.is_priming = True
        while not await self._primed():
            await self._ctx.sleep(RETRY_SECONDS)
        self.is_priming = False

    def discard(self) -> None:
        """Ignore the watch in use from now on; a `prime` that is under way notices, and starts over."""
        self.watch += 1

    async def _primed(self) -> bool:
        end = prefix_end(ROOT)
        try:
            found = await self._store.ask(Range(op=RangeOp(key=ROOT, range_end=end)))
            assert isinstance(found, RangeReply), "the newest revision can be read"
            number = self.watch = self.watch + 1
            self._streams.close_all()  # watches that began since the last attempt would miss changes
            self._cacher.prime(found.revision, found.kvs)
            create = WatchCreate(
                subscriber=self._ctx.self, watch=number, key=ROOT, range_end=end, start_revision=found.revision + 1
            )
            return isinstance(await self._store.ask(create), WatchCreated) and self.watch == number
        except AskError:
            return False

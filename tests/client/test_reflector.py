"""A reflector keeps its indexer equal to the server's collection, whatever happens to the stream."""

from collections.abc import Awaitable, Callable, Coroutine, Generator
from itertools import count
from random import Random
from typing import Generic, TypeVar, cast

import pytest

from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery.meta import ListMeta, ObjectMeta
from kubeactors.apimachinery.requests import (
    ADDED,
    BOOKMARK,
    DELETED,
    MODIFIED,
    ApiRequest,
    ListResult,
    StopWatch,
    Watch,
    WatchClosed,
    WatchEvent,
    WatchEvents,
    WatchStarted,
)
from kubeactors.apimachinery.status import Expired, Status, StatusCause, StatusDetails, StatusError, Timeout
from kubeactors.client import Change, Client, Indexer, Reflector
from tests.client.objects import config_map

R = TypeVar("R")
ConfigMaps = tuple[Change[ConfigMap], ...]


class Ready(Generic[R]):
    """A reply that is ready at once."""

    def __init__(self, reply: object) -> None:
        self.reply = reply

    def __await__(self) -> Generator[object, None, R]:
        yield from ()
        return cast("R", self.reply)


class Script:
    """A transport with scripted replies that records requests."""

    def __init__(self) -> None:
        self.replies: list[object] = []
        self.versions: list[str] = []
        self.lists: list[bool] = []
        self.watches: list[int] = []
        self.meanwhile: Callable[[], object] = lambda: None
        """Called while a request is in flight."""
        self.stopped: list[int] = []

    def send(self, request: ApiRequest[R]) -> Awaitable[R]:
        assert isinstance(request, Watch)
        self.versions.append(request.options.resource_version)
        self.lists.append(request.lists)
        self.watches.append(request.watch)
        self.meanwhile()
        return Ready(self.replies.pop(0))

    def stop_watch(self, message: StopWatch) -> None:
        self.stopped.append(message.watch)


class Nobody:
    """A subscriber whose messages the tests make themselves."""

    def tell(self, message: object, /) -> bool:
        return True


def finish(coroutine: Coroutine[object, None, R]) -> R:
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return cast("R", stop.value)
    raise AssertionError("it waits for something")


def begun(revision: int, *items: ConfigMap) -> WatchStarted:
    return WatchStarted(ListResult(metadata=ListMeta(resource_version=str(revision)), items=items))


class Chance:
    """An `Environment`."""

    def __init__(self) -> None:
        self.random = Random(1)
        self.number = count(1).__next__


class World:
    """A reflector, its indexer, and a scripted server."""

    def __init__(self, *, consistent: bool = False) -> None:
        self.server = Script()
        self.indexer: Indexer[ConfigMap] = Indexer()
        self.reflector = Reflector(
            Client(self.server), ConfigMap, self.indexer, Chance(), namespace="default", consistent=consistent
        )

    def list(self, revision: int, *items: ConfigMap) -> ConfigMaps:
        self.server.replies.append(begun(revision, *items))
        return finish(self.reflector.connect(Nobody()))

    def refuse_list(self, status: Status) -> StatusError:
        self.server.replies.append(status)
        with pytest.raises(StatusError) as raised:
            finish(self.reflector.connect(Nobody()))
        return raised.value

    def watch(self) -> None:
        self.server.replies.append(WatchStarted())
        assert finish(self.reflector.connect(Nobody())) == ()

    def receive(self, *events: WatchEvent, sequence: int = 0, watch: int | None = None) -> ConfigMaps:
        number = self.reflector.number if watch is None else watch
        return self.reflector.receive(WatchEvents(number, events, sequence))

    def close(self, status: Status | None = None) -> None:
        self.reflector.closed(WatchClosed(self.reflector.number, status))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(one.metadata.name for one in self.indexer))


@pytest.fixture
def world() -> World:
    """A reflector that watches from revision 5, with `a` in its indexer."""
    made = World()
    made.list(5, config_map("a", 3))
    return made


def test_it_asks_at_once_for_what_the_cache_has_and_for_what_changes_after_it(world: World) -> None:
    assert world.server.versions == ["0"]
    assert world.server.lists == [True]
    assert world.names == ("a",)
    assert world.reflector.synced


def test_a_consistent_informer_starts_with_a_live_list() -> None:
    world = World(consistent=True)
    world.list(5)
    world.close()
    world.watch()
    assert world.server.versions == ["", "5"]
    assert world.server.lists == [True, False]


def test_events_change_the_indexer_and_are_reported_with_the_previous_version(world: World) -> None:
    a, newer, b = world.indexer.objects["default/a"], config_map("a", 7), config_map("b", 6)
    changes = world.receive(WatchEvent(ADDED, b), WatchEvent(MODIFIED, newer), WatchEvent(DELETED, config_map("b", 8)))
    assert changes == (
        Change(ADDED, "default/b", None, b),
        Change(MODIFIED, "default/a", a, newer),
        Change(DELETED, "default/b", b, None),
    )
    assert world.names == ("a",)
    assert world.reflector.revision == 8


def test_events_that_arrive_before_their_list_are_applied_after_it() -> None:
    world = World()
    a, b = config_map("a", 3), config_map("b", 6)

    def meanwhile() -> None:
        assert world.receive(WatchEvent(ADDED, b), sequence=1) == ()
        world.close()

    world.server.meanwhile = meanwhile
    assert world.list(5, a) == (Change(ADDED, "default/a", None, a), Change(ADDED, "default/b", None, b))
    assert world.reflector.revision == 6
    assert world.reflector.broken


def test_a_failed_list_is_retried_whatever_events_arrive_meanwhile() -> None:
    world = World()
    world.server.meanwhile = lambda: world.receive(WatchEvent(ADDED, config_map("b", 6)), sequence=1)
    world.reflector.failed(world.refuse_list(Status(status="Failure", reason="ServiceUnavailable", code=503)))
    assert len(world.indexer) == 0
    assert world.reflector.must_list
    world.server.meanwhile = lambda: None
    world.list(7, config_map("b", 6))
    assert world.names == ("b",)


def test_a_watch_that_ends_is_resumed_from_the_last_event_or_bookmark(world: World) -> None:
    world.receive(WatchEvent(MODIFIED, config_map("a", 7)))
    world.receive(WatchEvent(BOOKMARK, ConfigMap(metadata=ObjectMeta(resource_version="40"))))
    world.close()
    assert world.reflector.broken
    assert not world.reflector.must_list
    world.watch()
    assert world.server.versions[-1] == "40"


def test_an_expired_watch_relists_live_and_reports_missed_deletions(world: World) -> None:
    a = world.indexer.objects["default/a"]
    world.close(Expired.saying("too old").status)
    assert world.reflector.must_list
    b = config_map("b", 90)
    assert world.list(100, b) == (Change(DELETED, "default/a", a, None), Change(ADDED, "default/b", None, b))
    assert world.server.versions[-1] == ""


def test_a_watch_from_a_future_revision_relists_live(world: World) -> None:
    too_large = Timeout.saying(
        "Too large resource version", StatusDetails(causes=(StatusCause(reason="ResourceVersionTooLarge"),))
    )
    world.reflector.failed(too_large)
    world.list(2, config_map("a", 1))
    assert world.server.versions[-1] == ""
    assert world.reflector.revision == 2


def test_a_list_older_than_the_indexer_is_not_used(world: World) -> None:
    world.receive(WatchEvent(MODIFIED, config_map("a", 7)))
    world.reflector.must_list = True
    world.server.replies += [begun(4), begun(9, config_map("a", 7))]
    assert finish(world.reflector.connect(Nobody())) == ()
    assert world.server.versions[-2:] == ["7", ""]
    assert world.server.stopped == world.server.watches[:-1]
    assert world.names == ("a",)


def test_an_object_replaced_under_its_name_is_deleted_and_added(world: World) -> None:
    old, new = world.indexer.objects["default/a"], config_map("a", 9, uid="another")
    assert world.receive(WatchEvent(MODIFIED, new)) == (
        Change(DELETED, "default/a", old, None),
        Change(ADDED, "default/a", None, new),
    )


def test_events_of_an_earlier_watch_are_ignored(world: World) -> None:
    earlier = world.reflector.number
    world.close()
    world.watch()
    assert world.receive(WatchEvent(ADDED, config_map("b", 6)), watch=earlier) == ()
    assert world.names == ("a",)


def test_repeated_events_change_nothing(world: World) -> None:
    event = WatchEvent(MODIFIED, config_map("a", 7))
    assert len(world.receive(event)) == 1
    assert world.receive(event) == ()
    assert world.receive(WatchEvent(ADDED, config_map("b", 6))) == ()
    assert world.reflector.revision == 7


def test_a_lost_message_is_detected_by_its_sequence_number_and_the_watch_is_resumed(world: World) -> None:
    world.receive(WatchEvent(ADDED, config_map("b", 6)), sequence=1)
    assert world.receive(WatchEvent(ADDED, config_map("d", 8)), sequence=3) == ()
    assert world.reflector.broken
    world.watch()
    assert world.server.versions[-1] == "6"
    assert len(world.receive(WatchEvent(ADDED, config_map("c", 7)), sequence=1)) == 1


def test_a_repeated_message_counts_once(world: World) -> None:
    event = WatchEvent(DELETED, config_map("a", 6))
    assert len(world.receive(event, sequence=1)) == 1
    assert world.receive(WatchEvent(ADDED, config_map("a", 6)), sequence=1) == ()
    assert not world.reflector.broken


def test_the_back_off_grows_and_has_jitter() -> None:
    world = World()
    error = world.refuse_list(Status(status="Failure", reason="ServiceUnavailable", code=503))
    waits = [world.reflector.failed(error) for _ in range(8)]
    lower = [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]
    assert all(low <= wait <= 2 * low for low, wait in zip(lower, waits, strict=True))
    assert len(dict.fromkeys(waits)) == len(waits)


def test_a_stopped_reflector_ends_its_watch_and_ignores_later_events(world: World) -> None:
    number = world.reflector.number
    world.reflector.stop(Nobody())
    assert world.server.stopped == [number]
    assert world.receive(WatchEvent(ADDED, config_map("b", 6)), watch=number) == ()

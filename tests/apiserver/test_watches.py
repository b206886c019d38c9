"""Watches."""

from functools import partial

import pytest
from msgspec.structs import replace

from kubeactors.actor import Actor, handle
from kubeactors.api.core.v1 import ConfigMap, Pod
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import (
    ADMIN,
    BOOKMARK,
    ListOptions,
    ListResult,
    StopWatch,
    Watch,
    WatchClosed,
    WatchEvents,
    WatchStarted,
)
from kubeactors.apimachinery.status import Status
from kubeactors.apiserver import ApiServerConfig
from kubeactors.message import Message, Recipient
from kubeactors.storage import Compact, KeyValue, StoreEvent, StoreEvents
from tests.apiserver.plane import Plane, Seen, config_map, gvr_of, pod, refusal


@pytest.fixture
def plane() -> Plane:
    return Plane()


def changes(plane: Plane) -> str:
    """Create an object, change its label and back, and delete it; returns the resource version before all that."""
    start = plane.create(config_map("start")).metadata.resource_version
    plane.create(config_map("a", {"k": "v"}, x="1"))
    plane.patch(ConfigMap, "a", {"metadata": {"labels": {"k": "other"}}})
    plane.patch(ConfigMap, "a", {"data": {"x": "2"}})
    plane.patch(ConfigMap, "a", {"metadata": {"labels": {"k": "v"}}})
    plane.delete(ConfigMap, "a")
    return start


EVERYTHING = ["ADDED", "MODIFIED", "MODIFIED", "MODIFIED", "DELETED"]


@pytest.mark.parametrize(
    ("selector", "types"),
    [
        (ListOptions(), EVERYTHING),
        (ListOptions(field_selector="metadata.name=a"), EVERYTHING),
        (ListOptions(label_selector="k=v"), ["ADDED", "DELETED", "ADDED", "DELETED"]),
        (ListOptions(label_selector="k!=v"), ["ADDED", "MODIFIED", "DELETED"]),
        (ListOptions(label_selector="nosuch"), []),
    ],
)
def test_a_watch_sees_changes_through_its_selector(plane: Plane, selector: ListOptions, types: list[str]) -> None:
    """From history, and live."""
    start = plane.create(config_map("begin")).metadata.resource_version
    live = plane.watch(ConfigMap, replace(selector, resource_version=start))
    plane.delete(ConfigMap, "begin")
    begin = changes(plane)
    replayed = plane.watch(ConfigMap, replace(selector, resource_version=begin))
    plane.sim.settle()
    assert [type_ for type_, name in replayed.events if name == "a"] == types
    assert [type_ for type_, name in live.events if name == "a"] == types
    assert replayed.versions == sorted(replayed.versions)


def test_an_object_that_leaves_a_selection_is_sent_as_it_last_matched(plane: Plane) -> None:
    start = changes(plane)
    seen = plane.watch(ConfigMap, ListOptions(resource_version=start, label_selector="k=v"))
    plane.sim.settle()
    (_, left, _, deleted) = (event.object for one in seen.messages for event in one.events)
    assert isinstance(left, ConfigMap)
    assert isinstance(deleted, ConfigMap)
    assert (left.metadata.labels, left.data) == ({"k": "v"}, {"x": "1"})
    assert (deleted.metadata.labels, deleted.data) == ({"k": "v"}, {"x": "2"})
    assert seen.versions == [int(start) + offset for offset in (1, 2, 4, 5)]


def test_a_watch_without_a_resource_version_sends_initial_events_first(plane: Plane) -> None:
    plane.create(config_map("b"))
    plane.create(config_map("a"))
    seen = plane.watch(ConfigMap)
    plane.create(config_map("c"))
    plane.sim.settle()
    assert seen.events == [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]


def test_initial_events_end_with_a_bookmark(plane: Plane) -> None:
    made = plane.create(config_map("a"))
    options = ListOptions(send_initial_events=True, resource_version_match="NotOlderThan", allow_watch_bookmarks=True)
    seen = plane.watch(ConfigMap, options)
    plane.sim.settle()
    (message,) = seen.messages
    _, bookmark = message.events
    metadata = ObjectMeta(
        resource_version=made.metadata.resource_version, annotations={"k8s.io/initial-events-end": "true"}
    )
    assert (bookmark.type, bookmark.object) == (BOOKMARK, ConfigMap(metadata=metadata))


def test_initial_events_can_be_disabled(plane: Plane) -> None:
    plane.create(config_map("a"))
    options = ListOptions(send_initial_events=False, resource_version_match="NotOlderThan")
    seen = plane.watch(ConfigMap, options)
    plane.create(config_map("b"))
    plane.sim.settle()
    assert seen.events == [("ADDED", "b")]


def test_initial_events_of_the_future_are_too_large(plane: Plane) -> None:
    options = ListOptions(send_initial_events=True, resource_version_match="NotOlderThan", resource_version="9999")
    reply = plane.sim.ask(
        plane.server,
        Watch(resource=gvr_of(ConfigMap), subscriber=Seen(), watch=1, options=options, user=ADMIN),
    )
    assert refusal(reply)[:2] == (504, "Timeout")


def test_a_watch_sees_its_own_namespace_only(plane: Plane) -> None:
    seen = plane.watch(ConfigMap)
    plane.create(ConfigMap(metadata=ObjectMeta(name="other", namespace="kube-system")))
    plane.create(config_map("mine"))
    plane.sim.settle()
    assert seen.events == [("ADDED", "mine")]


def test_a_watch_of_a_node_sees_the_pods_bound_to_it(plane: Plane) -> None:
    plane.with_account()
    plane.create(pod("a", "n1"))
    plane.create(pod("b", "n2"))
    seen = plane.watch(Pod, ListOptions(field_selector="spec.nodeName=n1"), "")
    plane.create(pod("c", "n1"))
    plane.create(pod("d", "n2"))
    made = plane.get(Pod, "a")
    plane.update(replace(made, status=replace(made.status, phase="Running")), "status")
    plane.sim.settle()
    assert seen.events == [("ADDED", "a"), ("ADDED", "c"), ("MODIFIED", "a")]


def test_a_watch_from_before_the_history_is_told_expired() -> None:
    plane = Plane(ApiServerConfig(watch_history=2))
    start = changes(plane)
    seen = plane.watch(ConfigMap, ListOptions(resource_version=start))
    floor = int(start) + 3  # the last two changes are kept
    status = Status(
        status="Failure", message=f"too old resource version: {start} ({floor})", reason="Expired", code=410
    )
    assert seen.closed == WatchClosed(7, status)


class Shut(Seen):
    """A subscriber that accepts nothing at first."""

    is_shut = True

    def tell(self, message: WatchEvents | WatchClosed, /) -> bool:
        return not self.is_shut and super().tell(message)


def reason_of(seen: Seen) -> str:
    """The reason of a watch's end; empty if it has not ended, or has none."""
    return seen.closed.status.reason if seen.closed is not None and seen.closed.status is not None else ""


def test_the_error_of_a_watch_that_cannot_begin_is_sent_once_there_is_room() -> None:
    plane = Plane(ApiServerConfig(watch_history=2))
    start = changes(plane)
    seen = Shut()
    options = ListOptions(resource_version=start)
    plane.sim.ask(
        plane.server,
        Watch(resource=gvr_of(ConfigMap), namespace="default", subscriber=seen, watch=7, options=options, user=ADMIN),
    )
    plane.sim.run(1.0)
    assert reason_of(seen) == ""
    seen.is_shut = False
    plane.sim.run(1.0)
    assert reason_of(seen) == "Expired"


def test_stale_store_events_after_priming_are_ignored(plane: Plane) -> None:
    made = plane.create(config_map("a"))
    plane.delete(ConfigMap, "a")
    plane.sim.run(1.0)
    revision = int(made.metadata.resource_version)
    kv = KeyValue("/registry/configmaps/default/a", made, revision, revision, 1)
    told = StoreEvent(deleted=False, kv=kv, previous=None)
    plane.server.tell(StoreEvents(watch=1, revision=revision, events=(told,)))
    plane.sim.run(1.0)
    assert plane.names(ConfigMap, options=ListOptions(resource_version="0")) == []


def test_a_watch_ends_at_its_timeout_with_a_bookmark_shortly_before(plane: Plane) -> None:
    start = plane.create(config_map("start")).metadata.resource_version
    seen = plane.watch(ConfigMap, ListOptions(timeout_seconds=3, allow_watch_bookmarks=True, resource_version=start))
    plane.sim.run(1.5)
    assert (seen.events, seen.closed) == ([(BOOKMARK, "")], None)
    plane.sim.run(2.0)
    assert seen.closed == WatchClosed(7)
    plane.create(config_map("a"))
    plane.sim.settle()
    assert len(seen.messages) == 1


def test_bookmarks_are_sent_periodically_if_the_revision_has_advanced(plane: Plane) -> None:
    start = plane.create(config_map("start")).metadata.resource_version
    options = ListOptions(allow_watch_bookmarks=True, resource_version=start, label_selector="nosuch")
    seen, silent = (
        plane.watch(ConfigMap, options),
        plane.watch(ConfigMap, replace(options, allow_watch_bookmarks=False)),
    )
    plane.sim.run(61.0)
    assert seen.events == []
    newest = plane.create(config_map("a")).metadata.resource_version
    plane.sim.run(130.0)
    assert (seen.events, seen.versions, silent.events) == ([(BOOKMARK, "")], [int(newest)], [])


def list_and_watch(plane: Plane, options: ListOptions) -> tuple[ListResult, Seen]:
    """The initial list of a watch, and its subscriber."""
    seen, resource = Seen(), gvr_of(ConfigMap)
    watch = Watch(
        resource=resource, namespace="default", subscriber=seen, watch=7, options=options, lists=True, user=ADMIN
    )
    reply = plane.sim.ask(plane.server, watch)
    assert isinstance(reply, WatchStarted)
    assert reply.initial is not None
    return reply.initial, seen


@pytest.mark.parametrize("version", ["", "0"])
def test_a_listing_watch_starts_with_a_list_and_sends_the_changes_after_it(plane: Plane, version: str) -> None:
    plane.create(config_map("a"))
    plane.create(config_map("b", {"k": "v"}))
    plane.sim.run(1.0)
    options = ListOptions(label_selector="k=v", resource_version=version)
    there, seen = list_and_watch(plane, options)
    assert there == plane.listed(ConfigMap, options=options)
    assert [one.metadata.name for one in there.items] == ["b"]
    plane.create(config_map("c", {"k": "v"}))
    plane.create(config_map("d"))
    plane.sim.run(1.0)
    assert seen.events == [("ADDED", "c")]


def test_a_listing_watch_of_an_exact_version_sends_all_changes_since(plane: Plane) -> None:
    start = changes(plane)
    there, seen = list_and_watch(plane, ListOptions(resource_version=start, resource_version_match="Exact"))
    plane.sim.run(1.0)
    assert there.metadata.resource_version == start
    assert [one.metadata.name for one in there.items] == ["start"]
    assert seen.events == [(type_, "a") for type_ in EVERYTHING]


def test_a_stopped_watch_is_silent(plane: Plane) -> None:
    seen = plane.watch(ConfigMap)
    plane.server.tell(StopWatch(subscriber=seen, watch=7))
    plane.create(config_map("a"))
    plane.sim.settle()
    assert (seen.events, seen.closed) == ([], None)


def test_a_slow_watcher_gets_many_events_in_one_message(plane: Plane) -> None:
    seen = plane.watch(ConfigMap)
    seen.room = 1
    for name in "abcde":
        plane.create(config_map(name))
    plane.sim.settle()
    assert len(seen.events) < 5
    seen.room = 2
    plane.sim.run(1.0)
    assert seen.events == [("ADDED", name) for name in "abcde"]
    assert [one.sequence for one in seen.messages] == [1, 2]


def test_a_watcher_beyond_the_backlog_is_closed() -> None:
    plane = Plane(ApiServerConfig(watch_backlog=3))
    seen = plane.watch(ConfigMap)
    seen.room = 0
    for name in "abcde":
        plane.create(config_map(name))
    plane.sim.run(1.0)
    seen.room = 10
    plane.sim.run(1.0)
    assert seen.closed == WatchClosed(7)


class Begin(Message, frozen=True):
    """Start watching."""


class Watcher(Actor[Begin | WatchEvents | WatchClosed], deterministic=True):
    """An actor that watches, and records what it receives."""

    def __init__(self, plane: Plane, heard: list[WatchEvents | WatchClosed]) -> None:
        self._plane = plane
        self._heard = heard

    async def started(self) -> None:
        subscriber: Recipient[WatchEvents | WatchClosed] = self.ctx.self
        await self._plane.server.ask(Watch(resource=gvr_of(ConfigMap), subscriber=subscriber, watch=1, user=ADMIN))

    @handle
    def begin(self, message: Begin) -> None:
        """Nothing to do: `started` has begun the watch."""

    @handle
    def heard(self, message: WatchEvents | WatchClosed) -> None:
        self._heard.append(message)


def test_a_watch_ends_with_its_subscriber(plane: Plane) -> None:
    heard: list[WatchEvents | WatchClosed] = []
    watcher = plane.sim.spawn(partial(Watcher, plane, heard), name="watcher")
    plane.sim.settle()
    plane.create(config_map("a"))
    plane.sim.settle()
    _ = plane.sim.stop(watcher)
    plane.create(config_map("b"))
    plane.sim.settle()
    names = [event.object.metadata.name for one in heard if isinstance(one, WatchEvents) for event in one.events]
    assert names == ["a"]


def test_watchers_are_closed_when_the_store_restarts(plane: Plane) -> None:
    plane.create(config_map("a"))
    seen = plane.watch(ConfigMap)
    plane.sim.settle()
    plane.sim.crash(plane.store, RuntimeError("disk"))
    plane.sim.run(5.0)
    assert seen.closed == WatchClosed(7)
    assert plane.names(ConfigMap) == ["a"]
    again = plane.watch(ConfigMap)
    plane.create(config_map("b"))
    plane.sim.settle()
    assert again.events == [("ADDED", "a"), ("ADDED", "b")]


def test_a_restarted_server_serves_what_is_stored(plane: Plane) -> None:
    made = plane.create(config_map("a"))
    seen = plane.watch(ConfigMap)
    plane.sim.crash(plane.server, RuntimeError("bug"))
    plane.sim.run(5.0)
    assert seen.closed == WatchClosed(7)
    assert plane.get(ConfigMap, "a") == made
    resumed = plane.watch(ConfigMap, ListOptions(resource_version=made.metadata.resource_version))
    plane.create(config_map("b"))
    plane.sim.settle()
    assert resumed.events == [("ADDED", "b")]


def test_compaction_does_not_disturb_watches(plane: Plane) -> None:
    start = changes(plane)
    plane.sim.ask(plane.store, Compact(revision=int(start) + 4))
    seen = plane.watch(ConfigMap, ListOptions(resource_version=start))
    plane.sim.settle()
    assert [type_ for type_, _ in seen.events] == EVERYTHING

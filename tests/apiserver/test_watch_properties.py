"""Whatever happens, a watcher that began with a list converges to what a list returns."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery.meta import HasMeta
from kubeactors.apimachinery.requests import ADDED, DELETED, MODIFIED, ListOptions
from kubeactors.apiserver import ApiServerConfig
from tests.apiserver.plane import Plane, Seen, config_map

NAMES = st.sampled_from("abc")
LABELS = st.sampled_from(["", "x", "y"])
SELECTORS = st.sampled_from(
    [
        ListOptions(),
        ListOptions(label_selector="k=x"),
        ListOptions(label_selector="k!=x"),
        ListOptions(label_selector="k in (x,y)"),
        ListOptions(field_selector="metadata.name=a"),
        ListOptions(field_selector="metadata.name!=a", label_selector="k"),
    ]
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), NAMES, LABELS),
        st.tuples(st.just("delete"), NAMES, LABELS),
        st.tuples(st.just("watch"), SELECTORS, st.booleans()),
        st.tuples(st.just("stall"), st.integers(0, 3), st.just("")),
    ),
    max_size=30,
)


class Follower:
    """Lists, watches from there, and applies the events."""

    def __init__(self, plane: Plane, options: ListOptions, *, listed: bool) -> None:
        self.options = options
        self.known: dict[str, HasMeta] = {}
        if listed:
            found = plane.listed(ConfigMap, options=options)
            self.known = {one.metadata.name: one for one in found.items}
            options = replace(options, resource_version=found.metadata.resource_version)
        self.seen: Seen = plane.watch(ConfigMap, options)

    def follow(self) -> None:
        for event in (event for message in self.seen.messages for event in message.events):
            name, version = event.object.metadata.name, int(event.object.metadata.resource_version)
            if event.type == ADDED:
                assert name not in self.known
            else:
                assert name in self.known
                assert version > int(self.known[name].metadata.resource_version)
            if event.type == DELETED:
                del self.known[name]
            else:
                assert event.type in (ADDED, MODIFIED)
                self.known[name] = event.object
        assert [one.sequence for one in self.seen.messages] == list(range(1, len(self.seen.messages) + 1))


def put(plane: Plane, name: str, label: str) -> None:
    labels = {"k": label} if label else {}
    if name in plane.names(ConfigMap):
        made = plane.get(ConfigMap, name)
        plane.update(replace(made, metadata=replace(made.metadata, labels=labels), data={"v": label}))
    else:
        plane.create(config_map(name, labels))


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_watcher_knows_what_a_list_would_show(steps: list[tuple[str, object, object]]) -> None:
    plane = Plane(ApiServerConfig(watch_history=64))
    followers: list[Follower] = []
    for what, first, second in steps:
        if what == "put":
            put(plane, str(first), str(second))
        elif what == "delete":
            plane.delete(ConfigMap, str(first))
        elif what == "watch" and isinstance(first, ListOptions):
            followers.append(Follower(plane, first, listed=bool(second)))
        elif followers and isinstance(first, int):
            followers[0].seen.room = len(followers[0].seen.messages) + first
    for follower in followers:
        follower.seen.room = 1_000_000
    plane.sim.run(1.0)
    for follower in followers:
        follower.follow()
        wanted = {one.metadata.name: one for one in plane.listed(ConfigMap, options=follower.options).items}
        assert follower.known == wanted

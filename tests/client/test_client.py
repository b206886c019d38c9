"""The client raises errors of the server, and reports a server that does not answer."""

import pytest
from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, Container, Event, Namespace, Node, Pod, PodSpec, ServiceAccount
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, Preconditions
from kubeactors.apimachinery.requests import MERGE_PATCH
from kubeactors.apimachinery.status import AlreadyExists, Conflict, Forbidden, NotFound, ServiceUnavailable
from kubeactors.client import EventRecorder, EventSink
from kubeactors.client.objects import is_namespace_terminating
from tests.client.door import Door

A = ConfigMap(metadata=ObjectMeta(name="a", namespace="default"), data={"x": "1"})


@pytest.fixture
def door() -> Door:
    return Door()


def test_an_object_is_created_read_listed_changed_and_deleted(door: Door) -> None:
    made = door.create(A)
    assert door.get(ConfigMap, "a").data == {"x": "1"}
    changed = door.do(lambda: door.client.update(replace(made, data={"x": "2"})))
    patched = door.do(
        lambda: door.client.patch(ConfigMap, "a", {"data": {"y": "3"}}, "default", patch_type=MERGE_PATCH)
    )
    assert patched.data == {"x": "2", "y": "3"}
    assert door.list(ConfigMap) == (patched,)
    assert changed.metadata.uid == made.metadata.uid
    door.delete(made)
    assert door.find(ConfigMap, "a") is None


def test_errors_are_raised_by_their_reason(door: Door) -> None:
    made = door.create(A)
    with pytest.raises(AlreadyExists):
        door.create(A)
    door.change(made, lambda one: replace(one, data={}))
    with pytest.raises(Conflict):
        door.do(lambda: door.client.update(made))
    with pytest.raises(NotFound, match='configmaps "b" not found'):
        door.get(ConfigMap, "b")
    wrong = DeleteOptions(preconditions=Preconditions(uid="another"))
    with pytest.raises(Conflict):
        door.do(lambda: door.client.delete(ConfigMap, "a", "default", options=wrong))


def test_a_dry_run_creates_nothing(door: Door) -> None:
    door.do(lambda: door.client.create(A, dry_run=True))
    assert door.find(ConfigMap, "a") is None


def test_several_requests_can_be_in_flight_at_once(door: Door) -> None:
    async def create_three() -> list[str]:
        names = [f"n{number}" for number in range(3)]
        replies = [
            door.client.submit_create(ConfigMap(metadata=ObjectMeta(name=name, namespace="default"))) for name in names
        ]
        return [(await reply).object.metadata.name for reply in replies]

    assert door.do(create_three) == ["n0", "n1", "n2"]


def test_a_stopped_server_is_unavailable(door: Door) -> None:
    _ = door.sim.stop(door.server)
    with pytest.raises(ServiceUnavailable):
        door.get(ConfigMap, "a")


def test_a_pod_is_bound_to_a_node_once(door: Door) -> None:
    door.create(Node(metadata=ObjectMeta(name="n")))
    door.create(ServiceAccount(metadata=ObjectMeta(name="default", namespace="default")))
    spec = PodSpec(containers=(Container(name="c", image="example/web:1"),))
    pod = door.create(Pod(metadata=ObjectMeta(name="p", namespace="default"), spec=spec))
    door.do(lambda: door.client.bind(pod, "n"))
    assert door.get(Pod, "p").spec.node_name == "n"
    with pytest.raises(Conflict):
        door.do(lambda: door.client.bind(pod, "n"))


def test_a_creation_in_a_terminating_namespace_is_told_from_other_errors(door: Door) -> None:
    going = door.create(Namespace(metadata=ObjectMeta(name="going")))
    door.delete(going)
    with pytest.raises(Forbidden, match="being terminated") as raised:
        door.create(ConfigMap(metadata=ObjectMeta(name="late", namespace="going")))
    assert is_namespace_terminating(raised.value)


class Clock:
    """Never replies."""

    wall = 1_767_225_600_000_000_000


def test_an_event_that_repeats_is_counted_in_the_object(door: Door) -> None:
    made = door.create(A)
    sink = door.sim.spawn(lambda: EventSink(door.client), name="events")
    recorder = EventRecorder(sink, Clock(), "tester", "host")
    for _ in range(3):
        recorder.normal(made, "Happened", "it happened")
    recorder.warning(made, "Broke", "it broke")
    door.sim.run(1.0)
    events = {one.reason: one for one in door.list(Event)}
    assert (events["Happened"].count, events["Broke"].count) == (3, 1)
    broke = events["Broke"]
    assert broke.involved_object.uid == made.metadata.uid
    assert (broke.type, broke.message, broke.source.component, broke.reporting_component) == (
        "Warning", "it broke", "tester", "tester",
    )  # fmt: skip


def test_a_sink_writes_a_burst_at_once_and_then_at_a_limited_rate(door: Door) -> None:
    made = door.create(A)
    sink = door.sim.spawn(lambda: EventSink(door.client, per_second=2.0, burst=3), name="events")
    recorder = EventRecorder(sink, Clock(), "tester")
    for number in range(6):
        recorder.normal(made, f"Reason{number}", "it happened")
    door.sim.run(0.1)
    assert len(door.list(Event)) == 3
    door.sim.run(1.0)
    assert len(door.list(Event)) == 5
    door.sim.run(1.0)
    assert len(door.list(Event)) == 6

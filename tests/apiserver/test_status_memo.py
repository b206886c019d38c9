"""The memo of managed fields after pod status updates: its results are those of a computation."""

import re
from functools import partial
from typing import cast

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeactors.api.core.v1 import (
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStatus,
    Pod,
    PodCondition,
    PodIP,
    PodStatus,
)
from kubeactors.apimachinery import managedfields, serializer
from kubeactors.apimachinery.managedfields import UPDATE, Owner, schema_of
from kubeactors.apimachinery.managedfields.updater import Write
from kubeactors.apimachinery.meta import ManagedFieldsEntry, ObjectMeta
from kubeactors.apiserver.status_memo import Change, Entries, StatusMemo, change_of

TIME = "2026-02-01T00:00:00Z"
PLACES = schema_of(Pod)
KUBELET = Owner("kubelet", UPDATE, "v1", "status")
CLIENT = ManagedFieldsEntry(
    manager="client",
    operation=UPDATE,
    api_version="v1",
    time="2026-01-01T00:00:09Z",
    fields_type="FieldsV1",
    fields_v1={"f:status": {"f:podIPs": {'k:{"ip":"10.0.0.1"}': {".": {}, "f:ip": {}}}, "f:reason": {}}},
)


def worked_out(new: PodStatus, old: Pod, time: str | None) -> Entries:
    write = Write(node=PLACES, owner=KUBELET, api_version="v1", time=time)
    managed = managedfields.decode(old.metadata.managed_fields)
    before, after = (serializer.to_builtins(Pod(status=one)) for one in (old.status, new))
    return managedfields.encode(managedfields.update(before, after, managed, write))


def change(new: PodStatus, old: Pod) -> Change:
    found = change_of(Pod(metadata=old.metadata, spec=old.spec, status=new), old, KUBELET)
    assert found is not None
    return found


def running(address: str, time: str, container: str) -> PodStatus:
    return PodStatus(
        phase="Running",
        pod_ip=address,
        pod_ips=(PodIP(ip=address),),
        start_time=time,
        conditions=(PodCondition(type="Ready", status="True", last_transition_time=time),),
        container_statuses=(
            ContainerStatus(
                name="c",
                container_id=container,
                state=ContainerState(running=ContainerStateRunning(started_at=time)),
            ),
        ),
    )


ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.10", "fd00::1")
TIMES = tuple(f"2026-01-01T00:00:0{second}Z" for second in range(3))
IDS = ("containerd://1", "containerd://11")
TEXTS = ("", "Running", "10.0.0.1", 'a "quoted" one', "\x000\x0010.0.0.1")

states = st.builds(
    ContainerState, running=st.none() | st.builds(ContainerStateRunning, started_at=st.sampled_from(TIMES))
) | st.builds(
    ContainerState,
    terminated=st.builds(
        ContainerStateTerminated, finished_at=st.sampled_from(TIMES), container_id=st.sampled_from(IDS)
    ),
)
containers = st.builds(ContainerStatus, name=st.just("c"), container_id=st.sampled_from((*IDS, *TEXTS)), state=states)
conditions = st.builds(
    PodCondition, type=st.sampled_from(["Ready", "10.0.0.10"]), last_transition_time=st.sampled_from(TIMES)
)
statuses = st.builds(
    PodStatus,
    phase=st.sampled_from(TEXTS),
    pod_ip=st.sampled_from(ADDRESSES),
    pod_ips=st.lists(st.builds(PodIP, ip=st.sampled_from(ADDRESSES)), max_size=2, unique=True).map(tuple),
    start_time=st.sampled_from(TIMES) | st.none(),
    conditions=st.lists(conditions, max_size=2, unique_by=lambda one: one.type).map(tuple),
    container_statuses=st.lists(containers, max_size=1).map(tuple),
    allocated_resources=st.dictionaries(st.sampled_from(TEXTS), st.just("1"), max_size=2),
)


@st.composite
def other_words(draw: st.DrawFn) -> dict[str, str]:
    """The words that another pod has in place of the first one's."""
    groups = (ADDRESSES, TIMES, IDS)
    return {one: other for group in groups for one, other in zip(group, draw(st.permutations(group)), strict=True)}


def said_otherwise(status: PodStatus, words: dict[str, str]) -> PodStatus:
    text = re.sub(
        r'"([^"]*)"', lambda found: f'"{words.get(found[1], found[1])}"', msgspec.json.encode(status).decode()
    )
    return msgspec.json.decode(text, type=PodStatus)


@settings(deadline=None)
@given(st.lists(statuses, min_size=2, max_size=3), other_words())
def test_what_is_remembered_is_what_would_be_worked_out(history: list[PodStatus], words: dict[str, str]) -> None:
    remembered = StatusMemo()
    for states in (history, [said_otherwise(one, words) for one in history]):
        pod = Pod(metadata=ObjectMeta(managed_fields=(CLIENT,)), status=states[0])
        for status in states[1:]:
            found = remembered.entries(change(status, pod), TIME, partial(worked_out, status, pod))
            assert found == worked_out(status, pod, TIME)
            for one, other in zip(found, worked_out(status, pod, TIME), strict=True):
                assert msgspec.json.encode(one) == msgspec.json.encode(other)  # the order is equal as well
            pod = Pod(metadata=ObjectMeta(managed_fields=found or (CLIENT,)), status=status)


def test_pods_that_differ_only_in_their_own_words_are_computed_once() -> None:
    remembered, asked = StatusMemo(), list[str | None]()
    for number in range(1, 4):
        status = running(f"10.0.0.{number}", f"2026-01-01T00:00:0{number}Z", f"containerd://{number}{number}")
        old = Pod(metadata=ObjectMeta(managed_fields=(CLIENT,)), status=PodStatus(phase="Pending"))

        def work(time: str | None) -> Entries:
            asked.append(time)
            return worked_out(status, old, time)  # noqa: B023 -- called at once

        assert remembered.entries(change(status, old), TIME, work) == worked_out(status, old, TIME)
    assert len(asked) == 2  # the client owned the address in the first


def test_shared_parts_are_the_same_object() -> None:
    remembered = StatusMemo()
    found: list[dict[str, object]] = []
    for number in (2, 3):
        status = running(f"10.0.0.{number}", "2026-01-01T00:00:00Z", "containerd://1")
        old = Pod(metadata=ObjectMeta(managed_fields=(CLIENT,)), status=PodStatus(phase="Pending"))
        entries = remembered.entries(change(status, old), TIME, partial(worked_out, status, old))
        found.append(cast("dict[str, dict[str, object]]", entries[-1].fields_v1)["f:status"])
    assert found[0]["f:conditions"] is found[1]["f:conditions"]
    assert found[0]["f:podIPs"] != found[1]["f:podIPs"]

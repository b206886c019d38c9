"""Extenders filter, score, preempt and bind; here they are functions."""

from collections.abc import Awaitable, Callable
from typing import cast

import msgspec
import pytest

from kubeactors.api.core.v1 import Container, ResourceRequirements
from kubeactors.api.scheduling.v1 import PriorityClass
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.scheduler import SchedulerConfig
from kubeactors.scheduler.config import read
from kubeactors.scheduler.extender import CallExtender, ExtenderReply
from tests.kubelet.plane import Plane, a_pod, condition
from tests.scheduler.test_preemption import of_class
from tests.scheduler.test_scheduler import is_placed, is_refused

Body = dict[str, object]
Answer = Callable[[str, Body], object]


def config(**extender: object) -> SchedulerConfig:
    head = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}
    return read({**head, "extenders": [{"urlPrefix": "http://extender", "nodeCacheCapable": True, **extender}]})


class Played:
    """Responds by a function, and records the requests."""

    def __init__(self, answer: Answer) -> None:
        self.asked: list[tuple[str, Body]] = []
        self._answer = answer

    async def __call__(self, call: CallExtender) -> ExtenderReply:
        body = cast("Body", msgspec.json.decode(call.body))
        self.asked.append((call.verb, body))
        return ExtenderReply(body=msgspec.json.encode(self._answer(call.verb, body)))


def plane(found: SchedulerConfig, call: Callable[[CallExtender], Awaitable[ExtenderReply]], nodes: int = 3) -> Plane:
    there = Plane(nodes=nodes)
    there.start_scheduler(found, call)
    return there


def only(name: str) -> Answer:
    def answer(_: str, body: Body) -> object:
        names = cast("list[str]", body["NodeNames"])
        failed = {one: "not mine" for one in names if one != name}
        return {"NodeNames": [one for one in names if one == name], "FailedNodes": failed}

    return answer


def test_an_extender_filters_nodes() -> None:
    there = plane(config(filterVerb="filter"), Played(only("node-1")))
    there.create(a_pod("p"))
    assert there.run_until_pod("p", is_placed).spec.node_name == "node-1"


def test_a_pod_rejected_by_an_extender_is_reported_and_retried_after_any_event() -> None:
    there = plane(config(filterVerb="filter"), Played(only("node-3")))
    there.create(a_pod("p"))
    pod = there.run_until_pod("p", is_refused)
    found = condition(pod, "PodScheduled")
    assert found is not None
    assert found[2].startswith("0/3 nodes are available: 3 not mine. no new claims to deallocate, preemption:")
    there.boot("node-3")
    assert there.run_until_pod("p", is_placed, seconds=15).spec.node_name == "node-3"


def test_an_extender_scores_nodes() -> None:
    def answer(_: str, body: Body) -> object:
        names = cast("list[str]", body["NodeNames"])
        return [{"Host": one, "Score": 10 if one == "node-2" else 0} for one in names]

    there = plane(config(prioritizeVerb="prioritize", weight=5), Played(answer))
    for name in ("p", "q"):
        there.create(a_pod(name, requests={"cpu": "1"}))
        assert there.run_until_pod(name, is_placed).spec.node_name == "node-2"


def test_an_extender_is_called_only_for_pods_that_request_its_resources() -> None:
    played = Played(only("node-1"))
    managed = [{"name": "example.com/gpu", "ignoredByScheduler": True}]
    there = plane(config(filterVerb="filter", managedResources=managed), played)
    there.create(a_pod("plain"))
    there.run_until_pod("plain", is_placed)
    assert played.asked == []
    gpu = {"example.com/gpu": "1"}
    there.create(a_pod("p", Container(name="c", image="x:1", resources=ResourceRequirements(requests=gpu, limits=gpu))))
    assert there.run_until_pod("p", is_placed).spec.node_name == "node-1"


def test_an_extender_without_a_node_cache_is_sent_whole_nodes() -> None:
    def answer(_: str, body: Body) -> object:
        nodes = cast("dict[str, list[Body]]", body["Nodes"])["items"]
        return {"Nodes": {"items": nodes[:1]}}

    played = Played(answer)
    there = plane(config(filterVerb="filter", nodeCacheCapable=False), played)
    there.create(a_pod("p"))
    assert there.run_until_pod("p", is_placed).spec.node_name == "node-0"
    assert cast("Body", played.asked[0][1]["Pod"])["metadata"]


async def unreachable(_: CallExtender) -> ExtenderReply:
    return ExtenderReply(error="connection refused")


def test_a_failing_extender_blocks_pods_unless_it_is_ignorable() -> None:
    there = plane(config(filterVerb="filter"), unreachable)
    there.create(a_pod("p"))
    there.sim.run(1.5)
    assert condition(there.pod("p"), "PodScheduled") == ("False", "SchedulerError", "connection refused")

    there = plane(config(filterVerb="filter", ignorable=True), unreachable)
    there.create(a_pod("p"))
    there.run_until_pod("p", is_placed)


def test_an_extender_binds() -> None:
    bound: list[Body] = []

    def answer(_: str, body: Body) -> object:
        bound.append(body)
        return {"Error": "" if len(bound) > 1 else "not today"}

    there = plane(config(bindVerb="bind"), Played(answer), nodes=1)
    created = there.create(a_pod("p"))
    there.sim.run(0.5)
    assert condition(there.pod("p"), "PodScheduled") == ("False", "SchedulerError", "not today")
    there.sim.run(2.0)
    one = {"PodName": "p", "PodNamespace": "default", "PodUID": created.metadata.uid, "Node": "node-0"}
    assert bound == [one, one]


def test_an_extender_takes_part_in_preemption() -> None:
    def answer(_: str, body: Body) -> object:
        victims = cast("dict[str, Body]", body["NodeNameToMetaVictims"])
        return {"NodeNameToMetaVictims": {"node-2": victims["node-2"]}}

    there = plane(config(preemptVerb="preempt"), Played(answer))
    there.create(PriorityClass(metadata=ObjectMeta(name="gold"), value=1000))
    for name in ("a", "b", "c"):
        there.create(a_pod(name, requests={"cpu": "3"}, grace_seconds=0))
        there.run_until_pod(name, is_placed)
    there.create(of_class(a_pod("high", requests={"cpu": "3"}), "gold"))
    assert there.run_until_pod("high", is_placed).spec.node_name == "node-2"


@pytest.mark.parametrize(
    "answer",
    [
        {"NodeNames": ["node-9"]},
        {"NodeNames": 3},
        {"Error": "I am not well"},
    ],
)
def test_an_invalid_response_affects_only_its_pod(answer: object) -> None:
    there = plane(config(filterVerb="filter"), Played(lambda _, __: answer))
    there.create(a_pod("p"))
    there.sim.run(1.0)
    found = condition(there.pod("p"), "PodScheduled")
    assert found is not None
    assert found[1] == "SchedulerError"

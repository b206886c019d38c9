"""The pods of a gang are bound together or not at all."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod
from kubeactors.scheduler import SchedulerConfig
from kubeactors.scheduler.config import read
from kubeactors.scheduler.plugins.coscheduling import GROUP_LABEL, MINIMUM_LABEL
from tests.kubelet.plane import Plane, a_pod, condition
from tests.scheduler.test_scheduler import is_placed, is_refused


def gangs(seconds: int = 10) -> SchedulerConfig:
    profile = {
        "plugins": {"multiPoint": {"enabled": [{"name": "Coscheduling"}]}},
        "pluginConfig": [{"name": "Coscheduling", "args": {"permitWaitingTimeSeconds": seconds}}],
    }
    head = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}
    return read({**head, "profiles": [profile]})


def plane(nodes: int) -> Plane:
    found = Plane(nodes=nodes)
    found.start_scheduler(gangs())
    return found


def member(name: str, minimum: int, gang: str = "train", cpu: str = "3") -> Pod:
    one = a_pod(name, requests={"cpu": cpu})
    labels = {GROUP_LABEL: gang, MINIMUM_LABEL: str(minimum)}
    return replace(one, metadata=replace(one.metadata, labels=labels))


def placed(plane: Plane, *names: str) -> list[str]:
    return [one for one in names if is_placed(plane.pod(one))]


def test_a_gang_is_bound_when_its_last_member_is_assumed() -> None:
    there = plane(nodes=3)
    for name in ("a", "b"):
        there.create(member(name, 3))
    there.sim.run(2.0)
    assert placed(there, "a", "b") == []
    too_few = "pre-filter pod a cannot find enough sibling pods, current pods number: 2, minMember of group: 3"
    assert condition(there.pod("a"), "PodScheduled") == (
        "False",
        "Unschedulable",
        f"0/3 nodes are available: {too_few}. not found",
    )
    there.create(member("c", 3))
    there.sim.run(0.5)
    assert placed(there, "a", "b", "c") == ["a", "b", "c"]


def test_a_gang_that_does_not_fit_holds_no_resources() -> None:
    there = plane(nodes=2)
    for name in ("a", "b", "c"):
        there.create(member(name, 3))
    there.sim.run(30.0)
    assert placed(there, "a", "b", "c") == []
    there.create(a_pod("alone", requests={"cpu": "3"}))
    there.run_until_pod("alone", is_placed, seconds=30)


def test_a_gang_that_did_not_fit_is_bound_as_soon_as_it_does() -> None:
    there = plane(nodes=2)
    for name in ("a", "b", "c"):
        there.create(member(name, 3))
    there.sim.run(5.0)
    there.boot("node-2")
    there.sim.run(30.0)
    assert placed(there, "a", "b", "c") == ["a", "b", "c"]


def test_two_gangs_do_not_deadlock_over_the_same_resources() -> None:
    there = plane(nodes=3)
    for name in ("a", "b", "c"):
        there.create(member(name, 3, "one"))
        there.create(member(f"{name}-2", 3, "other"))
    there.sim.run(60.0)
    gangs = [placed(there, "a", "b", "c"), placed(there, "a-2", "b-2", "c-2")]
    assert sorted(map(len, gangs)) == [0, 3]


def test_members_beyond_the_minimum_are_bound_one_by_one() -> None:
    there = plane(nodes=3)
    for name in ("a", "b", "c"):
        there.create(member(name, 2))
    there.sim.run(1.0)
    assert placed(there, "a", "b", "c") == ["a", "b", "c"]
    there.create(member("d", 2))
    there.run_until_pod("d", is_refused)

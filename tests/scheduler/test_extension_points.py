"""Plugins of a user's own, at every extension point, in a scheduler that runs."""

from collections.abc import Sequence
from typing import ClassVar

import pytest

from kubeactors.api.core.v1 import Pod
from kubeactors.scheduler import SchedulerConfig
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.config import read
from kubeactors.scheduler.framework import Code, Plugin, Scores, Status, Wait
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.plugins import default_plugins
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.queue import SECOND, Backoff
from tests.kubelet.plane import Plane, a_pod, condition
from tests.scheduler.test_scheduler import is_placed, is_refused


class Named:
    """Looks at what no built-in plugin looks at: pods want a node whose name ends as theirs does."""

    name = "Named"
    weight = 10

    def __init__(self, _: Handle) -> None:
        self.told: Sequence[NodeInfo] = ()

    def filter(self, pod: PodInfo, node: NodeInfo) -> Status | None:
        if pod.pod.metadata.labels.get("app", "").startswith("odd") and node.name == "node-0":
            return Status(Code.UNSCHEDULABLE, ("is even",))
        return None

    def pre_score(self, _: PodInfo, nodes: Sequence[NodeInfo]) -> Status | None:
        self.told = nodes
        return None

    def score(self, pod: PodInfo, node: NodeInfo) -> int:
        return 7 if node.name[-1] == pod.pod.metadata.name[-1] else 0

    def normalize(self, scores: Scores) -> Scores:
        assert len(scores) == len(self.told)
        most: Scores = scores * 100 // max(int(scores.max()), 1)
        return most


def config(*plugins: str, **more: object) -> SchedulerConfig:
    """The default profile, and plugins of this module."""
    enabled = [{"name": f"{__name__}:{one}"} for one in plugins]
    profile = {"plugins": {"multiPoint": {"enabled": enabled}}}
    head = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}
    return read({**head, "profiles": [profile], **more})


def scheduling(config: SchedulerConfig, nodes: int = 2) -> Plane:
    plane = Plane(nodes=nodes)
    plane.start_scheduler(config)
    return plane


def test_a_plugin_may_look_at_anything_and_is_asked_about_every_pod() -> None:
    plane = scheduling(config("Named"), nodes=3)
    for name in ("p-0", "q-1", "r-2", "s-2", "odd-0"):
        plane.create(a_pod(name))
    places = {name: plane.run_until_pod(name, is_placed).spec.node_name for name in ("p-0", "q-1", "r-2", "s-2")}
    assert places == {"p-0": "node-0", "q-1": "node-1", "r-2": "node-2", "s-2": "node-2"}
    assert plane.run_until_pod("odd-0", is_placed).spec.node_name != "node-0"


def test_the_refusal_of_a_users_plugin_is_told_and_any_event_tries_again() -> None:
    plane = scheduling(config("Named"), nodes=1)
    plane.create(a_pod("odd"))
    plane.run_until_pod("odd", is_refused)
    no_victims = (
        "no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming"
        " pod."
    )
    assert condition(plane.pod("odd"), "PodScheduled") == (
        "False",
        "Unschedulable",
        f"0/1 nodes are available: 1 is even. {no_victims}",
    )
    plane.boot("node-1")
    plane.run_until_pod("odd", is_placed, seconds=15)


class Patient:
    """Holds pods up for two seconds; a pod with the label `free` lets all go."""

    name = "Patient"

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def permit(self, pod: PodInfo, node_name: str) -> Status | Wait | None:
        if pod.pod.metadata.name == "never":
            return Status(Code.UNSCHEDULABLE, (f"not on {node_name}",))
        if pod.pod.metadata.name != "key":
            return Wait(seconds=2.0)
        for one in self._handle.waiting:
            self._handle.waiting.allow(one.info.uid, self.name)
        return None

    def hints(self) -> tuple[Hint, ...]:
        return ()


def test_a_pod_that_is_held_up_keeps_its_place_until_it_is_allowed() -> None:
    plane = scheduling(config("Patient"), nodes=1)
    plane.create(a_pod("first", requests={"cpu": "3"}))
    plane.sim.run(1.0)
    plane.create(a_pod("key", requests={"cpu": "2"}))
    plane.sim.run(0.5)
    assert (is_placed(plane.pod("first")), is_refused(plane.pod("key"))) == (False, True)

    plane.boot("node-1")
    plane.run_until_pod("key", is_placed, seconds=5)


def test_a_pod_that_is_let_go_is_bound_at_once() -> None:
    plane = scheduling(config("Patient"))
    plane.create(a_pod("first"))
    plane.sim.run(0.5)
    assert not is_placed(plane.pod("first"))
    plane.create(a_pod("key"))
    plane.run_until_pod("first", is_placed, seconds=0.5)


def test_patience_that_ends_is_a_refusal_with_its_reason_and_frees_the_place() -> None:
    plane = scheduling(config("Patient"), nodes=1)
    plane.create(a_pod("first", requests={"cpu": "3"}))
    plane.run_until_pod("first", is_refused, seconds=3)
    assert condition(plane.pod("first"), "PodScheduled") == (
        "False",
        "Unschedulable",
        "0/1 nodes are available: 1 rejected due to timeout after waiting 2s at plugin Patient.",
    )
    plane.create(a_pod("key", requests={"cpu": "3"}))
    plane.run_until_pod("key", is_placed, seconds=1)


def test_a_permit_plugin_can_refuse() -> None:
    plane = scheduling(config("Patient"), nodes=1)
    plane.create(a_pod("never"))
    pod = plane.run_until_pod("never", is_refused)
    message = "0/1 nodes are available: 1 not on node-0."
    assert condition(pod, "PodScheduled") == ("False", "Unschedulable", message)


def test_a_pod_that_is_deleted_while_it_is_held_up_gives_its_place_back() -> None:
    plane = scheduling(config("Patient"), nodes=1)
    plane.create(a_pod("first", requests={"cpu": "3"}))
    plane.sim.run(0.5)
    plane.delete_pod("first", grace_seconds=0)
    plane.create(a_pod("key", requests={"cpu": "3"}))
    plane.run_until_pod("key", is_placed, seconds=1)
    plane.sim.run(5.0)
    assert plane.find_pod("first") is None


class Books:
    """Says what happened to pods, and fails at times."""

    name = "Books"
    said: ClassVar[list[str]] = []

    def __init__(self, _: Handle) -> None:
        self.said.clear()
        self._failures = 1

    def reserve(self, pod: PodInfo, node_name: str) -> Status | None:
        self.said.append(f"reserve {pod.pod.metadata.name} {node_name}")
        return Status(Code.UNSCHEDULABLE, ("no book",)) if pod.pod.metadata.name == "unread" else None

    def unreserve(self, pod: PodInfo, node_name: str) -> None:
        self.said.append(f"unreserve {pod.pod.metadata.name} {node_name}")

    async def pre_bind(self, pod: PodInfo, node_name: str) -> Status | None:
        self.said.append(f"pre-bind {pod.pod.metadata.name} {node_name}")
        if not self._failures:
            return None
        self._failures -= 1
        return Status(Code.ERROR, ("no ink",))

    async def bind(self, pod: PodInfo, node_name: str) -> Status | None:
        self.said.append(f"bind {pod.pod.metadata.name} {node_name}")
        return Status(Code.SKIP, ())

    def post_bind(self, pod: PodInfo, node_name: str) -> None:
        self.said.append(f"post-bind {pod.pod.metadata.name} {node_name}")


def test_a_failure_before_binding_undoes_the_reservation_and_is_tried_again() -> None:
    books = {"enabled": [{"name": f"{__name__}:Books"}]}
    # Named for the point itself, it goes before DefaultBinder.
    first = {"plugins": {"multiPoint": books, "bind": books}}
    head = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}
    plane = scheduling(read({**head, "profiles": [first]}), nodes=1)
    plane.create(a_pod("p"))
    plane.sim.run(0.5)
    assert condition(plane.pod("p"), "PodScheduled") == (
        "False",
        "SchedulerError",
        'running PreBind plugin "Books": no ink',
    )
    plane.run_until_pod("p", is_placed, seconds=3)
    told = ["reserve", "pre-bind", "unreserve", "reserve", "pre-bind", "bind", "post-bind"]
    assert Books.said == [f"{one} p node-0" for one in told]


def test_a_refusal_at_reserve_is_told_and_undone() -> None:
    plane = scheduling(config("Books"), nodes=1)
    plane.create(a_pod("unread"))
    pod = plane.run_until_pod("unread", is_refused)
    message = "0/1 nodes are available: 1 no book."
    assert condition(pod, "PodScheduled") == ("False", "Unschedulable", message)
    assert Books.said[:2] == ["reserve unread node-0", "unreserve unread node-0"]


class Last:
    """The youngest first."""

    name = "Last"

    def __init__(self, _: Handle) -> None:
        pass

    def sort_key(self, _: PodInfo, timestamp: int) -> tuple[int, ...]:
        return (-timestamp,)


def test_the_order_of_the_queue_is_a_plugins() -> None:
    sort = {"enabled": [{"name": f"{__name__}:Last"}], "disabled": [{"name": "PrioritySort"}]}
    head = {"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration"}
    plane = scheduling(read({**head, "profiles": [{"plugins": {"queueSort": sort}}]}), nodes=0)
    for number in range(3):
        plane.create(a_pod(f"p{number}", requests={"cpu": "3"}))
        plane.sim.run(0.1)
    plane.boot("node-0")
    plane.run_until_pod("p2", is_placed, seconds=3)


class Chaperoned:
    """Keeps pods out of the queue while there is no pod named `chaperon`."""

    name = "Chaperoned"

    def __init__(self, handle: Handle) -> None:
        self._pods = handle.pods

    def pre_enqueue(self, pod: PodInfo) -> Status | None:
        assert self._pods is not None
        if pod.pod.metadata.name == "chaperon" or self._pods.lister.get("chaperon", "default") is not None:
            return None
        return Status(Code.PENDING, ("alone",))

    def hints(self) -> tuple[Hint, ...]:
        return (Hint(Resource.UNSCHEDULED_POD, Action.ADD, self._is_the_one),)

    @staticmethod
    def _is_the_one(_: PodInfo, __: Subject, new: Subject) -> bool:
        return isinstance(new, Pod) and new.metadata.name == "chaperon"


def test_a_gate_opens_with_the_event_that_its_plugin_waits_for() -> None:
    plane = scheduling(config("Chaperoned"))
    plane.create(a_pod("p"))
    plane.create(a_pod("somebody"))
    plane.sim.run(5.0)
    assert not is_placed(plane.pod("p"))
    plane.create(a_pod("chaperon"))
    plane.run_until_pod("p", is_placed, seconds=1)


@pytest.mark.parametrize(("initial", "longest"), [(1, 10), (4, 6)])
def test_back_off_is_as_configured(initial: int, longest: int) -> None:
    found = config(podInitialBackoffSeconds=initial, podMaxBackoffSeconds=longest)
    assert found.backoff == Backoff(initial=initial * SECOND, maximum=longest * SECOND)


def test_a_profile_that_is_made_in_python_needs_no_file() -> None:
    def plugins(handle: Handle) -> tuple[Plugin, ...]:
        return (*default_plugins(handle), Named(handle))

    plane = scheduling(SchedulerConfig(profiles={"default-scheduler": plugins}))
    plane.create(a_pod("p-1"))
    assert plane.run_until_pod("p-1", is_placed).spec.node_name == "node-1"

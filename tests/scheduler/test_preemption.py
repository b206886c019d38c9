"""Preemption selects the least disruptive victims, and keeps their room for the preemptor."""

import pytest
from msgspec.structs import replace

from kubeactors.api.admissionregistration.v1.matching import MatchResources, NamedRuleWithOperations
from kubeactors.api.admissionregistration.v1.validating import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingAdmissionPolicyBindingSpec,
    ValidatingAdmissionPolicySpec,
    Validation,
)
from kubeactors.api.core.v1 import Pod, PodSpec
from kubeactors.api.scheduling.v1 import PriorityClass
from kubeactors.apimachinery.labels import of_labels
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.kubelet.runtimes import Behaviour
from kubeactors.kubelet.static_pods import MIRROR
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.diagnosis import message
from kubeactors.scheduler.handle import Budget
from kubeactors.scheduler.plugins import default_plugins
from kubeactors.scheduler.pod_info import pod_info
from kubeactors.scheduler.profile import Profile
from kubeactors.scheduler.results import Diagnosis, PostFilterResult
from tests.kubelet.plane import Plane, a_pod, condition
from tests.scheduler.builders import handle, node, pod, profile
from tests.scheduler.test_topology import away, labelled, put, term


def full(**pods: tuple[str, int]) -> Cache:
    """Nodes a and b of 4 CPUs; each pod takes 2 on its node, with its priority. They started in this order."""
    cache = Cache()
    for name in ("a", "b"):
        cache.set_node(node(name))
    for second, (name, (where, priority)) in enumerate(pods.items()):
        one = pod(name, {"cpu": "2"}, node_name=where, priority=priority)
        cache.set_pod(pod_info(replace(one, status=replace(one.status, start_time=f"2026-01-01T00:00:{second:02}Z"))))
    return cache


def wanted(cpu: str = "2", priority: int = 100, **more: object) -> Pod:
    one = pod("wanted", {"cpu": cpu}, priority=priority)
    return replace(one, spec=replace(one.spec, **more))


def preempt(cache: Cache, one: Pod, rules: Profile | None = None) -> PostFilterResult:
    rules, info = rules or profile(cache), pod_info(one)
    found = rules.select(info, handle(cache).random)
    assert isinstance(found, Diagnosis)
    return rules.post_filter(info, found)


def names(result: PostFilterResult) -> tuple[str | None, list[str]]:
    return result.nominated_node, [one.pod.metadata.name for one in result.victims]


def test_the_least_important_victims_are_chosen() -> None:
    cache = full(p1=("a", 10), p2=("a", 20), p3=("b", 10), p4=("b", 30))
    assert names(preempt(cache, wanted())) == ("b", ["p3"])  # both nodes have one of priority 10; this started later


def test_a_node_with_victims_of_lower_priority_is_preferred() -> None:
    cache = full(p1=("a", 10), p2=("a", 20), p3=("b", 5), p4=("b", 30))
    assert names(preempt(cache, wanted())) == ("b", ["p3"])
    assert names(preempt(cache, wanted(cpu="4"))) == ("a", ["p2", "p1"])


def test_among_equals_the_most_recently_started_are_preempted() -> None:
    cache = full(p1=("a", 10), p2=("a", 10), p3=("b", 10), p4=("b", 10))
    assert names(preempt(cache, wanted())) == ("b", ["p4"])


def test_pods_of_equal_priority_are_not_preempted() -> None:
    cache = full(p1=("a", 100), p2=("a", 100), p3=("b", 100), p4=("b", 200))
    assert preempt(cache, wanted()) == PostFilterResult(
        nominated_node="",
        message="no new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found for"
        " incoming pod.",
    )


def test_mirror_pods_of_static_pods_are_not_preempted() -> None:
    cache = full(p1=("a", 10), p2=("a", 10), p3=("b", 5), p4=("b", 5))
    for name in ("p3", "p4"):
        one = pod(name, {"cpu": "2"}, node_name="b", priority=5)
        cache.set_pod(pod_info(replace(one, metadata=replace(one.metadata, annotations={MIRROR: "s"}))))
    assert names(preempt(cache, wanted())) == ("a", ["p2"])


def test_a_pod_too_large_for_any_node_preempts_none() -> None:
    cache = full(p1=("a", 10), p2=("b", 10))
    assert preempt(cache, wanted(cpu="5")).message == (
        "no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    )


def test_a_preemption_policy_of_never_is_respected() -> None:
    cache = full(p1=("a", 10), p2=("a", 10), p3=("b", 10), p4=("b", 10))
    assert preempt(cache, wanted(preemption_policy="Never")).message == (
        "no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never."
    )


def test_disruption_budgets_are_respected_if_possible() -> None:
    cache = full(p1=("a", 10), p2=("a", 20), p3=("b", 5), p4=("b", 30))
    put(cache, "p3", "b", app="web")
    one = pod("p3", {"cpu": "2"}, node_name="b", priority=5)
    cache.set_pod(pod_info(labelled(one, app="web")))
    budget = Budget(namespace="default", selector=of_labels({"app": "web"}), disruptions_allowed=0)
    rules = Profile(default_plugins(replace(handle(cache), budgets=lambda: (budget,))), cache)
    assert names(preempt(cache, wanted(), rules)) == ("a", ["p1"])


def test_room_of_a_nominated_pod_is_not_given_to_lower_priorities() -> None:
    cache = full(p1=("a", 10), p2=("a", 10), p3=("b", 10), p4=("b", 10))
    rules = profile(cache)
    first = wanted()
    assert names(preempt(cache, first, rules)) == ("b", ["p4"])
    cache.nominate(pod_info(first), "b")
    cache.remove_pod("uid-p4")

    for priority in (50, 100):
        other = pod("other", {"cpu": "2"}, priority=priority)
        assert isinstance(rules.select(pod_info(other), handle(cache).random), Diagnosis)
    more_important = rules.select(pod_info(pod("boss", {"cpu": "2"}, priority=200)), handle(cache).random)
    itself = rules.select(pod_info(first), handle(cache).random)
    assert more_important == itself == cache.get("b")


def test_a_pods_anti_affinity_applies_to_nominated_pods() -> None:
    cache = full()
    boss = labelled(pod("boss", priority=100), app="web")
    cache.nominate(pod_info(boss), "a")
    loner = pod_info(pod("loner", affinity=away(term("kubernetes.io/hostname"))))
    rules = profile(cache)
    assert rules.select(loner, handle(cache).random) == cache.get("b")
    cache.remove_node("b")
    refused = rules.select(loner, handle(cache).random)
    assert isinstance(refused, Diagnosis)
    assert message(refused) == "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules."
    cache.withdraw(boss.metadata.uid)
    assert rules.select(loner, handle(cache).random) == cache.get("a")


def test_the_anti_affinity_of_nominated_pods_applies_to_others() -> None:
    cache = full()
    loner = pod("loner", priority=100, affinity=away(term("kubernetes.io/hostname")))
    cache.nominate(pod_info(loner), "a")
    other = pod_info(labelled(pod("other"), app="web"))
    assert profile(cache).select(other, handle(cache).random) == cache.get("b")


def test_pods_that_conflict_by_anti_affinity_are_preempted() -> None:
    cache = full(p1=("a", 10))
    put(cache, "loner", "b", app="web")
    put(cache, "other", "a", app="web")
    one = replace(pod("wanted", priority=100, affinity=away(term("kubernetes.io/hostname"))))
    rules = profile(cache)
    assert names(preempt(cache, one, rules)) == ("a", ["other"])
    assert names(preempt(cache, one, rules)) == ("a", ["other"])


def test_cached_candidates_are_kept_up_to_date() -> None:
    cache = full(p1=("a", 10), p2=("a", 20), p3=("b", 5), p4=("b", 30))
    rules = profile(cache)
    assert names(preempt(cache, wanted(), rules)) == ("b", ["p3"])
    cache.remove_pod("uid-p3")
    cache.set_pod(pod_info(pod("p5", {"cpu": "2"}, node_name="b", priority=90)))
    assert names(preempt(cache, wanted(), rules)) == ("a", ["p1"])


def of_class(one: Pod, class_: str) -> Pod:
    return replace(one, spec=replace(one.spec, priority_class_name=class_))


@pytest.fixture
def plane() -> Plane:
    plane = Plane(nodes=1, behaviour=Behaviour(stop_seconds=1.0))
    plane.start_scheduler()
    plane.create(PriorityClass(metadata=ObjectMeta(name="gold"), value=1000))
    return plane


def test_a_pod_of_a_higher_priority_class_preempts(plane: Plane) -> None:
    plane.create(a_pod("low", requests={"cpu": "3"}, grace_seconds=5))
    plane.run_until_pod("low", lambda one: one.status.phase == "Running")
    high = plane.create(of_class(a_pod("high", requests={"cpu": "3"}), "gold"))
    plane.sim.run(0.2)
    victim = plane.pod("low")
    assert condition(victim, "DisruptionTarget") == (
        "True",
        "PreemptionByScheduler",
        "default-scheduler: preempting to accommodate a higher priority pod",
    )
    assert plane.pod("high").status.nominated_node_name == "node-0"

    plane.run_until_pod("high", lambda one: one.status.phase == "Running", seconds=5)
    assert plane.find_pod("low") is None
    preempted = next(one for one in plane.events("low") if one.reason == "Preempted")
    assert (preempted.message, preempted.type, preempted.action) == (
        f"Preempted by pod {high.metadata.uid} on node node-0",
        "Normal",
        "Preempting",
    )


def test_a_nomination_survives_an_unsuccessful_attempt(plane: Plane) -> None:
    plane.create(a_pod("small", requests={"cpu": "1"}))
    plane.create(a_pod("low", requests={"cpu": "3"}))
    for name in ("small", "low"):
        plane.run_until_pod(name, lambda one: one.status.phase == "Running")
    plane.create(of_class(a_pod("high", requests={"cpu": "3"}), "gold"))
    plane.sim.run(0.2)
    plane.delete_pod("small", grace_seconds=0)
    plane.sim.run(0.2)
    high = plane.pod("high")
    assert "not eligible due to a terminating pod on the nominated node" in str(high.status.conditions)
    assert high.status.nominated_node_name == "node-0"


def test_no_further_pods_are_preempted_while_victims_terminate(plane: Plane) -> None:
    plane.create(a_pod("first", requests={"cpu": "2"}, grace_seconds=20, spec=PodSpec()))
    plane.create(a_pod("second", requests={"cpu": "2"}, grace_seconds=20))
    for name in ("first", "second"):
        plane.run_until_pod(name, lambda one: one.status.phase == "Running")
    plane.create(of_class(a_pod("high", requests={"cpu": "2"}), "gold"))
    plane.sim.run(0.5)
    plane.create(a_pod("noise"))
    plane.sim.run(0.5)
    there = [
        one for one in ("first", "second") if (found := plane.find_pod(one)) and not found.metadata.deletion_timestamp
    ]
    assert len(there) == 1
    plane.run_until_pod("high", lambda one: one.status.phase == "Running", seconds=40)


def test_no_further_pods_are_preempted_while_deletions_are_not_seen() -> None:
    plane = Plane(nodes=1, behaviour=Behaviour(stop_seconds=0.0))
    plane.start_scheduler()
    plane.create(PriorityClass(metadata=ObjectMeta(name="gold"), value=1000))
    low = [f"low-{number}" for number in range(4)]
    for name in low:
        plane.create(a_pod(name, requests={"cpu": "1"}))
    for name in low:
        plane.run_until_pod(name, lambda one: one.status.phase == "Running")
    plane.create(of_class(a_pod("high", requests={"cpu": "2"}), "gold"))
    plane.run_until_pod("high", lambda one: one.status.phase == "Running", seconds=40)
    assert len([one for one in low if plane.find_pod(one)]) == 2


REFUSED = NamedRuleWithOperations(
    api_groups=("",), api_versions=("v1",), operations=("UPDATE",), resources=("pods/status",)
)


def refuse_that_anybody_is_a_target(plane: Plane) -> None:
    """Make the writes of DisruptionTarget conditions fail."""
    asked = "!has(object.status.conditions) || !object.status.conditions.exists(one, one.type == 'DisruptionTarget')"
    spec = ValidatingAdmissionPolicySpec(
        match_constraints=MatchResources(resource_rules=(REFUSED,)), validations=(Validation(expression=asked),)
    )
    plane.create(ValidatingAdmissionPolicy(metadata=ObjectMeta(name="p"), spec=spec))
    binding = ValidatingAdmissionPolicyBindingSpec(policy_name="p", validation_actions=("Deny",))
    plane.create(ValidatingAdmissionPolicyBinding(metadata=ObjectMeta(name="b"), spec=binding))


def test_a_failed_preemption_is_retried_soon() -> None:
    plane = Plane(nodes=1)
    plane.start_scheduler()
    plane.create(PriorityClass(metadata=ObjectMeta(name="gold"), value=1000))
    plane.create(a_pod("low", requests={"cpu": "4"}))
    plane.run_until_pod("low", lambda one: one.status.phase == "Running")
    refuse_that_anybody_is_a_target(plane)
    plane.create(of_class(a_pod("high", requests={"cpu": "4"}), "gold"))
    plane.sim.run(5.0)
    assert plane.pod("low").metadata.deletion_timestamp is None
    plane.do(lambda: plane.client.delete(ValidatingAdmissionPolicyBinding, "b"))
    plane.run_until_pod("high", lambda one: one.status.phase == "Running", seconds=20)

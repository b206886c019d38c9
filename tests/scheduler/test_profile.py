"""A profile selects the best node, or says why no node fits."""

from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeactors.api.core.v1 import (
    Affinity,
    NodeAffinity,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    Pod,
    PreferredSchedulingTerm,
    Taint,
    Toleration,
)
from kubeactors.scheduler import diagnosis
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import pod_info
from kubeactors.scheduler.profile import Profile
from kubeactors.scheduler.results import Diagnosis
from tests.scheduler.builders import node, pod, profile

TAINT = Taint(key="example.com/golden", value="x", effect="NoSchedule")
NOT_HELPFUL = (
    "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
)


def three_nodes() -> Cache:
    cache = Cache()
    for name in ("a", "b", "c"):
        cache.set_node(node(name))
    return cache


def required(*terms: NodeSelectorTerm) -> Affinity:
    return Affinity(
        node_affinity=NodeAffinity(
            required_during_scheduling_ignored_during_execution=NodeSelector(node_selector_terms=terms)
        )
    )


def name_in(*names: str) -> NodeSelectorTerm:
    requirement = NodeSelectorRequirement(key="metadata.name", operator="In", values=names)
    return NodeSelectorTerm(match_fields=(requirement,))


def said(rules: Profile, one: Pod) -> str:
    info = pod_info(one)
    found = rules.select(info, Random(1))
    assert isinstance(found, Diagnosis)
    return diagnosis.message(found, rules.post_filter(info, found).message)


def told(found: NodeInfo | Diagnosis) -> object:
    """The whole result, for comparison."""
    if isinstance(found, NodeInfo):
        return found.name
    rows = None if found.preemptable is None else found.preemptable.tolist()
    return diagnosis.message(found), found.counts, found.plugins, rows


def chosen(rules: Profile, one: Pod, seed: int = 1) -> str:
    found = rules.select(pod_info(one), Random(seed))
    assert isinstance(found, NodeInfo)
    return found.name


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (pod("p", {"cpu": "5000"}), "3 Insufficient cpu."),
        (pod("p", {"memory": "9Gi", "cpu": "5"}), "3 Insufficient cpu, 3 Insufficient memory."),
        (pod("p", {"example.com/gpu": "1"}), "3 Insufficient example.com/gpu."),
        (pod("p", {"ephemeral-storage": "900Ti"}), "3 Insufficient ephemeral-storage."),
        (pod("p", node_selector={"no": "where"}), "3 node(s) didn't match Pod's node affinity/selector."),
        (pod("p", affinity=required(name_in("nowhere"))), "3 node(s) didn't satisfy plugin(s) [NodeAffinity]."),
    ],
)
def test_an_unschedulable_pod_has_reasons(wish: Pod, reason: str) -> None:
    assert said(profile(three_nodes()), wish) == f"0/3 nodes are available: {reason} {NOT_HELPFUL}"


def test_reasons_of_different_nodes_are_counted_and_sorted() -> None:
    cache = three_nodes()
    cache.set_node(node("a", taints=(TAINT,)))
    cache.set_node(node("b", unschedulable=True))

    assert said(profile(cache), pod("p", node_selector={"no": "where"})) == (
        "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated"
        f" taint(s), 1 node(s) were unschedulable. {NOT_HELPFUL}"
    )


def test_preemption_could_free_a_host_port() -> None:
    cache = three_nodes()
    cache.set_pod(pod_info(pod("p", host_port=8080, node_name="a")))

    assert said(profile(cache), pod("q", host_port=8080, node_selector={"kubernetes.io/hostname": "a"})) == (
        "0/3 nodes are available: 1 node(s) didn't have free ports for the requested pod ports, 2 node(s) didn't match"
        " Pod's node affinity/selector. no new claims to deallocate, preemption: 0/3 nodes are available: 1 No"
        " preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling."
    )


def test_without_nodes_there_is_a_special_message() -> None:
    rules = profile(Cache())
    found = rules.select(pod_info(pod("p")), Random(1))
    assert isinstance(found, Diagnosis)
    assert diagnosis.message(found) == "no nodes available to schedule pods"


def test_contradictory_affinity_terms_reject_every_node() -> None:
    term = NodeSelectorTerm(match_fields=(*name_in("a").match_fields, *name_in("b").match_fields))
    assert said(profile(three_nodes()), pod("p", affinity=required(term))) == (
        "0/3 nodes are available: pod affinity terms conflict. not found"
    )


def test_ports_on_different_addresses_do_not_conflict() -> None:
    cache = three_nodes()
    cache.set_pod(pod_info(pod("p", host_port=8080, host_ip="10.0.0.1", node_name="a")))
    selector = {"kubernetes.io/hostname": "a"}
    rules = profile(cache)

    assert chosen(rules, pod("q", host_port=8080, host_ip="10.0.0.2", node_selector=selector)) == "a"
    assert "free ports" in said(rules, pod("r", host_port=8080, node_selector=selector))
    assert "free ports" in said(rules, pod("s", host_port=8080, host_ip="10.0.0.1", node_selector=selector))


def test_the_least_allocated_node_is_best() -> None:
    cache = three_nodes()
    cache.set_pod(pod_info(pod("x", {"cpu": "2", "memory": "4Gi"}, node_name="a")))
    cache.set_pod(pod_info(pod("y", {"cpu": "1", "memory": "2Gi"}, node_name="c")))
    assert chosen(profile(cache), pod("p", {"cpu": "1", "memory": "1Gi"})) == "b"


def test_a_preferred_label_outweighs_free_resources() -> None:
    cache = three_nodes()
    cache.set_node(node("c", labels={"disk": "ssd"}))
    cache.set_pod(pod_info(pod("x", {"cpu": "2", "memory": "4Gi"}, node_name="c")))
    expression = NodeSelectorRequirement(key="disk", operator="In", values=("ssd",))
    term = PreferredSchedulingTerm(weight=100, preference=NodeSelectorTerm(match_expressions=(expression,)))
    affinity = Affinity(node_affinity=NodeAffinity(preferred_during_scheduling_ignored_during_execution=(term,)))

    assert chosen(profile(cache), pod("p", affinity=affinity)) == "c"


def test_a_node_tainted_prefer_no_schedule_is_the_last_choice() -> None:
    cache = three_nodes()
    avoid = Taint(key="slow", effect="PreferNoSchedule")
    for name in ("a", "b"):
        cache.set_node(node(name, taints=(avoid,)))
    rules = profile(cache)

    assert {chosen(rules, pod("p"), seed) for seed in range(8)} == {"c"}
    assert {chosen(rules, pod("q", tolerations=(Toleration(operator="Exists"),)), seed) for seed in range(20)} == {
        "a",
        "b",
        "c",
    }


def test_pods_without_requests_are_spread_too() -> None:
    cache = three_nodes()
    rules = profile(cache)
    random = Random(1)
    for number in range(30):
        info = pod_info(pod(f"p{number}"))
        found = rules.select(info, random)
        assert isinstance(found, NodeInfo)
        cache.assume(info, found.name)

    assert [len(one.pods) for one in cache] == [10, 10, 10]


def test_ties_are_broken_by_the_seed() -> None:
    def places(seed: int) -> list[str]:
        cache = three_nodes()
        rules = profile(cache)
        return [chosen(rules, pod("p"), seed + number) for number in range(20)]

    assert places(1) == places(1)
    assert set(places(1)) == {"a", "b", "c"}


class NodeComes(NamedTuple):
    number: int
    tainted: bool
    cordoned: bool


class NodeGoes(NamedTuple):
    number: int


class PodComes(NamedTuple):
    number: int
    requests: dict[str, str]
    place: int


class PodGoes(NamedTuple):
    number: int


class Place(NamedTuple):
    requests: dict[str, str]
    host_port: int


Step = NodeComes | NodeGoes | PodComes | PodGoes | Place

quantities = st.fixed_dictionaries(
    {}, optional={"cpu": st.sampled_from(["100m", "1", "3"]), "memory": st.sampled_from(["64Mi", "5Gi"])}
)
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(NodeComes, st.integers(0, 5), st.booleans(), st.booleans()),
    st.builds(NodeGoes, st.integers(0, 5)),
    st.builds(PodComes, st.integers(0, 20), quantities, st.integers(0, 5)),
    st.builds(PodGoes, st.integers(0, 20)),
    st.builds(Place, quantities, st.sampled_from([0, 0, 8080])),
)


@given(st.lists(steps, max_size=40))
@settings(max_examples=150, deadline=None)
def test_cached_verdicts_equal_fresh_ones(history: list[Step]) -> None:
    cache = Cache()
    kept = profile(cache)
    for number, step in enumerate(history):
        match step:
            case NodeComes(which, tainted, cordoned):
                cache.set_node(node(f"n{which}", taints=(TAINT,) if tainted else (), unschedulable=cordoned))
            case NodeGoes(which):
                cache.remove_node(f"n{which}")
            case PodComes(which, wanted, place):
                cache.set_pod(pod_info(pod(f"p{which}", wanted, node_name=f"n{place}")))
            case PodGoes(which):
                cache.remove_pod(f"uid-p{which}")
            case Place(wanted, port):
                info = pod_info(pod(f"assumed-{number}", wanted, host_port=port))
                found, afresh = kept.select(info, Random(number)), profile(cache).select(info, Random(number))
                assert told(found) == told(afresh)
                if isinstance(found, NodeInfo):
                    cache.assume(info, found.name)

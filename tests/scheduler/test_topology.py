"""Inter-pod affinity and topology spread agree with the plain rules, pod by pod and node by node."""

from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    Affinity,
    ContainerImage,
    Node,
    Pod,
    PodAffinity,
    PodAffinityTerm,
    PodAntiAffinity,
    Taint,
    TopologySpreadConstraint,
    WeightedPodAffinityTerm,
)
from kubeactors.apimachinery.labels import Selector, of_labels, of_object
from kubeactors.apimachinery.meta import LabelSelector
from kubeactors.scheduler import diagnosis
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.explanation import explain
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.plugins import default_plugins
from kubeactors.scheduler.plugins.pod_topology_spread import DO_NOT_SCHEDULE, SCHEDULE_ANYWAY
from kubeactors.scheduler.pod_info import PodInfo, pod_info
from kubeactors.scheduler.profile import Profile
from kubeactors.scheduler.results import Diagnosis
from tests.scheduler.builders import handle, node, pod, profile

ZONE, HOST = "zone", "kubernetes.io/hostname"
WEB = LabelSelector(match_labels={"app": "web"})
SPREAD = "node(s) didn't match pod topology spread constraints"


def in_zones(**zones: str) -> Cache:
    """Nodes by name, each with its zone; an empty zone is no label."""
    cache = Cache()
    for name, zone in zones.items():
        cache.set_node(node(name, labels={ZONE: zone} if zone else {}))
    return cache


def labelled(one: Pod, **labels: str) -> Pod:
    return replace(one, metadata=replace(one.metadata, labels=labels))


def put(cache: Cache, name: str, where: str, affinity: Affinity | None = None, **labels: str) -> None:
    cache.set_pod(pod_info(labelled(pod(name, node_name=where, affinity=affinity), **labels)))


def spread(one: Pod, *constraints: TopologySpreadConstraint) -> Pod:
    return replace(one, spec=replace(one.spec, topology_spread_constraints=constraints))


def evenly(key: str = ZONE, max_skew: int = 1, when: str = DO_NOT_SCHEDULE, **more: object) -> TopologySpreadConstraint:
    constraint = TopologySpreadConstraint(
        topology_key=key, max_skew=max_skew, when_unsatisfiable=when, label_selector=WEB
    )
    return replace(constraint, **more)


def near(*terms: PodAffinityTerm) -> Affinity:
    return Affinity(pod_affinity=PodAffinity(required_during_scheduling_ignored_during_execution=terms))


def away(*terms: PodAffinityTerm) -> Affinity:
    return Affinity(pod_anti_affinity=PodAntiAffinity(required_during_scheduling_ignored_during_execution=terms))


def term(key: str = ZONE, **more: object) -> PodAffinityTerm:
    return replace(PodAffinityTerm(label_selector=WEB, topology_key=key), **more)


def preferring(*terms: PodAffinityTerm, weight: int = 10) -> Affinity:
    weighted = tuple(WeightedPodAffinityTerm(weight=weight, pod_affinity_term=one) for one in terms)
    return Affinity(pod_affinity=PodAffinity(preferred_during_scheduling_ignored_during_execution=weighted))


def feasible(cache: Cache, one: Pod, rules: Profile | None = None) -> list[str]:
    found = explain(pod_info(one), rules or profile(cache), cache)
    return sorted(each.node for each in found.nodes if each.total is not None)


def refusals(cache: Cache, one: Pod) -> dict[str, dict[str, str]]:
    return {each.node: each.refusals for each in explain(pod_info(one), profile(cache), cache).nodes if each.refusals}


def message(cache: Cache, one: Pod) -> str:
    found = profile(cache).select(pod_info(one), Random(1))
    assert isinstance(found, Diagnosis)
    return diagnosis.message(found)


def share(cache: Cache, one: Pod, plugin: str) -> dict[str, int]:
    return {each.node: each.scores.get(plugin, 0) for each in explain(pod_info(one), profile(cache), cache).nodes}


# Spreading.


def test_a_hard_constraint_bounds_the_skew_and_has_two_reasons() -> None:
    cache = in_zones(a="x", b="y", c="")
    put(cache, "p1", "a", app="web")
    one = spread(labelled(pod("p"), app="web"), evenly())

    assert feasible(cache, one) == ["b"]
    assert refusals(cache, one) == {
        "a": {"PodTopologySpread": SPREAD},
        "c": {"PodTopologySpread": f"{SPREAD} (missing required label)"},
    }


def test_a_pod_that_its_constraint_does_not_select_is_not_counted() -> None:
    cache = in_zones(a="x", b="y")
    put(cache, "p1", "a", app="web")
    assert feasible(cache, spread(pod("p"), evenly())) == ["a", "b"]


def test_too_few_domains_make_the_minimum_zero() -> None:
    cache = in_zones(a="x", b="y")
    for name, where in (("p1", "a"), ("p2", "b")):
        put(cache, name, where, app="web")
    one = labelled(pod("p"), app="web")

    assert feasible(cache, spread(one, evenly(min_domains=2))) == ["a", "b"]
    assert feasible(cache, spread(one, evenly(min_domains=3))) == []


def test_terminating_pods_and_pods_of_other_namespaces_do_not_count() -> None:
    cache = in_zones(a="x", b="y")
    gone = labelled(pod("p1", node_name="a"), app="web")
    cache.set_pod(pod_info(gone))
    one = spread(labelled(pod("p"), app="web"), evenly())
    rules = profile(cache)
    assert feasible(cache, one, rules) == ["b"]

    gone = replace(gone, metadata=replace(gone.metadata, deletion_timestamp="2026-01-01T00:00:00Z"))
    assert not cache.confirm(gone)
    cache.set_pod(pod_info(gone))
    foreign = labelled(pod("p2", node_name="b"), app="web")
    cache.set_pod(pod_info(replace(foreign, metadata=replace(foreign.metadata, namespace="other"))))
    assert feasible(cache, one, rules) == ["a", "b"]


@pytest.mark.parametrize(("policy", "expected"), [(None, ["a"]), ("Honor", ["a"]), ("Ignore", [])])
def test_nodes_that_the_pod_cannot_run_on_do_not_count_by_default(policy: str | None, expected: list[str]) -> None:
    cache = in_zones(a="x", b="y")
    put(cache, "p1", "a", app="web")
    one = labelled(pod("p", node_selector={HOST: "a"}), app="web")
    assert feasible(cache, spread(one, evenly(node_affinity_policy=policy))) == expected


def test_later_nodes_that_do_not_count_still_have_domains() -> None:
    cache = Cache()
    taint = Taint(key="gpu", effect="NoSchedule")
    cache.set_node(node("a", taints=(taint,)))
    kept = profile(cache)
    web = pod_info(labelled(spread(pod("web"), evenly(HOST, node_taints_policy="Honor")), app="web"))
    assert isinstance(kept.feasible(web), Diagnosis)
    for name in ("b", "c"):
        cache.set_node(node(name, taints=(taint,)))
    assert isinstance(kept.feasible(web), Diagnosis)
    cache.set_node(node("d"))
    found = kept.feasible(web)
    assert not isinstance(found, Diagnosis)
    assert [info.name for info in found] == ["d"]


def test_match_label_keys_distinguish_revisions() -> None:
    cache = in_zones(a="x", b="y")
    put(cache, "p1", "a", app="web", revision="1")
    one = spread(labelled(pod("p"), app="web", revision="2"), evenly(match_label_keys=("revision",)))
    assert feasible(cache, one) == ["a", "b"]


def test_a_soft_constraint_prefers_emptier_domains() -> None:
    cache = in_zones(a="x", b="y", c="y")
    for name, where in (("p1", "a"), ("p2", "a"), ("p3", "b")):
        put(cache, name, where, app="web")
    one = spread(labelled(pod("p"), app="web"), evenly(when=SCHEDULE_ANYWAY))
    # Two zones: weight log(4); raw 2.77 and 1.39, rounded 3 and 1; 100 * (3 + 1 - raw) / 3, times the weight 2.
    assert share(cache, one, "PodTopologySpread") == {"a": 66, "b": 200, "c": 200}


class Owned:
    """Selects every pod by app=web."""

    def selector_of(self, _: PodInfo) -> Selector | None:
        return of_labels({"app": "web"})


def test_pods_of_a_service_are_spread_over_nodes_by_default() -> None:
    cache = in_zones(a="", b="")
    for name in ("p1", "p2", "p3", "p4", "p5", "p6"):
        put(cache, name, "a", app="web")
    rules = Profile(default_plugins(replace(handle(cache), workloads=Owned())), cache)
    found = explain(pod_info(labelled(pod("p"), app="web")), rules, cache)
    assert {one.node: one.scores["PodTopologySpread"] for one in found.nodes} == {"a": 40, "b": 200}


# Affinity.


def test_the_first_pod_with_affinity_to_its_own_kind_fits() -> None:
    cache = in_zones(a="x", b="y", c="")
    one = labelled(pod("p", affinity=near(term())), app="web")
    assert feasible(cache, one) == ["a", "b"]
    put(cache, "p1", "b", app="web")
    assert feasible(cache, one) == ["b"]
    assert message(cache, labelled(pod("q", affinity=near(term(key="nowhere"))), app="web")) == (
        "0/3 nodes are available: 3 node(s) didn't match pod affinity rules."
    )


def test_all_terms_must_be_satisfied_by_the_same_pods() -> None:
    cache = in_zones(a="x", b="y")
    put(cache, "p1", "a", app="web")
    put(cache, "p2", "b", app="web", tier="front")
    both = near(term(), term(label_selector=LabelSelector(match_labels={"tier": "front"})))
    assert feasible(cache, pod("p", affinity=both)) == ["b"]


def test_anti_affinity_applies_in_both_directions() -> None:
    cache = in_zones(a="x", b="x", c="y")
    put(cache, "p1", "a", app="web")
    put(cache, "loner", "c", away(term(label_selector=LabelSelector(match_labels={"app": "db"}))))

    assert refusals(cache, pod("p", affinity=away(term()))) == {
        "a": {"InterPodAffinity": "node(s) didn't match pod anti-affinity rules"},
        "b": {"InterPodAffinity": "node(s) didn't match pod anti-affinity rules"},
    }
    assert refusals(cache, labelled(pod("q"), app="db")) == {
        "c": {"InterPodAffinity": "node(s) didn't satisfy existing pods anti-affinity rules"}
    }


def test_namespaces_are_named_or_selected() -> None:
    cache = in_zones(a="x", b="y")
    there = labelled(pod("p1", node_name="a"), app="web")
    cache.set_pod(pod_info(replace(there, metadata=replace(there.metadata, namespace="shop"))))
    labels = {"shop": {"team": "one"}, "default": {}}
    rules = Profile(default_plugins(replace(handle(cache), namespace_labels=labels.__getitem__)), cache)

    assert feasible(cache, pod("p", affinity=away(term())), rules) == ["a", "b"]
    assert feasible(cache, pod("q", affinity=away(term(namespaces=("shop",)))), rules) == ["b"]
    team = LabelSelector(match_labels={"team": "one"})
    selected = pod("r", affinity=away(term(namespace_selector=team)))
    assert feasible(cache, selected, rules) == ["b"]
    labels["shop"] = {}
    rules.namespaces_changed()
    assert feasible(cache, selected, rules) == ["a", "b"]


def test_preferences_of_the_pod_and_of_existing_pods_add_up() -> None:
    cache = in_zones(a="x", b="y", c="z")
    put(cache, "p1", "a", app="web")
    put(cache, "p2", "b", preferring(term(label_selector=LabelSelector(match_labels={"app": "db"})), weight=5))
    one = labelled(pod("p", affinity=preferring(term(), weight=10)), app="db")
    assert share(cache, one, "InterPodAffinity") == {"a": 200, "b": 100, "c": 0}


def test_pods_of_a_relabelled_node_count_in_its_new_domain() -> None:
    cache = in_zones(a="x", b="y")
    put(cache, "p1", "a", app="web")
    rules, one = profile(cache), pod("p", affinity=near(term()))
    assert feasible(cache, one, rules) == ["a"]
    cache.set_node(node("a", labels={ZONE: "y"}))
    assert feasible(cache, one, rules) == ["a", "b"]


def test_present_images_are_weighted_by_the_share_of_nodes_that_have_them() -> None:
    cache = in_zones(a="", b="")
    with_image = node("a")
    image = ContainerImage(names=("example/x:1",), size_bytes=1100 * 1024 * 1024)
    cache.set_node(replace(with_image, status=replace(with_image.status, images=(image,))))
    # Half of the nodes have it: 550 MiB of 1000, above 23.
    assert share(cache, pod("p"), "ImageLocality") == {"a": 53, "b": 0}


# Incremental counts equal fresh ones, and both agree with the rules.


class NodeIs(NamedTuple):
    number: int
    zone: str


class NodeGoes(NamedTuple):
    number: int


class PodIs(NamedTuple):
    number: int
    app: str
    place: int
    wish: int


class PodGoes(NamedTuple):
    number: int


class Ask(NamedTuple):
    app: str
    wish: int


Step = NodeIs | NodeGoes | PodIs | PodGoes | Ask

DB = LabelSelector(match_labels={"app": "db"})
WISHES: tuple[Affinity | None, ...] = (
    None,
    near(term()),
    away(term(HOST)),
    away(term(label_selector=DB)),
    preferring(term(), term(HOST, label_selector=DB)),
)
CONSTRAINTS = ((), (evenly(),), (evenly(HOST, 2), evenly(when=SCHEDULE_ANYWAY)))

apps = st.sampled_from(["web", "db", "cron"])
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(NodeIs, st.integers(0, 4), st.sampled_from(["x", "y", ""])),
    st.builds(NodeGoes, st.integers(0, 4)),
    st.builds(PodIs, st.integers(0, 12), apps, st.integers(0, 4), st.integers(0, len(WISHES) - 1)),
    st.builds(PodGoes, st.integers(0, 12)),
    st.builds(Ask, apps, st.integers(0, len(WISHES) * len(CONSTRAINTS) - 1)),
)


@given(st.lists(steps, max_size=40))
@settings(max_examples=200, deadline=None)
def test_incremental_counts_agree_with_the_rules(history: list[Step]) -> None:
    cache = Cache()
    kept = profile(cache)
    for step in history:
        match step:
            case NodeIs(number, zone):
                cache.set_node(node(f"n{number}", labels={ZONE: zone} if zone else {}))
            case NodeGoes(number):
                cache.remove_node(f"n{number}")
            case PodIs(number, app, place, wish):
                put(cache, f"p{number}", f"n{place}", WISHES[wish], app=app)
            case PodGoes(number):
                cache.remove_pod(f"uid-p{number}")
            case Ask(app, wish):
                affinity, constraints = WISHES[wish % len(WISHES)], CONSTRAINTS[wish // len(WISHES)]
                one = spread(labelled(pod("asked", affinity=affinity), app=app), *constraints)
                info = pod_info(one)
                assert explain(info, kept, cache) == explain(info, profile(cache), cache)
                assert feasible(cache, one, kept) == [each.name for each in allowed(cache, one)]
                assert_totals_agree(kept, info, cache)


def assert_totals_agree(rules: Profile, info: PodInfo, cache: Cache) -> None:
    """The explained scores are those that decide, up to a constant for all nodes."""
    if not cache.node_count:
        return
    totals = rules.verdicts(info).totals(rules.views(info))
    found = explain(info, rules, cache).nodes
    explained = {each.node: each.total for each in found if each.total is not None}
    decided = {each.name: int(totals[each.row]) for each in cache if totals[each.row] >= 0}
    assert below_the_best(decided) == below_the_best(explained)


def below_the_best(scores: dict[str, int]) -> dict[str, int]:
    return {name: max(scores.values()) - score for name, score in scores.items()}


def allowed(cache: Cache, one: Pod) -> list[NodeInfo]:
    """The rules, one pod and one node at a time."""
    return sorted(
        (each for each in cache if is_near(cache, one, each) and is_even(cache, one, each)), key=lambda each: each.name
    )


def labels_of(info: NodeInfo) -> dict[str, str]:
    assert isinstance(info.node, Node)
    return info.node.metadata.labels


def placed(cache: Cache) -> list[tuple[Pod, NodeInfo]]:
    return [(each.pod, info) for info in cache for each in info.pods.values()]


def terms(one: Pod, *, anti: bool) -> tuple[PodAffinityTerm, ...]:
    if one.spec.affinity is None:
        return ()
    part = one.spec.affinity.pod_anti_affinity if anti else one.spec.affinity.pod_affinity
    return () if part is None else part.required_during_scheduling_ignored_during_execution


def means(wish: PodAffinityTerm, one: Pod) -> bool:
    return of_object(wish.label_selector).matches(one.metadata.labels)


def together(wish: PodAffinityTerm, one: NodeInfo, other: NodeInfo) -> bool:
    value = labels_of(one).get(wish.topology_key)
    return value is not None and value == labels_of(other).get(wish.topology_key)


def is_near(cache: Cache, one: Pod, here: NodeInfo) -> bool:
    wishes, others = terms(one, anti=False), placed(cache)
    if any(
        means(wish, other) and together(wish, here, there) for wish in terms(one, anti=True) for other, there in others
    ):
        return False
    if any(
        means(wish, one) and together(wish, here, there) for other, there in others for wish in terms(other, anti=True)
    ):
        return False
    if not all(wish.topology_key in labels_of(here) for wish in wishes):
        return False
    company = [(other, there) for other, there in others if all(means(wish, other) for wish in wishes)]
    counted = [1 for _, there in company for wish in wishes if wish.topology_key in labels_of(there)]
    if wishes and not counted and all(means(wish, one) for wish in wishes):
        return True
    return all(any(together(wish, here, there) for _, there in company) for wish in wishes)


def is_even(cache: Cache, one: Pod, here: NodeInfo) -> bool:
    hard = [each for each in one.spec.topology_spread_constraints if each.when_unsatisfiable == DO_NOT_SCHEDULE]
    nodes = [info for info in cache if all(each.topology_key in labels_of(info) for each in hard)]
    for each in hard:
        if each.topology_key not in labels_of(here):
            return False
        selector = of_object(each.label_selector)
        counts = {labels_of(info)[each.topology_key]: 0 for info in nodes}
        for other, there in placed(cache):
            if there in nodes and selector.matches(other.metadata.labels):
                counts[labels_of(there)[each.topology_key]] += 1
        own = int(selector.matches(one.metadata.labels))
        if counts[labels_of(here)[each.topology_key]] + own - min(counts.values()) > each.max_skew:
            return False
    return True

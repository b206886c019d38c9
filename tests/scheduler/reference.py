"""A reference implementation of kube-scheduler's rules: one pod, one node, every pod counted again.

Slow and obviously correct: nothing is cached, shared or vectorized. It works on objects, not on the scheduler's own
data structures.

Source: pkg/scheduler/framework/plugins (v1.36).
"""

from collections.abc import Iterable, Sequence
from math import floor, log

from kubeactors.api.core.v1 import Node, Pod, PodAffinity, PodAffinityTerm, PodAntiAffinity, TopologySpreadConstraint
from kubeactors.api.core.v1.demand import demand
from kubeactors.api.core.v1.placement import (
    matches_required_node_affinity,
    matches_term,
    preferred_terms,
    tolerates,
)
from kubeactors.apimachinery.labels import of_object
from kubeactors.apimachinery.quantity import milli_value, value

HOSTNAME = "kubernetes.io/hostname"


class World:
    """Nodes, the pods on them, and nominated pods, each on the node that it names."""

    def __init__(self, nodes: Iterable[Node], pods: Iterable[Pod], ahead: Iterable[Pod] = ()) -> None:
        self.nodes = {one.metadata.name: one for one in nodes}
        self.pods = [one for one in pods if one.spec.node_name]
        self.ahead = list(ahead)

    def on(self, node: Node) -> list[Pod]:
        return [one for one in self.pods if one.spec.node_name == node.metadata.name]

    def with_ahead(self, node: Node) -> "World":
        """The same with the nominated pods of one node running there."""
        there = [one for one in self.ahead if one.spec.node_name == node.metadata.name]
        return World(self.nodes.values(), [*self.pods, *there])


def feasible(world: World, pod: Pod) -> list[Node]:
    return [one for one in world.nodes.values() if fits(world, pod, one) and fits(world.with_ahead(one), pod, one)]


def fits(world: World, pod: Pod, node: Node) -> bool:
    return (
        is_open(pod, node)
        and is_tolerated(pod, node)
        and matches_required_node_affinity(pod.spec, node.metadata.labels, node.metadata.name)
        and has_ports(world, pod, node)
        and has_room(world, pod, node)
        and is_even(world, pod, node)
        and is_in_company(world, pod, node)
    )


def is_open(pod: Pod, node: Node) -> bool:
    exists = [one for one in pod.spec.tolerations if one.operator == "Exists"]
    return not node.spec.unschedulable or any(not one.key for one in exists)


def is_tolerated(pod: Pod, node: Node) -> bool:
    taints = [one for one in node.spec.taints if one.effect in {"NoSchedule", "NoExecute"}]
    return all(any(tolerates(toleration, taint) for toleration in pod.spec.tolerations) for taint in taints)


def ports(pod: Pod) -> list[int]:
    return [port.host_port for one in pod.spec.containers for port in one.ports if port.host_port]


def has_ports(world: World, pod: Pod, node: Node) -> bool:
    taken = [port for one in world.on(node) for port in ports(one)]
    return not any(one in taken for one in ports(pod))


def room(node: Node) -> dict[str, int]:
    found = node.status.allocatable
    return {"cpu": milli_value(found["cpu"]), "memory": value(found["memory"]), "pods": int(found["pods"])}


def has_room(world: World, pod: Pod, node: Node) -> bool:
    there, own, free = [demand(one.spec) for one in world.on(node)], demand(pod.spec), room(node)
    return (
        len(there) + 1 <= free["pods"]
        and (not own.milli_cpu or sum(one.milli_cpu for one in there) + own.milli_cpu <= free["cpu"])
        and (not own.memory or sum(one.memory for one in there) + own.memory <= free["memory"])
    )


# Spreading.


def counted(world: World, pod: Pod, rule: TopologySpreadConstraint, among: Sequence[str]) -> list[Node]:
    """The nodes whose pods count."""
    found = [one for one in world.nodes.values() if all(key in one.metadata.labels for key in among)]
    if rule.node_affinity_policy != "Ignore":
        found = [
            one for one in found if matches_required_node_affinity(pod.spec, one.metadata.labels, one.metadata.name)
        ]
    if rule.node_taints_policy == "Honor":
        found = [one for one in found if is_tolerated(pod, one)]
    return found


def selected(world: World, pod: Pod, rule: TopologySpreadConstraint, node: Node) -> int:
    selector = of_object(rule.label_selector)
    return sum(
        selector.matches(one.metadata.labels)
        for one in world.on(node)
        if one.metadata.namespace == pod.metadata.namespace and not one.metadata.deletion_timestamp
    )


def is_even(world: World, pod: Pod, node: Node) -> bool:
    hard = [one for one in pod.spec.topology_spread_constraints if one.when_unsatisfiable == "DoNotSchedule"]
    keys = [one.topology_key for one in hard]
    for rule in hard:
        if rule.topology_key not in node.metadata.labels:
            return False
        counts: dict[str, int] = {}
        for one in counted(world, pod, rule, keys):
            domain = one.metadata.labels[rule.topology_key]
            counts[domain] = counts.get(domain, 0) + selected(world, pod, rule, one)
        least = min(counts.values(), default=0)
        if len(counts) < (rule.min_domains or 1):
            least = 0
        own = int(of_object(rule.label_selector).matches(pod.metadata.labels))
        if counts.get(node.metadata.labels[rule.topology_key], 0) + own - least > rule.max_skew:
            return False
    return True


def spread_scores(world: World, pod: Pod, nodes: Sequence[Node]) -> dict[str, int]:
    soft = [one for one in pod.spec.topology_spread_constraints if one.when_unsatisfiable == "ScheduleAnyway"]
    keys = [one.topology_key for one in soft]
    scored = [one for one in nodes if all(key in one.metadata.labels for key in keys)]
    if not soft or not scored:
        return {}
    raw: dict[str, float] = {one.metadata.name: 0.0 for one in scored}
    for rule in soft:
        domains = {one.metadata.labels[rule.topology_key]: None for one in scored}
        weight = log((len(scored) if rule.topology_key == HOSTNAME else len(domains)) + 2)
        for one in scored:
            if rule.topology_key == HOSTNAME:
                count = selected(world, pod, rule, one)
            else:
                domain = one.metadata.labels[rule.topology_key]
                count = sum(
                    selected(world, pod, rule, other)
                    for other in counted(world, pod, rule, keys)
                    if other.metadata.labels[rule.topology_key] == domain
                )
            raw[one.metadata.name] += count * weight + (rule.max_skew - 1)
    rounded = {name: floor(score + 0.5) for name, score in raw.items()}
    least, most = min(rounded.values()), max(rounded.values())
    return {name: 100 * (most + least - score) // most if most else 100 for name, score in rounded.items()}


# Affinity between pods.


def wishes(pod: Pod, *, anti: bool) -> tuple[PodAffinityTerm, ...]:
    if pod.spec.affinity is None:
        return ()
    part = pod.spec.affinity.pod_anti_affinity if anti else pod.spec.affinity.pod_affinity
    return () if part is None else part.required_during_scheduling_ignored_during_execution


def preferences(pod: Pod) -> list[tuple[int, PodAffinityTerm]]:
    affinity = pod.spec.affinity
    if affinity is None:
        return []
    near, away = affinity.pod_affinity or PodAffinity(), affinity.pod_anti_affinity or PodAntiAffinity()
    return [
        *((one.weight, one.pod_affinity_term) for one in near.preferred_during_scheduling_ignored_during_execution),
        *((-one.weight, one.pod_affinity_term) for one in away.preferred_during_scheduling_ignored_during_execution),
    ]


def means(owner: Pod, wish: PodAffinityTerm, other: Pod) -> bool:
    namespaces = wish.namespaces or (owner.metadata.namespace,)
    return other.metadata.namespace in namespaces and of_object(wish.label_selector).matches(other.metadata.labels)


def together(world: World, wish: PodAffinityTerm, node: Node, other: Pod) -> bool:
    there = world.nodes.get(other.spec.node_name)
    value = node.metadata.labels.get(wish.topology_key)
    return there is not None and value is not None and there.metadata.labels.get(wish.topology_key) == value


def is_in_company(world: World, pod: Pod, node: Node) -> bool:
    placed = [one for one in world.pods if one.spec.node_name in world.nodes]
    if any(
        means(pod, wish, one) and together(world, wish, node, one) for wish in wishes(pod, anti=True) for one in placed
    ):
        return False
    if any(
        means(one, wish, pod) and together(world, wish, node, one) for one in placed for wish in wishes(one, anti=True)
    ):
        return False
    near = wishes(pod, anti=False)
    if not all(wish.topology_key in node.metadata.labels for wish in near):
        return False
    company = [one for one in placed if all(means(pod, wish, one) for wish in near)]
    counts = any(
        wish.topology_key in world.nodes[one.spec.node_name].metadata.labels for one in company for wish in near
    )
    if near and not counts and all(means(pod, wish, pod) for wish in near):
        return True
    return all(any(together(world, wish, node, one) for one in company) for wish in near)


def company_scores(world: World, pod: Pod, nodes: Sequence[Node]) -> dict[str, int]:
    raw = {one.metadata.name: 0 for one in nodes}
    for node in nodes:
        for other in world.pods:
            for weight, wish in preferences(pod):
                raw[node.metadata.name] += weight * (means(pod, wish, other) and together(world, wish, node, other))
            for weight, wish in (*preferences(other), *((1, one) for one in wishes(other, anti=False))):
                raw[node.metadata.name] += weight * (means(other, wish, pod) and together(world, wish, node, other))
    least, most = min(raw.values()), max(raw.values())
    if least == most:
        return {}
    return {name: int(100 * ((score - least) / (most - least))) for name, score in raw.items()}


# Scores of one node at a time.


def fit_score(world: World, pod: Pod, node: Node) -> int:
    there, own, free = [demand(one.spec) for one in world.on(node)], demand(pod.spec), room(node)
    cpu = sum(one.floor_milli_cpu for one in there) + own.floor_milli_cpu
    memory = sum(one.floor_memory for one in there) + own.floor_memory
    shares = [
        0 if used > free[name] else (free[name] - used) * 100 // free[name]
        for name, used in (("cpu", cpu), ("memory", memory))
    ]
    return sum(shares) // 2


def balance_score(world: World, pod: Pod, node: Node) -> int:
    there, own, free = [demand(one.spec) for one in world.on(node)], demand(pod.spec), room(node)
    if not own.milli_cpu and not own.memory:
        return 0
    cpu = min((sum(one.milli_cpu for one in there) + own.milli_cpu) / free["cpu"], 1.0)
    memory = min((sum(one.memory for one in there) + own.memory) / free["memory"], 1.0)
    return int((1 - abs((cpu - memory) / 2)) * 100)


def avoided(pod: Pod, node: Node) -> int:
    tolerations = [one for one in pod.spec.tolerations if one.effect in {"", "PreferNoSchedule"}]
    taints = [one for one in node.spec.taints if one.effect == "PreferNoSchedule"]
    return sum(not any(tolerates(toleration, taint) for toleration in tolerations) for taint in taints)


def preferred(pod: Pod, node: Node) -> int:
    return sum(
        one.weight
        for one in preferred_terms(pod.spec)
        if matches_term(one.preference, node.metadata.labels, node.metadata.name)
    )


def totals(world: World, pod: Pod) -> dict[str, int]:
    """The score of each feasible node."""
    nodes = feasible(world, pod)
    if not nodes:
        return {}
    most_avoided = max(avoided(pod, one) for one in nodes)
    most_preferred = max(preferred(pod, one) for one in nodes)
    spread, company = spread_scores(world, pod, nodes), company_scores(world, pod, nodes)
    found: dict[str, int] = {}
    for one in nodes:
        name = one.metadata.name
        found[name] = fit_score(world, pod, one) + balance_score(world, pod, one)
        found[name] += 3 * (100 - (100 * avoided(pod, one) // most_avoided if most_avoided else 0))
        found[name] += 2 * (100 * preferred(pod, one) // most_preferred if most_preferred else 0)
        found[name] += 2 * spread.get(name, 0) + 2 * company.get(name, 0)
    return found

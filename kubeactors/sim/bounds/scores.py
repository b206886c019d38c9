"""Scores of nodes by the scheduler's default plugins, computed without the scheduler's code.

For pods without volumes and devices, and the constraints that the grammar uses: see `placement.py`.

Source: the score functions in pkg/scheduler/framework/plugins, the weights in
pkg/scheduler/apis/config/v1/default_plugins.go (v1.36).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from math import floor, log

import msgspec

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.api.core.v1.demand import demand
from kubeactors.api.core.v1.placement import tolerates
from kubeactors.apimachinery.labels import Selector, of_object
from kubeactors.apimachinery.quantity import milli_value, value
from kubeactors.sim.bounds.placement import HOST, is_chosen, node_preference, pod_preference, wants_near

ZONE = "topology.kubernetes.io/zone"
MOST = 100
AVOIDED, WISH = "PreferNoSchedule", "ScheduleAnyway"
DEFAULTS = ((HOST, 3), (ZONE, 5))
"""The default spread constraints: topology key and `maxSkew`."""
MEBIBYTE = 1 << 20
SMALL, LARGE = 23 * MEBIBYTE, 1000 * MEBIBYTE
"""Thresholds of image sizes: smaller images do not count, and larger ones count as this."""


class Choice(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A pod, and the nodes that a scheduler chooses from."""

    pod: Pod
    nodes: tuple[Node, ...]
    """All nodes."""
    feasible: tuple[Node, ...]
    """The nodes that the pod may be bound to."""
    placed: tuple[Pod, ...]
    """The unfinished pods on nodes."""
    selectors: tuple[Selector, ...]
    """The selectors of the services that select the pod, and of its controller."""

    def on(self, node: Node) -> list[Pod]:
        """The pods on a node."""
        return self._by_node.get(node.metadata.name, [])

    @cached_property
    def _by_node(self) -> dict[str, list[Pod]]:
        found: dict[str, list[Pod]] = {}
        for one in self.placed:
            found.setdefault(one.spec.node_name, []).append(one)
        return found


def scores(choice: Choice) -> dict[str, int]:
    """The total score of each feasible node, by name."""
    parts: tuple[tuple[int, Callable[[Choice], list[int]]], ...] = (
        (1, _room),
        (1, _balance),
        (3, _taints),
        (2, _evenness),
        (2, _company),
        (2, _liked),
        (1, _images),
    )
    weighed = [[weight * one for one in reckon(choice)] for weight, reckon in parts]
    return {
        node.metadata.name: sum(each) for node, each in zip(choice.feasible, zip(*weighed, strict=True), strict=True)
    }


def _room(choice: Choice) -> list[int]:
    """NodeResourcesFit, LeastAllocated: the share of resources that would be left."""
    found: list[int] = []
    for node in choice.feasible:
        cpu, memory = _capacity(node)
        wanted = [demand(one.spec) for one in (*choice.on(node), choice.pod)]
        used = (sum(one.floor_milli_cpu for one in wanted), sum(one.floor_memory for one in wanted))
        left = [max(all_ - taken, 0) * MOST // all_ for all_, taken in zip((cpu, memory), used, strict=True) if all_]
        found.append(sum(left) // len(left) if left else 0)
    return found


def _balance(choice: Choice) -> list[int]:
    """NodeResourcesBalancedAllocation: how evenly CPU and memory would be used; 0 for pods that request neither."""
    own = demand(choice.pod.spec)
    if not (own.milli_cpu or own.memory):
        return [0] * len(choice.feasible)
    found: list[int] = []
    for node in choice.feasible:
        cpu, memory = _capacity(node)
        wanted = [demand(one.spec) for one in (*choice.on(node), choice.pod)]
        if not (cpu and memory):
            found.append(MOST)
            continue
        shares = [
            min(sum(one.milli_cpu for one in wanted) / cpu, 1.0),
            min(sum(one.memory for one in wanted) / memory, 1.0),
        ]
        found.append(int((1 - abs((shares[0] - shares[1]) / 2)) * MOST))
    return found


def _capacity(node: Node) -> tuple[int, int]:
    room = node.status.allocatable
    return milli_value(room.get("cpu", "0")), value(room.get("memory", "0"))


def _taints(choice: Choice) -> list[int]:
    """TaintToleration: the fewer untolerated PreferNoSchedule taints, the higher."""
    mild = [one for one in choice.pod.spec.tolerations if one.effect in ("", AVOIDED)]
    counts = [
        sum(taint.effect == AVOIDED and not any(tolerates(one, taint) for one in mild) for taint in node.spec.taints)
        for node in choice.feasible
    ]
    most = max(counts)
    return [MOST - one * MOST // most if most else MOST for one in counts]


class _Spreading(msgspec.Struct, frozen=True):
    """A soft spread constraint: topology key, `maxSkew`, and the matching pods."""

    key: str
    skew: int
    alike: list[Pod]


def _spreading(choice: Choice) -> list[_Spreading]:
    """The pod's own soft constraints; the defaults if it has no constraints at all."""
    own = choice.pod.spec.topology_spread_constraints
    if own:
        wishes = [one for one in own if one.when_unsatisfiable == WISH]
        return [
            _Spreading(one.topology_key, one.max_skew, _alike(choice, (of_object(one.label_selector),)))
            for one in wishes
        ]
    alike = _alike(choice, choice.selectors)
    return [_Spreading(key, skew, alike) for key, skew in DEFAULTS] if choice.selectors else []


def _alike(choice: Choice, selectors: Sequence[Selector]) -> list[Pod]:
    namespace = choice.pod.metadata.namespace
    there = (one for one in choice.placed if one.metadata.deletion_timestamp is None)
    return [
        one
        for one in there
        if one.metadata.namespace == namespace and all(each.matches(one.metadata.labels) for each in selectors)
    ]


def _evenness(choice: Choice) -> list[int]:
    """PodTopologySpread: the fewer matching pods on the node and in its zone, the higher; excluded nodes do not count.

    A node without the topology label scores 0 for a pod with constraints of its own.
    """
    rules, is_own = _spreading(choice), bool(choice.pod.spec.topology_spread_constraints)
    known = [one for one in choice.feasible if not is_own or all(rule.key in one.metadata.labels for rule in rules)]
    totals = {node.metadata.name: 0.0 for node in known}
    for rule in rules:
        place = {
            node.metadata.name: node.metadata.labels.get(rule.key)
            for node in choice.nodes
            if is_chosen(node, choice.pod)
        }
        size = len(known) if rule.key == HOST else len({place[name] for name in totals} - {None})
        counts = Counter(place.get(one.spec.node_name) for one in rule.alike)
        for name in totals:
            if place[name] is not None:
                totals[name] += counts[place[name]] * log(size + 2) + rule.skew - 1
    rounded = {name: floor(one + 0.5) for name, one in totals.items()}
    most, least = max(rounded.values(), default=0), min(rounded.values(), default=0)
    found = {name: MOST * (most + least - one) // most if most else MOST for name, one in rounded.items()}
    return [found.get(node.metadata.name, 0) if rules else 0 for node in choice.feasible]


def _company(choice: Choice) -> list[int]:
    """InterPodAffinity: pods with required affinity to this one, and preferred affinity in both directions."""
    pod = choice.pod
    counts = [
        sum(wants_near(one, pod) + pod_preference(one, pod) + pod_preference(pod, one) for one in choice.on(node))
        if HOST in node.metadata.labels
        else 0
        for node in choice.feasible
    ]
    most, least = max(counts), min(counts)
    return [int(MOST * ((one - least) / (most - least))) if most > least else 0 for one in counts]


def _liked(choice: Choice) -> list[int]:
    """NodeAffinity: the weight of preferred node affinity."""
    counts = [node_preference(node, choice.pod) for node in choice.feasible]
    most = max(counts)
    return [MOST * one // most if most else 0 for one in counts]


def _images(choice: Choice) -> list[int]:
    """ImageLocality: the size of images that need not be pulled; images on few nodes count less."""
    spec = choice.pod.spec
    names = [tagged(one.image) for one in (*spec.init_containers, *spec.containers)]
    there = {node.metadata.name: _sizes(node) for node in choice.nodes}
    shares = [sum(name in sizes for sizes in there.values()) / len(there) for name in names]
    found: list[int] = []
    for node in choice.feasible:
        here = there[node.metadata.name]
        total = sum(int(here.get(name, 0) * share) for name, share in zip(names, shares, strict=True))
        most = LARGE * len(names)
        found.append(MOST * (min(max(total, SMALL), most) - SMALL) // (most - SMALL))
    return found


def _sizes(node: Node) -> dict[str, int]:
    return {tagged(name): one.size_bytes for one in node.status.images for name in one.names}


def tagged(image: str) -> str:
    """An image with its tag.

    >>> tagged("registry:5000/app"), tagged("app:1")
    ('registry:5000/app:latest', 'app:1')
    """
    return image if ":" in image.rpartition("/")[2] else f"{image}:latest"

"""Which nodes a daemon is eligible for, and its pod for a node.

The scheduler's own predicates decide, so that no pod is created that would never be bound.

Source: NodeShouldRunDaemonPod in pkg/controller/daemon/daemon_controller.go,
pkg/controller/daemon/util/daemonset_util.go (v1.36).
"""

from enum import Enum

from msgspec.structs import replace

from kubeactors.api.apps.v1 import DaemonSet
from kubeactors.api.apps.v1.daemonset import TEMPLATE_GENERATION
from kubeactors.api.core.v1 import (
    Affinity,
    Node,
    NodeAffinity,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    Pod,
    PodSpec,
    Toleration,
)
from kubeactors.api.core.v1.placement import (
    NO_EXECUTE,
    NO_SCHEDULE,
    matches_required_node_affinity,
    required_node_selector,
    untolerated,
)
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.client import controller_reference
from kubeactors.controllers.history import REVISION_LABEL

GENERATION_LABEL = "pod-template-generation"
NODE_NAME_FIELD = "metadata.name"

_TOLERATED = (
    ("node.kubernetes.io/not-ready", NO_EXECUTE),
    ("node.kubernetes.io/unreachable", NO_EXECUTE),
    ("node.kubernetes.io/disk-pressure", NO_SCHEDULE),
    ("node.kubernetes.io/memory-pressure", NO_SCHEDULE),
    ("node.kubernetes.io/pid-pressure", NO_SCHEDULE),
    ("node.kubernetes.io/unschedulable", NO_SCHEDULE),
)
_OF_HOST_NETWORK = ("node.kubernetes.io/network-unavailable", NO_SCHEDULE)


class Fit(Enum):
    """Whether a daemon should run on a node."""

    RUNS = "runs"
    MAY_STAY = "may stay"
    """An existing pod keeps running, but none is created: the node does not admit new pods."""
    DOES_NOT = "does not"


class Placing:
    """Decides the placement of one DaemonSet; what is the same for all nodes is computed once."""

    def __init__(self, found: DaemonSet) -> None:
        self._found = found
        self._spec = found.spec.template.spec
        self._tolerations = daemon_tolerations(self._spec)

    def fit(self, node: Node) -> Fit:
        """Whether the daemon should run on this node."""
        spec, metadata = self._spec, node.metadata
        if spec.node_name and spec.node_name != metadata.name:
            return Fit.DOES_NOT
        if not matches_required_node_affinity(spec, metadata.labels, metadata.name):
            return Fit.DOES_NOT
        taints = node.spec.taints
        if not taints or untolerated(taints, self._tolerations, (NO_SCHEDULE, NO_EXECUTE)) is None:
            return Fit.RUNS
        return Fit.MAY_STAY if untolerated(taints, self._tolerations, (NO_EXECUTE,)) is None else Fit.DOES_NOT

    def pod(self, node: str, name: str, revision: str) -> Pod:
        """A new pod that the scheduler can bind to this node only."""
        found, template = self._found, self._found.spec.template
        labels = {**template.metadata.labels, REVISION_LABEL: revision}
        generation = found.metadata.annotations.get(TEMPLATE_GENERATION)
        if generation:
            labels[GENERATION_LABEL] = generation
        return Pod(
            metadata=ObjectMeta(
                name=name,
                generate_name=f"{found.metadata.name}-",
                namespace=found.metadata.namespace,
                labels=labels,
                annotations=template.metadata.annotations,
                finalizers=template.metadata.finalizers,
                owner_references=(controller_reference(found),),
            ),
            spec=replace(self._spec, affinity=pinned(self._spec.affinity, node), tolerations=self._tolerations),
        )


def daemon_tolerations(spec: PodSpec) -> tuple[Toleration, ...]:
    """The tolerations of the template, and those that keep daemons on nodes in trouble."""
    tolerations = list(spec.tolerations)
    for key, effect in (*_TOLERATED, *((_OF_HOST_NETWORK,) if spec.host_network else ())):
        added = Toleration(key=key, operator="Exists", effect=effect)
        same = next((i for i, one in enumerate(tolerations) if _is_about_the_same(one, added)), None)
        if same is None:
            tolerations.append(added)
        else:
            tolerations[same] = added
    return tuple(tolerations)


def pinned(affinity: Affinity | None, node: str) -> Affinity:
    """The affinity with its required node terms replaced by one that names the node.

    >>> pinned(None, "a").node_affinity is not None
    True
    """
    requirement = NodeSelectorRequirement(key=NODE_NAME_FIELD, operator="In", values=(node,))
    selector = NodeSelector(node_selector_terms=(NodeSelectorTerm(match_fields=(requirement,)),))
    present = affinity or Affinity()
    nodes = replace(
        present.node_affinity or NodeAffinity(), required_during_scheduling_ignored_during_execution=selector
    )
    return replace(present, node_affinity=nodes)


def target_of(pod: Pod) -> str:
    """The node that a daemon's pod is bound to or pinned to; empty if neither."""
    if pod.spec.node_name:
        return pod.spec.node_name
    required = required_node_selector(pod.spec)
    for term in required.node_selector_terms if required is not None else ():
        for one in term.match_fields:
            if one.key == NODE_NAME_FIELD and one.operator == "In" and len(one.values) == 1:
                return one.values[0]
    return ""


def _is_about_the_same(one: Toleration, other: Toleration) -> bool:
    return (one.key, one.effect, one.operator or "Equal", one.value) == (
        other.key,
        other.effect,
        other.operator,
        other.value,
    )

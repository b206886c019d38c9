"""Whether nodes accept pods, and have the capacity for them."""

from collections.abc import Iterable

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.api.core.v1.demand import demand
from kubeactors.api.core.v1.placement import untolerated
from kubeactors.apimachinery.quantity import milli_value, value
from kubeactors.sim.bounds.rollouts import FINISHED

NO_SCHEDULE = ("NoSchedule", "NoExecute")


VISITOR = "example.com/visitor"
"""The label and the taint of foreign nodes, on which no kubelet runs."""


def is_ours(node: Node) -> bool:
    """Whether a simulated kubelet runs there."""
    return VISITOR not in node.metadata.labels


def is_schedulable(node: Node, pod: Pod | None = None) -> bool:
    """Whether a node is ready and schedulable, in general or for this pod."""
    if pod is not None and target(pod) not in {"", node.metadata.name}:
        return False
    ready = any(one.type == "Ready" and one.status == "True" for one in node.status.conditions)
    return ready and not node.spec.unschedulable and not any(one.effect in NO_SCHEDULE for one in node.spec.taints)


def admits(node: Node, pod: Pod) -> bool:
    """Whether a scheduler may bind this pod to a node, by its taints, which may lag behind its conditions."""
    tolerated = untolerated(node.spec.taints, pod.spec.tolerations, NO_SCHEDULE) is None
    return tolerated and not node.spec.unschedulable and target(pod) in {"", node.metadata.name}


def has_capacity(node: Node, pods: Iterable[Pod]) -> bool:
    """Whether these pods, without the finished ones, fit a node's allocatable CPU, memory and number of pods."""
    room, present = node.status.allocatable, [one for one in pods if one.status.phase not in FINISHED]
    wanted = [demand(one.spec) for one in present]
    return (
        len(present) <= int(room.get("pods", "0"))
        and sum(one.milli_cpu for one in wanted) <= milli_value(room.get("cpu", "0"))
        and sum(one.memory for one in wanted) <= value(room.get("memory", "0"))
    )


def has_less_capacity(node: Node, other: Node) -> bool:
    """Whether a node has less of any resource than another one, or than the same one at another time."""
    room = node.status.allocatable
    return any(value(room.get(name, "0")) < value(amount) for name, amount in other.status.allocatable.items())


def target(pod: Pod) -> str:
    """The node that a pod is bound to, or, for a daemon pod, meant for; empty if there is none."""
    affinity = pod.spec.affinity.node_affinity if pod.spec.affinity is not None else None
    required = affinity.required_during_scheduling_ignored_during_execution if affinity is not None else None
    for term in required.node_selector_terms if required is not None else ():
        for one in term.match_fields:
            if one.key == "metadata.name" and one.values:
                return one.values[0]
    return pod.spec.node_name

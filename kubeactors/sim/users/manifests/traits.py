"""Pods with special features: several containers, hooks, placement constraints and preferences."""

from typing import Literal

from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    Affinity,
    Container,
    ContainerPort,
    Lifecycle,
    LifecycleHandler,
    NodeAffinity,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    PodAffinity,
    PodAffinityTerm,
    PodAntiAffinity,
    PodSpec,
    PreferredSchedulingTerm,
    SleepAction,
    TopologySpreadConstraint,
    WeightedPodAffinityTerm,
)
from kubeactors.apimachinery.meta import LabelSelector
from kubeactors.sim.bounds.placement import HOST
from kubeactors.sim.users.manifests.checks import with_settings
from kubeactors.sim.workload import Trait

HOST_PORT = 8080
AVOIDED, PREFERRED = "node-3", "node-2"
WEIGHT = 10
"""The weight of preferences."""

LIFECYCLE = Lifecycle(
    post_start=LifecycleHandler(sleep=SleepAction(seconds=1)), pre_stop=LifecycleHandler(sleep=SleepAction(seconds=2))
)


def with_trait(spec: PodSpec, trait: Trait, labels: dict[str, str]) -> PodSpec:
    """The same pods with a trait.

    Args:
        spec: of plain pods, with one container.
        trait: see `Trait`.
        labels: that all of these pods have, and no others.
    """
    container, selector = spec.containers[0], LabelSelector(match_labels=labels)
    near = PodAffinityTerm(label_selector=selector, topology_key=HOST)
    match trait:
        case "spread":
            return replace(spec, topology_spread_constraints=(_evenly(selector, "DoNotSchedule"),))
        case "rather-spread":
            return replace(spec, topology_spread_constraints=(_evenly(selector, "ScheduleAnyway"),))
        case "apart":
            apart = PodAntiAffinity(required_during_scheduling_ignored_during_execution=(near,))
            return replace(spec, affinity=Affinity(pod_anti_affinity=apart))
        case "together":
            together = PodAffinity(required_during_scheduling_ignored_during_execution=(near,))
            return replace(spec, affinity=Affinity(pod_affinity=together))
        case "elsewhere":
            return replace(spec, affinity=Affinity(node_affinity=_elsewhere()))
        case "rather-apart" | "rather-together" | "rather-there":
            return replace(spec, affinity=_preference(trait, near))
        case "port":
            port = ContainerPort(container_port=HOST_PORT, host_port=HOST_PORT)
            return replace(spec, containers=(replace(container, ports=(*container.ports, port)),))
        case "helper" | "preparation" | "sidecar" | "hooks" | "settings":
            return _equipped(spec, trait)
        case "":
            return spec


def _preference(trait: Literal["rather-apart", "rather-together", "rather-there"], near: PodAffinityTerm) -> Affinity:
    """Preferred, not required, affinity."""
    wishes = (WeightedPodAffinityTerm(weight=WEIGHT, pod_affinity_term=near),)
    match trait:
        case "rather-apart":
            return Affinity(
                pod_anti_affinity=PodAntiAffinity(preferred_during_scheduling_ignored_during_execution=wishes)
            )
        case "rather-together":
            return Affinity(pod_affinity=PodAffinity(preferred_during_scheduling_ignored_during_execution=wishes))
        case "rather-there":
            there = NodeSelectorRequirement(key=HOST, operator="In", values=(PREFERRED,))
            term = PreferredSchedulingTerm(weight=WEIGHT, preference=NodeSelectorTerm(match_expressions=(there,)))
            return Affinity(node_affinity=NodeAffinity(preferred_during_scheduling_ignored_during_execution=(term,)))


def _equipped(spec: PodSpec, trait: Literal["helper", "preparation", "sidecar", "hooks", "settings"]) -> PodSpec:
    """With additional containers, or hooks, or ConfigMaps."""
    container = spec.containers[0]
    match trait:
        case "helper":
            return replace(spec, containers=(container, _beside(container, "helper")))
        case "preparation":
            return replace(
                spec, init_containers=(*spec.init_containers, Container(name="preparation", image=container.image))
            )
        case "sidecar":
            sidecar = Container(name="sidecar", image=container.image, restart_policy="Always")
            return replace(spec, init_containers=(*spec.init_containers, sidecar))
        case "hooks":
            return replace(spec, containers=(replace(container, lifecycle=LIFECYCLE),))
        case "settings":
            return with_settings(spec)


def _beside(container: Container, name: str) -> Container:
    """A container that does the same, without probes and ports."""
    return replace(container, name=name, ports=(), startup_probe=None, readiness_probe=None, liveness_probe=None)


def _evenly(selector: LabelSelector, otherwise: str) -> TopologySpreadConstraint:
    return TopologySpreadConstraint(
        max_skew=1, topology_key=HOST, when_unsatisfiable=otherwise, label_selector=selector
    )


def _elsewhere() -> NodeAffinity:
    other = NodeSelectorRequirement(key=HOST, operator="NotIn", values=(AVOIDED,))
    term = NodeSelectorTerm(match_expressions=(other,))
    return NodeAffinity(required_during_scheduling_ignored_during_execution=NodeSelector(node_selector_terms=(term,)))

"""Scheduling constraints: affinity, taints, tolerations, topology spread.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from typing import ClassVar

from kubeactors.apimachinery.meta import LabelSelector, Object, Time, always


class NodeSelectorRequirement(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A requirement on a label or field of a node."""

    key: str = always("")
    operator: str = always("")
    values: tuple[str, ...] = ()


class NodeSelectorTerm(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Requirements that must all hold. An empty term matches no node."""

    atomic: ClassVar[bool] = True
    match_expressions: tuple[NodeSelectorRequirement, ...] = ()
    match_fields: tuple[NodeSelectorRequirement, ...] = ()


class NodeSelector(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Terms of which one must match."""

    atomic: ClassVar[bool] = True
    node_selector_terms: tuple[NodeSelectorTerm, ...] = always(())


class PreferredSchedulingTerm(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A term that adds `weight` to the score of a node that matches."""

    weight: int = always(0)
    preference: NodeSelectorTerm = always(NodeSelectorTerm())


class NodeAffinity(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The required and the preferred nodes of a pod."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredSchedulingTerm, ...] = ()


class PodAffinityTerm(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Pods to be near to, or away from: selected by labels, "near" being one value of `topology_key`."""

    label_selector: LabelSelector | None = None
    namespaces: tuple[str, ...] = ()
    topology_key: str = always("")
    namespace_selector: LabelSelector | None = None
    match_label_keys: tuple[str, ...] = ()
    mismatch_label_keys: tuple[str, ...] = ()


class WeightedPodAffinityTerm(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A term that adds `weight` to the score of a node that satisfies it."""

    weight: int = always(0)
    pod_affinity_term: PodAffinityTerm = always(PodAffinityTerm())


class PodAffinity(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The pods that this pod must, or should, be placed with."""

    required_during_scheduling_ignored_during_execution: tuple[PodAffinityTerm, ...] = ()
    preferred_during_scheduling_ignored_during_execution: tuple[WeightedPodAffinityTerm, ...] = ()


class PodAntiAffinity(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The pods that this pod must not, or should not, be placed with."""

    required_during_scheduling_ignored_during_execution: tuple[PodAffinityTerm, ...] = ()
    preferred_during_scheduling_ignored_during_execution: tuple[WeightedPodAffinityTerm, ...] = ()


class Affinity(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Constraints on where a pod may run."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAntiAffinity | None = None


class Taint(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Repels pods that do not tolerate it."""

    key: str = always("")
    value: str = ""
    effect: str = always("")
    time_added: Time | None = None


class Toleration(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Lets a pod run despite matching taints."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


class TopologySpreadConstraint(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How evenly pods must be spread over the values of a node label."""

    max_skew: int = always(0)
    topology_key: str = always("")
    when_unsatisfiable: str = always("")
    label_selector: LabelSelector | None = None
    min_domains: int | None = None
    node_affinity_policy: str | None = None
    node_taints_policy: str | None = None
    match_label_keys: tuple[str, ...] = ()

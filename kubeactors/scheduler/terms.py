"""Inter-pod affinity terms, in a form that can be compared and counted.

Source: k8s.io/kube-scheduler/framework/types.go, AffinityTerm; pkg/registry/core/pod/strategy.go for label keys (v1.36).
"""

from enum import IntEnum
from functools import lru_cache

import msgspec

from kubeactors.api.core.v1 import Affinity, PodAffinity, PodAntiAffinity
from kubeactors.api.core.v1.affinity import PodAffinityTerm
from kubeactors.apimachinery.labels import Selector, of_object
from kubeactors.apimachinery.requirement import IN, NOT_IN, requirement

Labels = tuple[tuple[str, str], ...]


class TermKind(IntEnum):
    """Affinity or anti-affinity, required or preferred."""

    REQUIRED_AFFINITY = 1
    REQUIRED_ANTI_AFFINITY = 2
    PREFERRED_AFFINITY = 3
    PREFERRED_ANTI_AFFINITY = 4


class Target(msgspec.Struct, frozen=True):
    """The pods that a term matches: in these namespaces, or in those that match the namespace selector."""

    namespaces: tuple[str, ...]
    namespace_selector: Selector | None
    selector: Selector


class Term(msgspec.Struct, frozen=True):
    """A term of a pod. Equal terms of different pods count as one."""

    kind: TermKind
    target: Target
    topology_key: str
    weight: int = 0


@lru_cache(maxsize=4096)
def terms_of(namespace: str, labels: Labels, affinity: bytes) -> tuple[Term, ...]:
    """All terms of a pod.

    Args:
        namespace: the pod's; the default for terms that name none.
        labels: the pod's labels that its terms refer to.
        affinity: the pod's, as JSON, so that equal affinities are parsed once.


    >>> terms_of("default", (), b"{}")
    ()
    """
    spec = msgspec.json.decode(affinity, type=Affinity)
    near, away = spec.pod_affinity or PodAffinity(), spec.pod_anti_affinity or PodAntiAffinity()
    required = (
        (TermKind.REQUIRED_AFFINITY, near.required_during_scheduling_ignored_during_execution),
        (TermKind.REQUIRED_ANTI_AFFINITY, away.required_during_scheduling_ignored_during_execution),
    )
    preferred = (
        (TermKind.PREFERRED_AFFINITY, near.preferred_during_scheduling_ignored_during_execution),
        (TermKind.PREFERRED_ANTI_AFFINITY, away.preferred_during_scheduling_ignored_during_execution),
    )
    own = dict(labels)
    return (
        *(Term(kind, _target(namespace, own, one), one.topology_key) for kind, several in required for one in several),
        *(
            Term(
                kind,
                _target(namespace, own, one.pod_affinity_term),
                one.pod_affinity_term.topology_key,
                one.weight,
            )
            for kind, several in preferred
            for one in several
        ),
    )


def _target(namespace: str, labels: dict[str, str], term: PodAffinityTerm) -> Target:
    namespaces = tuple(sorted(term.namespaces))
    if not namespaces and term.namespace_selector is None:
        namespaces = (namespace,)
    everywhere = None if term.namespace_selector is None else of_object(term.namespace_selector)
    selector = of_object(term.label_selector)
    added = [
        requirement(key, operator, (labels[key],))
        for operator, keys in ((IN, term.match_label_keys), (NOT_IN, term.mismatch_label_keys))
        for key in keys
        if key in labels
    ]
    if added and term.label_selector is not None:
        selector = Selector((*selector.requirements, *(one for one in added if one not in selector.requirements)))
    return Target(namespaces, everywhere, selector)

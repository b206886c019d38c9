"""Evaluates the checks of a level as of a version.

Source: k8s.io/pod-security-admission/policy/registry.go (v1.36).
"""

from collections.abc import Iterable
from functools import cache

from kubeactors.api.core.v1 import PodSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apiserver.admission.pod_security import baseline, restricted
from kubeactors.apiserver.admission.pod_security.checks import Check, Versioned, Violation
from kubeactors.apiserver.admission.pod_security.levels import LATEST, PRIVILEGED, RESTRICTED, Level


def violations(level: Level, metadata: ObjectMeta, spec: PodSpec) -> tuple[Violation, ...]:
    """The violations of a level by a pod.

    >>> [str(one) for one in violations(Level("baseline"), ObjectMeta(), PodSpec(host_pid=True))]
    ['host namespaces (hostPID=true)']
    """
    found = (check(metadata, spec) for check in checks_of(level))
    return tuple(one for one in found if one is not None)


@cache
def checks_of(level: Level) -> tuple[Check, ...]:
    """The checks, in the order in which violations are reported: those of the baseline level first."""
    if level.name == PRIVILEGED:
        return ()
    minor = LATEST if level.minor is None else min(level.minor, LATEST)
    basic = _as_of(minor, baseline.CHECKS)
    if level.name != RESTRICTED:
        return tuple(one.check for one in basic.values())
    strict = _as_of(minor, restricted.CHECKS)
    overridden = {one.overrides for one in strict.values()}
    kept = (one.check for one in basic.values() if one.id not in overridden)
    return (*kept, *(one.check for one in strict.values()))


def _as_of(minor: int, checks: Iterable[Versioned]) -> dict[str, Versioned]:
    return {one.id: one for one in checks if one.since <= minor}

"""The labels that a kubelet may not set, change or remove on its node.

Source: getForbiddenLabels in plugin/pkg/admission/noderestriction/admission.go,
kubelet/pkg/apis/well_known_labels.go (v1.36).
"""

from collections.abc import Mapping

_KUBELETS = frozenset(
    (
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "kubernetes.io/arch",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
        "node.kubernetes.io/instance-type",
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "beta.kubernetes.io/instance-type",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/arch",
    )
)
_KUBERNETES = ("kubernetes.io", "k8s.io")
_KUBELETS_DOMAINS = ("kubelet.kubernetes.io", "node.kubernetes.io")
_RESTRICTED = ("node-restriction.kubernetes.io",)


def forbidden_labels(new: Mapping[str, str], old: Mapping[str, str], allowed: frozenset[str]) -> list[str]:
    """The changed labels that a kubelet may not touch, in order; those in `allowed` it may.

    >>> forbidden_labels({"node-role.kubernetes.io/worker": "", "disk": "ssd"}, {}, frozenset())
    ['node-role.kubernetes.io/worker']
    """
    if new == old:
        return []
    changed = dict.fromkeys(key for key in (*new, *old) if new.get(key) != old.get(key))
    return sorted(key for key in changed if key not in allowed and _is_forbidden(key))


def _is_forbidden(key: str) -> bool:
    domain, slash, _ = key.partition("/")
    if not slash:
        return False
    if _is_below(domain, _RESTRICTED):
        return True
    return _is_below(domain, _KUBERNETES) and key not in _KUBELETS and not _is_below(domain, _KUBELETS_DOMAINS)


def _is_below(domain: str, parents: tuple[str, ...]) -> bool:
    return domain in parents or domain.endswith(tuple(f".{one}" for one in parents))

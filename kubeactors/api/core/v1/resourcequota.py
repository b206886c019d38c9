"""ResourceQuota: limits of the total usage of a namespace.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from typing import ClassVar

from kubeactors.apimachinery.meta import Object, Quantity, TypedObject, always

TERMINATING, NOT_TERMINATING = "Terminating", "NotTerminating"
BEST_EFFORT, NOT_BEST_EFFORT = "BestEffort", "NotBestEffort"
PRIORITY_CLASS = "PriorityClass"
CROSS_NAMESPACE_POD_AFFINITY = "CrossNamespacePodAffinity"
VOLUME_ATTRIBUTES_CLASS = "VolumeAttributesClass"

IN, NOT_IN, EXISTS, DOES_NOT_EXIST = "In", "NotIn", "Exists", "DoesNotExist"


class ScopedResourceSelectorRequirement(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A scope, with an operator and values for those scopes that have any."""

    scope_name: str = always("")
    operator: str = always("")
    values: tuple[str, ...] = ()


class ScopeSelector(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Requirements that must all hold."""

    atomic: ClassVar[bool] = True
    match_expressions: tuple[ScopedResourceSelectorRequirement, ...] = ()


class ResourceQuotaSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The hard limits, and the scopes that they apply to."""

    hard: dict[str, Quantity] = {}
    scopes: tuple[str, ...] = ()
    scope_selector: ScopeSelector | None = None


class ResourceQuotaStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The enforced limits, and the current usage."""

    hard: dict[str, Quantity] = {}
    used: dict[str, Quantity] = {}


class ResourceQuota(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Limits the total usage of a namespace."""

    api_version: str = "v1"
    kind: str = "ResourceQuota"
    spec: ResourceQuotaSpec = always(ResourceQuotaSpec())
    status: ResourceQuotaStatus = always(ResourceQuotaStatus())


def selectors_of(spec: ResourceQuotaSpec) -> tuple[ScopedResourceSelectorRequirement, ...]:
    """The requirements on an object for the quota to count it."""
    named = tuple(ScopedResourceSelectorRequirement(scope_name=one, operator=EXISTS) for one in spec.scopes)
    return named if spec.scope_selector is None else (*named, *spec.scope_selector.match_expressions)

"""Validation of ResourceQuotas."""

from collections.abc import Iterator, Mapping, Sequence

from kubeactors.api.core.v1.resourcequota import (
    BEST_EFFORT,
    CROSS_NAMESPACE_POD_AFFINITY,
    DOES_NOT_EXIST,
    EXISTS,
    IN,
    NOT_BEST_EFFORT,
    NOT_IN,
    NOT_TERMINATING,
    PRIORITY_CLASS,
    TERMINATING,
    VOLUME_ATTRIBUTES_CLASS,
    ResourceQuota,
    ResourceQuotaSpec,
    ScopedResourceSelectorRequirement,
)
from kubeactors.api.core.v1.validation.common import messages
from kubeactors.api.core.v1.validation.resources import standard_name, validate_amount
from kubeactors.apimachinery.field import FieldError, invalid, required

_COMPUTE = frozenset(
    ("cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory", "pods"),
)
_STANDARD = _COMPUTE | frozenset(
    (
        "ephemeral-storage", "requests.storage", "requests.ephemeral-storage", "limits.ephemeral-storage",
        "resourcequotas", "services", "replicationcontrollers", "secrets", "persistentvolumeclaims", "configmaps",
        "services.nodeports", "services.loadbalancers",
    )
)  # fmt: skip
_OF_SCOPE = {
    TERMINATING: _COMPUTE,
    NOT_TERMINATING: _COMPUTE,
    NOT_BEST_EFFORT: _COMPUTE,
    PRIORITY_CLASS: _COMPUTE,
    CROSS_NAMESPACE_POD_AFFINITY: _COMPUTE,
    BEST_EFFORT: frozenset({"pods"}),
    VOLUME_ATTRIBUTES_CLASS: frozenset({"persistentvolumeclaims", "requests.storage"}),
}
"""The resources to which a scope applies."""
_WITHOUT_VALUES = (BEST_EFFORT, NOT_BEST_EFFORT, TERMINATING, NOT_TERMINATING, CROSS_NAMESPACE_POD_AFFINITY)
_OPPOSITES = ((BEST_EFFORT, NOT_BEST_EFFORT), (TERMINATING, NOT_TERMINATING))


def validate_resource_quota(quota: ResourceQuota) -> Iterator[FieldError]:
    """The spec is valid.

    Source: ValidateResourceQuota in pkg/apis/core/validation/validation.go (v1.36).
    """
    return _spec(quota.spec)


def validate_resource_quota_update(new: ResourceQuota, old: ResourceQuota) -> Iterator[FieldError]:
    """Scopes are immutable."""
    yield from _spec(new.spec)
    if sorted(dict.fromkeys(new.spec.scopes)) != sorted(dict.fromkeys(old.spec.scopes)):
        yield invalid("spec.scopes", new.spec.scopes or None, "field is immutable")


def validate_resource_quota_status(new: ResourceQuota, _: ResourceQuota) -> Iterator[FieldError]:
    """The names in hard and used are valid."""
    yield from _amounts(new.status.hard, "status.hard")
    yield from _amounts(new.status.used, "status.used")


def _spec(spec: ResourceQuotaSpec) -> Iterator[FieldError]:
    yield from _amounts(spec.hard, "spec.hard")
    yield from _scopes(spec)
    if spec.scope_selector is not None:
        yield from _selector(spec, spec.scope_selector.match_expressions)


def _amounts(amounts: Mapping[str, str], path: str) -> Iterator[FieldError]:
    for name, amount in amounts.items():
        at = f"{path}[{name}]"
        yield from messages(at, name, standard_name(name))
        if "/" not in name and not _is_standard(name):
            yield invalid(at, name, "must be a standard resource for quota")
        yield from validate_amount(name, amount, at)


def _is_standard(name: str) -> bool:
    return name in _STANDARD or name.startswith(("hugepages-", "requests.hugepages-"))


def _misfits(scope: str, spec: ResourceQuotaSpec) -> list[str]:
    """Resources to which the scope does not apply."""
    allowed = _OF_SCOPE.get(scope)
    return [] if allowed is None else [one for one in sorted(spec.hard) if _is_standard(one) and one not in allowed]


def _scopes(spec: ResourceQuotaSpec) -> Iterator[FieldError]:
    path, scopes = "spec.scopes", spec.scopes
    for scope in scopes:
        if scope not in _OF_SCOPE:
            yield invalid(path, scopes, "unsupported scope")
        for _ in _misfits(scope, spec):
            yield invalid(path, scopes, "unsupported scope applied to resource")
    yield from _conflicts(scopes, spec, path)


def _conflicts(scopes: Sequence[str], spec: ResourceQuotaSpec, path: str) -> Iterator[FieldError]:
    for one, other in _OPPOSITES:
        if one in scopes and other in scopes:
            yield invalid(path, spec.scopes or None, "conflicting scopes")


def _selector(
    spec: ResourceQuotaSpec, requirements: Sequence[ScopedResourceSelectorRequirement]
) -> Iterator[FieldError]:
    path = "spec.scopeSelector.matchExpressions"
    for one in requirements:
        if one.scope_name not in _OF_SCOPE:
            yield invalid(f"{path}.scopeName", one.scope_name, "unsupported scope")
        for _ in _misfits(one.scope_name, spec):
            yield invalid(path, spec.scope_selector, "unsupported scope applied to resource")
        if one.scope_name in _WITHOUT_VALUES and one.operator != EXISTS:
            why = (
                "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
                "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or "
                "ResourceQuotaScopeCrossNamespacePodAffinity"
            )
            yield invalid(f"{path}.operator", one.operator, why)
        yield from _values(one, path)
    yield from _conflicts([one.scope_name for one in requirements], spec, path)


def _values(requirement: ScopedResourceSelectorRequirement, path: str) -> Iterator[FieldError]:
    operator, values = requirement.operator, requirement.values
    if operator in (IN, NOT_IN):
        if not values:
            why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            yield required(f"{path}.values", why)
    elif operator in (EXISTS, DOES_NOT_EXIST):
        if values:
            why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
            yield invalid(f"{path}.values", values, why)
    else:
        yield invalid(f"{path}.operator", operator, "not a valid selector operator")

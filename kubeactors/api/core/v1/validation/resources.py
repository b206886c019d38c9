"""Validation of requests and limits."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from kubeactors.api.core.v1.container import ContainerResizePolicy, ResourceClaim, ResourceRequirements
from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.resources import (
    CPU,
    EPHEMERAL_STORAGE,
    HUGE_PAGES_PREFIX,
    MEMORY,
    Resources,
    container_requests,
    is_huge_page,
    is_native_resource,
    is_pod_level_resource,
    may_overcommit,
)
from kubeactors.api.core.v1.validation.common import label, messages
from kubeactors.api.validation import validate_one_of
from kubeactors.apimachinery import names, quantity
from kubeactors.apimachinery.field import (
    NOT_FOUND,
    FieldError,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    shown,
)
from kubeactors.apimachinery.objectmeta import NEGATIVE

_OF_CONTAINERS = frozenset((CPU, MEMORY, EPHEMERAL_STORAGE))
_STANDARD = frozenset(
    (
        "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage",
        "limits.cpu", "limits.memory", "limits.ephemeral-storage", "pods", "resourcequotas", "services",
        "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims", "storage", "requests.storage",
        "services.nodeports", "services.loadbalancers",
    )
)  # fmt: skip
_INTEGERS = frozenset(
    (
        "pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
        "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
    )
)  # fmt: skip
_POD_LEVEL = (CPU, HUGE_PAGES_PREFIX, MEMORY)

NameCheck = Callable[[str, str], Iterator[FieldError]]
"""(name of a resource, path) -> the errors of the name."""


@lru_cache(maxsize=4096)
def standard_name(name: str) -> tuple[str, ...]:
    """A standard resource, or a qualified name.

    >>> standard_name("cpu"), standard_name("wheels")
    ((), ('must be a standard resource type or fully qualified',))
    """
    if wrong := names.qualified_name(name):
        return wrong
    if "/" in name or name in _STANDARD or is_huge_page(name):
        return ()
    return ("must be a standard resource type or fully qualified",)


@lru_cache(maxsize=4096)
def container_resource_name(name: str) -> tuple[str, ...]:
    """A resource that containers can request."""
    wrong = standard_name(name)
    if "/" not in name:
        if name not in _OF_CONTAINERS and not is_huge_page(name):
            return (*wrong, "must be a standard resource for containers")
    elif not is_native_resource(name) and not _is_extended(name):
        return (*wrong, "doesn't follow extended resource name standard")
    return wrong


def _is_extended(name: str) -> bool:
    return not name.startswith("requests.") and not names.qualified_name(f"requests.{name}")


@lru_cache(maxsize=4096)
def is_integer_resource(name: str) -> bool:
    """Whether a resource has integer quantities only."""
    return name in _INTEGERS or (not is_native_resource(name) and _is_extended(name))


def validate_amount(name: str, amount: str, path: str) -> Iterator[FieldError]:
    """Not negative, and an integer for integer resources."""
    parsed = quantity.parse(amount)
    if parsed.nanos < 0:
        yield invalid(path, parsed.text, NEGATIVE)
    if is_integer_resource(name) and quantity.milli_value(amount) % 1000:
        yield invalid(path, parsed.text, "must be an integer")


def validate_container_resources(
    resources: ResourceRequirements, claim_names: Sequence[str], path: str
) -> Iterator[FieldError]:
    """The requests, limits and claims of a container."""
    if resources.limits or resources.requests:
        yield from _requirements(resources, _container_name, path)
    if resources.claims:
        yield from _claims(resources.claims, claim_names, f"{path}.claims")


def validate_overhead(overhead: Resources, path: str) -> Iterator[FieldError]:
    """The rules of limits apply to overhead."""
    yield from _requirements(ResourceRequirements(limits=overhead), _container_name, path)


def validate_pod_resources(spec: PodSpec, resources: ResourceRequirements, path: str) -> Iterator[FieldError]:
    """Pod-level resources are at least the sum of the containers' requests."""
    if resources.claims:
        yield forbidden(f"{path}.claims", "claims cannot be set for Resources at pod-level")
    yield from _requirements(resources, _pod_level_name, path)
    for name, amount in container_requests(spec).items():
        given = resources.requests.get(name, "0")
        if quantity.compare(amount, given) > 0:
            why = f"must be greater than or equal to aggregate container requests of {amount}"
            yield invalid(f"{path}.requests[{name}]", given, why)
    for i, container in enumerate(spec.containers):
        for name, limit in container.resources.limits.items():
            most = resources.limits.get(name)
            if most is not None and quantity.compare(limit, most) > 0:
                why = f"must be less than or equal to pod limits of {most}"
                yield invalid(f"{path}.containers[{i}][{name}].limits", limit, why)


def validate_resize_policy(
    policies: tuple[ContainerResizePolicy, ...], pod_restart_policy: str, path: str
) -> Iterator[FieldError]:
    """Resources are unique and resizable. Errors name the list, as in Kubernetes."""
    seen: dict[str, None] = {}
    for i, policy in enumerate(policies):
        if policy.resource_name in seen:
            yield duplicate(f"{path}[{i}]", policy.resource_name)
        seen[policy.resource_name] = None
        yield from validate_one_of(policy.resource_name, path, (CPU, MEMORY))
        yield from validate_one_of(policy.restart_policy, path, ("NotRequired", "RestartContainer"))
        if pod_restart_policy == "Never" and policy.restart_policy != "NotRequired":
            yield invalid(path, policy.restart_policy, "must be 'NotRequired' when `restartPolicy` is 'Never'")


def _container_name(name: str, path: str) -> Iterator[FieldError]:
    yield from messages(path, name, container_resource_name(name))


def _pod_level_name(name: str, path: str) -> Iterator[FieldError]:
    if wrong := standard_name(name):
        yield from messages(path, name, wrong)
    elif not is_pod_level_resource(name):
        yield not_supported(path, name, _POD_LEVEL)


def _requirements(resources: ResourceRequirements, check_name: NameCheck, path: str) -> Iterator[FieldError]:
    limits, requests = resources.limits, resources.requests
    for name, amount in limits.items():
        key = f"{path}.limits[{name}]"
        yield from check_name(name, key)
        yield from validate_amount(name, amount, key)
        yield from _whole_pages(name, amount, key)
    for name, amount in requests.items():
        key = f"{path}.requests[{name}]"
        yield from check_name(name, key)
        yield from validate_amount(name, amount, key)
        yield from _within_limit(name, amount, limits.get(name), path)
        yield from _whole_pages(name, amount, key)
    given = (*limits, *requests)
    if any(map(is_huge_page, given)) and CPU not in given and MEMORY not in given:
        yield forbidden(path, "HugePages require cpu or memory")


def _within_limit(name: str, amount: str, limit: str | None, path: str) -> Iterator[FieldError]:
    if limit is None:
        if not may_overcommit(name):
            yield required(f"{path}.limits", "Limit must be set for non overcommitable resources")
        return
    order = quantity.compare(amount, limit)
    if order and not may_overcommit(name):
        yield invalid(f"{path}.requests", amount, f"must be equal to {name} limit of {limit}")
    elif order > 0:
        yield invalid(f"{path}.requests", amount, f"must be less than or equal to {name} limit of {limit}")


def _whole_pages(name: str, amount: str, path: str) -> Iterator[FieldError]:
    if is_huge_page(name) and not _is_multiple(amount, name.removeprefix(HUGE_PAGES_PREFIX)):
        yield invalid(path, amount, f"{amount} is not positive integer multiple of {name}")


def _is_multiple(amount: str, page: str) -> bool:
    try:
        size = quantity.value(page)
    except quantity.QuantityError:
        return False
    return size > 0 and quantity.sign(amount) >= 0 and quantity.value(amount) % size == 0


def _claims(claims: tuple[ResourceClaim, ...], known: Sequence[str], path: str) -> Iterator[FieldError]:
    seen: dict[str, None] = {}
    for i, claim in enumerate(claims):
        if not claim.name:
            yield required(f"{path}[{i}]")
            continue
        yield from _repeated(claim, seen, f"{path}[{i}]")
        if claim.name not in known:
            names_ = f": {', '.join(sorted(known))}" if known else " which is empty"
            why = f"must be one of the names in pod.spec.resourceClaims{names_}"
            yield FieldError(f"{path}[{i}]", NOT_FOUND, f"Not found: {shown(claim.name)}: {why}")


def _repeated(claim: ResourceClaim, seen: dict[str, None], path: str) -> Iterator[FieldError]:
    """A claim and a request of it exclude each other."""
    if claim.name in seen:
        yield duplicate(path, claim.name)
        return
    if claim.request:
        yield from label(f"{path}.request", claim.request)
    key = f"{claim.name}/{claim.request}" if claim.request else claim.name
    if key in seen:
        yield duplicate(path, key)
    elif not claim.request:
        for other in seen:
            if other.startswith(f"{claim.name}/"):
                yield duplicate(path, claim.name)
    seen[key] = None

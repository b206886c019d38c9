"""Validation of LimitRanges."""

from collections.abc import Iterator, Mapping

from kubeactors.api.core.v1.limitrange import CLAIM, CONTAINER, POD, LimitRange, LimitRangeItem
from kubeactors.api.core.v1.resources import may_overcommit
from kubeactors.api.core.v1.validation.common import messages
from kubeactors.api.core.v1.validation.resources import container_resource_name, standard_name
from kubeactors.apimachinery import names, quantity
from kubeactors.apimachinery.field import FieldError, duplicate, forbidden, invalid, required

_TYPES = (POD, CONTAINER, CLAIM)


def validate_limit_range(limit_range: LimitRange) -> Iterator[FieldError]:
    """Types are unique, and defaults are within the bounds.

    Source: ValidateLimitRange in pkg/apis/core/validation/validation.go (v1.36).
    """
    seen: dict[str, None] = {}
    for i, item in enumerate(limit_range.spec.limits or ()):
        path = f"spec.limits[{i}]"
        yield from _type(item.type, f"{path}.type")
        if item.type in seen:
            yield duplicate(f"{path}.type", item.type)
        seen[item.type] = None
        yield from _item(item, path)


def validate_limit_range_update(new: LimitRange, _: LimitRange) -> Iterator[FieldError]:
    """The same as for a new one."""
    return validate_limit_range(new)


def _type(name: str, path: str) -> Iterator[FieldError]:
    if wrong := names.qualified_name(name):
        yield from messages(path, name, wrong)
    elif "/" not in name and name not in _TYPES:
        yield invalid(path, name, "must be a standard limit type or fully qualified")


def _item(item: LimitRangeItem, path: str) -> Iterator[FieldError]:
    yield from _names(item.type, item.max, f"{path}.max")
    yield from _names(item.type, item.min, f"{path}.min")
    if item.type == POD:
        why = "may not be specified when `type` is 'Pod'"
        if item.default:
            yield forbidden(f"{path}.default", why)
        if item.default_request:
            yield forbidden(f"{path}.defaultRequest", why)
    else:
        yield from _names(item.type, item.default, f"{path}.default")
        yield from _names(item.type, item.default_request, f"{path}.defaultRequest")
    if item.type == CLAIM and "storage" not in item.min and "storage" not in item.max:
        why = "either minimum or maximum storage value is required, but neither was provided"
        yield required(f"{path}.limits", why)
    yield from _names(item.type, item.max_limit_request_ratio, f"{path}.maxLimitRequestRatio")
    known = (item.max, item.min, item.default, item.default_request, item.max_limit_request_ratio)
    for name in sorted({key: None for bounds in known for key in bounds}):
        yield from _bounds(item, name, path)


def _names(type_: str, amounts: Mapping[str, str], path: str) -> Iterator[FieldError]:
    rule = container_resource_name if type_ in (POD, CONTAINER) else standard_name
    for name in amounts:
        yield from messages(f"{path}[{name}]", name, rule(name))


def _bounds(item: LimitRangeItem, name: str, path: str) -> Iterator[FieldError]:
    """Minimum, default request, default and maximum of a resource are in order."""
    least, most = item.min.get(name), item.max.get(name)
    is_pod = item.type == POD
    default = None if is_pod else item.default.get(name)
    request = None if is_pod else item.default_request.get(name)
    if _above(least, most):
        yield invalid(f"{path}.min[{name}]", least, f"min value {least} is greater than max value {most}")
    at = f"{path}.defaultRequest[{name}]"
    if _above(least, request):
        yield invalid(at, request, f"min value {least} is greater than default request value {request}")
    if _above(request, most):
        yield invalid(at, request, f"default request value {request} is greater than max value {most}")
    if _above(request, default):
        yield invalid(at, request, f"default request value {request} is greater than default limit value {default}")
    if _above(least, default):
        yield invalid(f"{path}.default[{name}]", least, f"min value {least} is greater than default value {default}")
    if _above(default, most):
        yield invalid(f"{path}.default[{name}]", most, f"default value {default} is greater than max value {most}")
    yield from _ratio(item, name, f"{path}.maxLimitRequestRatio[{name}]")
    given = default is not None and request is not None
    if given and not may_overcommit(name) and quantity.compare(default or "", request or ""):
        yield invalid(at, request, f"default value {default} must equal to defaultRequest value {request} in {name}")


def _ratio(item: LimitRangeItem, name: str, path: str) -> Iterator[FieldError]:
    ratio = item.max_limit_request_ratio.get(name)
    if ratio is None:
        return
    if quantity.compare(ratio, "1") < 0:
        yield invalid(path, ratio, f"ratio {ratio} is less than 1")
    if name in item.min and name in item.max and quantity.sign(item.min[name]):
        limit = quantity.milli_value(item.max[name]) / quantity.milli_value(item.min[name])
        if quantity.milli_value(ratio) / 1000 > limit:
            yield invalid(path, ratio, f"ratio {ratio} is greater than max/min = {limit:f}")


def _above(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and quantity.compare(one, other) > 0

"""LimitRange: defaults and bounds for the pods, containers and claims of a namespace.

Source: k8s.io/api/core/v1/types.go, pkg/apis/core/v1/defaults.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.apimachinery.meta import Object, Quantity, TypedObject, always

POD, CONTAINER, CLAIM = "Pod", "Container", "PersistentVolumeClaim"
"""The types of limits."""


class LimitRangeItem(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The defaults and bounds of a type of objects."""

    type: str = always("")
    max: dict[str, Quantity] = {}
    min: dict[str, Quantity] = {}
    default: dict[str, Quantity] = {}
    default_request: dict[str, Quantity] = {}
    max_limit_request_ratio: dict[str, Quantity] = {}


class LimitRangeSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The limits of a namespace."""

    limits: tuple[LimitRangeItem, ...] | None = always(None)


class LimitRange(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Defaults and bounds for individual objects of a namespace."""

    api_version: str = "v1"
    kind: str = "LimitRange"
    spec: LimitRangeSpec = always(LimitRangeSpec())


def default_limit_range(limit_range: LimitRange) -> LimitRange:
    """The default limit of containers is the maximum; the default request is the default limit, or the minimum.

    >>> item = LimitRangeItem(type="Container", max={"cpu": "1"}, min={"memory": "1Mi"})
    >>> (made,) = default_limit_range(LimitRange(spec=LimitRangeSpec(limits=(item,)))).spec.limits
    >>> made.default, made.default_request
    ({'cpu': '1'}, {'memory': '1Mi', 'cpu': '1'})
    """
    limits = limit_range.spec.limits
    if not limits:
        return limit_range
    made = tuple(map(_defaulted, limits))
    return limit_range if made == limits else replace(limit_range, spec=LimitRangeSpec(limits=made))


def _defaulted(item: LimitRangeItem) -> LimitRangeItem:
    if item.type != CONTAINER:
        return item
    default = {**item.max, **item.default}
    return replace(item, default=default, default_request={**item.min, **default, **item.default_request})

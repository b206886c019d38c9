"""LimitRanger: applies the defaults of LimitRanges to pods, and enforces their bounds on pods and claims.

Source: plugin/pkg/admission/limitranger/admission.go (v1.36).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias, cast

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, Pod
from kubeactors.api.core.v1.limitrange import CLAIM, CONTAINER, POD, LimitRange, LimitRangeItem
from kubeactors.api.core.v1.persistentvolumeclaim import PersistentVolumeClaim
from kubeactors.api.core.v1.resources import Resources, container_limits, container_requests
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import aggregate
from kubeactors.apiserver.admission.plugin import CREATE, DELETE, UPDATE, Attributes, Lookup, Plugin, refused
from kubeactors.apiserver.objects import PODS

LIMIT_RANGES = GroupVersionResource("", "v1", "limitranges")
CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")
ANNOTATION = "kubernetes.io/limit-ranger"
RESIZE = "resize"

_Rule: TypeAlias = Callable[[str, str, str, Mapping[str, str], Mapping[str, str]], str]
"""(type, resource, bound, requests, limits) -> the error; empty if there is none."""


class LimitRanger(Plugin):
    """Completes pods, and rejects pods and claims outside the bounds."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Creation and resizing of pods, and creation and updates of claims."""
        if kind.gvr == PODS:
            return operation == CREATE if not subresource else operation == UPDATE and subresource == RESIZE
        return kind.gvr == CLAIMS and not subresource and operation != DELETE

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The pod with default requests and limits for its containers."""
        if isinstance(value, Pod):
            for limit_range in self._limit_ranges(attributes):
                value = with_defaults(value, limit_range)
        return value

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Check all bounds; the first LimitRange that is violated rejects the request."""
        assert value is not None, "deletions do not come here"
        if attributes.old is not None and attributes.old.metadata.deletion_timestamp is not None:
            return
        for limit_range in self._limit_ranges(attributes):
            items = limit_range.spec.limits or ()
            found = _of_pod(value, items) if isinstance(value, Pod) else _of_claim(value, items)
            if wrong := tuple(found):
                raise refused(value, attributes, aggregate(wrong))

    def _limit_ranges(self, attributes: Attributes) -> Iterator[LimitRange]:
        return cast("Iterator[LimitRange]", self._lookup.select(LIMIT_RANGES, attributes.namespace))


def with_defaults(pod: Pod, limit_range: LimitRange) -> Pod:
    """The pod with the defaults of a LimitRange; an annotation lists what was set."""
    limits: Resources = {}
    requests: Resources = {}
    for item in limit_range.spec.limits or ():
        if item.type == CONTAINER:
            limits |= item.default
            requests |= item.default_request
    if not limits and not requests:
        return pod
    said: list[str] = []
    containers = tuple(_completed(one, requests, limits, "container", said) for one in pod.spec.containers)
    init = tuple(_completed(one, requests, limits, "init container", said) for one in pod.spec.init_containers)
    if not said:
        return pod
    annotations = {**pod.metadata.annotations, ANNOTATION: f"LimitRanger plugin set: {'; '.join(said)}"}
    return replace(
        pod,
        metadata=replace(pod.metadata, annotations=annotations),
        spec=replace(pod.spec, containers=containers, init_containers=init),
    )


def _completed(container: Container, requests: Resources, limits: Resources, what: str, said: list[str]) -> Container:
    own = container.resources
    new_requests = sorted(one for one in requests if one not in own.requests)
    new_limits = sorted(one for one in limits if one not in own.limits)
    if new_requests:
        said.append(f"{', '.join(new_requests)} request for {what} {container.name}")
    if new_limits:
        said.append(f"{', '.join(new_limits)} limit for {what} {container.name}")
    if not new_requests and not new_limits:
        return container
    merged = replace(own, requests={**requests, **own.requests}, limits={**limits, **own.limits})
    return replace(container, resources=merged)


def _of_pod(pod: Pod, items: Iterable[LimitRangeItem]) -> Iterator[str]:
    for item in items:
        if item.type == CONTAINER:
            for one in (*pod.spec.containers, *pod.spec.init_containers):
                yield from _wrong(item, one.resources.requests, one.resources.limits)
        elif item.type == POD:
            yield from _wrong(item, container_requests(pod.spec), container_limits(pod.spec))


def _of_claim(value: TypedObject, items: Iterable[LimitRangeItem]) -> Iterator[str]:
    requests = cast("PersistentVolumeClaim", value).spec.resources.requests
    for item in items:
        if item.type == CLAIM:
            yield from _checked(_too_little, item.type, item.min, requests, {})
            yield from _checked(_requests_too_much, item.type, item.max, requests, {})


def _wrong(item: LimitRangeItem, requests: Mapping[str, str], limits: Mapping[str, str]) -> Iterator[str]:
    yield from _checked(_too_little, item.type, item.min, requests, limits)
    yield from _checked(_too_much, item.type, item.max, requests, limits)
    yield from _checked(_out_of_proportion, item.type, item.max_limit_request_ratio, requests, limits)


def _checked(
    rule: _Rule, type_: str, bounds: Mapping[str, str], requests: Mapping[str, str], limits: Mapping[str, str]
) -> Iterator[str]:
    for name in sorted(bounds):
        if wrong := rule(type_, name, bounds[name], requests, limits):
            yield wrong


def _too_little(type_: str, name: str, bound: str, requests: Mapping[str, str], limits: Mapping[str, str]) -> str:
    rule = f"minimum {name} usage per {type_} is {bound}"
    if name not in requests:
        return f"{rule}. No request is specified"
    if quantity.compare(requests[name], bound) < 0:
        return f"{rule}, but request is {requests[name]}"
    if name in limits and quantity.compare(limits[name], bound) < 0:
        return f"{rule}, but limit is {limits[name]}"
    return ""


def _too_much(type_: str, name: str, bound: str, requests: Mapping[str, str], limits: Mapping[str, str]) -> str:
    rule = f"maximum {name} usage per {type_} is {bound}"
    if name not in limits:
        return f"{rule}. No limit is specified"
    if quantity.compare(limits[name], bound) > 0:
        return f"{rule}, but limit is {limits[name]}"
    if name in requests and quantity.compare(requests[name], bound) > 0:
        return f"{rule}, but request is {requests[name]}"
    return ""


def _requests_too_much(
    type_: str, name: str, bound: str, requests: Mapping[str, str], limits: Mapping[str, str]
) -> str:
    del limits
    rule = f"maximum {name} usage per {type_} is {bound}"
    if name not in requests:
        return f"{rule}. No request is specified"
    return f"{rule}, but request is {requests[name]}" if quantity.compare(requests[name], bound) > 0 else ""


def _out_of_proportion(
    type_: str, name: str, bound: str, requests: Mapping[str, str], limits: Mapping[str, str]
) -> str:
    rule = f"{name} max limit to request ratio per {type_} is {bound}"
    request, limit = quantity.milli_value(requests.get(name, "0")), quantity.milli_value(limits.get(name, "0"))
    if not request:
        return f"{rule}, but no request is specified or request is 0"
    if not limit:
        return f"{rule}, but no limit is specified or limit is 0"
    ratio = limit / request
    return f"{rule}, but provided ratio is {ratio:f}" if ratio > quantity.milli_value(bound) / 1000 else ""

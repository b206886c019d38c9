"""Event: a report of something that happened to an object. Kept for an hour.

Source: api/core/v1/types.go, pkg/apis/core/validation/events.go, pkg/registry/core/event/strategy.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.references import ObjectReference
from kubeactors.api.validation import validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid, required
from kubeactors.apimachinery.meta import MicroTime, Object, Time, TypedObject, always

NORMAL, WARNING = "Normal", "Warning"

MAX_WORD, MAX_MESSAGE = 128, 1024
"""The maximum lengths in bytes of fields of newer events."""


class EventSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which component reports, and on which host."""

    component: str = ""
    host: str = ""


class EventSeries(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of repetitions, and the time of the last one."""

    count: int = 0
    last_observed_time: MicroTime | None = always(None)


class Event(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A report of something that happened to `involved_object`; repetitions are counted, not stored again."""

    api_version: str = "v1"
    kind: str = "Event"
    involved_object: ObjectReference = always(ObjectReference())
    reason: str = ""
    message: str = ""
    source: EventSource = always(EventSource())
    first_timestamp: Time | None = always(None)
    last_timestamp: Time | None = always(None)
    count: int = 0
    type: str = ""
    event_time: MicroTime | None = always(None)
    series: EventSeries | None = None
    action: str = ""
    related: ObjectReference | None = None
    reporting_component: str = always("")
    reporting_instance: str = always("")


def validate_event(event: Event) -> Iterator[FieldError]:
    """An event in the namespace of its object; one that has an `event_time` must say what a newer event says.

    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> [str(error) for error in validate_event(Event(metadata=ObjectMeta(namespace="a")))]
    ['involvedObject.namespace: Invalid value: "": does not match event.namespace']
    """
    if event.event_time is None:
        yield from _validate_legacy_namespace(event)
    else:
        yield from _validate_newer(event)
    yield from validate_text(event.metadata.namespace, "namespace", names.dns1123_subdomain)


def validate_event_update(new: Event, _old: Event) -> Iterator[FieldError]:
    """A valid event may change in any way."""
    return validate_event(new)


def event_fields(event: Event) -> dict[str, str]:
    """The fields that field selectors support."""
    involved = event.involved_object
    return {
        "involvedObject.kind": involved.kind,
        "involvedObject.namespace": involved.namespace,
        "involvedObject.name": involved.name,
        "involvedObject.uid": involved.uid,
        "involvedObject.apiVersion": involved.api_version,
        "involvedObject.resourceVersion": involved.resource_version,
        "involvedObject.fieldPath": involved.field_path,
        "reason": event.reason,
        "reportingComponent": event.reporting_component,
        "source": event.source.component or event.reporting_component,
        "type": event.type,
    }


def _validate_legacy_namespace(event: Event) -> Iterator[FieldError]:
    involved, own = event.involved_object.namespace, event.metadata.namespace
    if own != involved and (involved or own != "default"):
        yield _wrong_namespace(event)


def _validate_newer(event: Event) -> Iterator[FieldError]:
    if not event.involved_object.namespace and event.metadata.namespace not in ("default", "kube-system"):
        yield _wrong_namespace(event)
    if not event.reporting_component:
        yield required("reportingController")
    yield from validate_text(event.reporting_component, "reportingController", names.qualified_name)
    yield from _validate_length(event.reporting_instance, "reportingInstance")
    yield from _validate_length(event.action, "action")
    yield from _validate_length(event.reason, "reason")
    if names.byte_length(event.message) > MAX_MESSAGE:
        yield invalid("message", "", f"can have at most {MAX_MESSAGE} characters")


def _wrong_namespace(event: Event) -> FieldError:
    return invalid("involvedObject.namespace", event.involved_object.namespace, "does not match event.namespace")


def _validate_length(value: str, path: str) -> Iterator[FieldError]:
    if not value:
        yield required(path)
    if names.byte_length(value) > MAX_WORD:
        yield invalid(path, "", f"can have at most {MAX_WORD} characters")

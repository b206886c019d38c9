"""Event of events.k8s.io. It is stored as the core group's Event; only the names of fields differ.

Source: api/events/v1/types.go, pkg/apis/events/v1/conversion.go, pkg/apis/core/validation/events.go (v1.36).
"""

from collections.abc import Iterator
from typing import cast

from kubeactors.api.core.v1 import event as core
from kubeactors.api.core.v1.references import ObjectReference
from kubeactors.apimachinery.field import FieldError, invalid, required
from kubeactors.apimachinery.meta import MicroTime, Object, Time, TypedObject, always
from kubeactors.apimachinery.objectmeta import validate_immutable


class EventSeries(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of repetitions, and the time of the last one."""

    count: int = always(0)
    last_observed_time: MicroTime | None = always(None)


class Event(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A report of something that happened to the object `regarding`."""

    api_version: str = "events.k8s.io/v1"
    kind: str = "Event"
    event_time: MicroTime | None = always(None)
    series: EventSeries | None = None
    reporting_controller: str = ""
    reporting_instance: str = ""
    action: str = ""
    reason: str = ""
    regarding: ObjectReference = always(ObjectReference())
    related: ObjectReference | None = None
    note: str = ""
    type: str = ""
    deprecated_source: core.EventSource = always(core.EventSource())
    deprecated_first_timestamp: Time | None = always(None)
    deprecated_last_timestamp: Time | None = always(None)
    deprecated_count: int = 0


def to_core(event: Event) -> core.Event:
    """The event in the core group, which is its storage version.

    >>> from_core(to_core(Event(note="pulled"))) == Event(note="pulled")
    True
    """
    return core.Event(
        metadata=event.metadata,
        involved_object=event.regarding,
        reason=event.reason,
        message=event.note,
        source=event.deprecated_source,
        first_timestamp=event.deprecated_first_timestamp,
        last_timestamp=event.deprecated_last_timestamp,
        count=event.deprecated_count,
        type=event.type,
        event_time=event.event_time,
        series=_series_to_core(event.series),
        action=event.action,
        related=event.related,
        reporting_component=event.reporting_controller,
        reporting_instance=event.reporting_instance,
    )


def shown(event: TypedObject) -> Event:
    """A stored event in this group; one of this group is returned as it is."""
    return event if isinstance(event, Event) else from_core(cast("core.Event", event))


def from_core(event: core.Event) -> Event:
    """A stored event in this group."""
    return Event(
        metadata=event.metadata,
        event_time=event.event_time,
        series=_series_from_core(event.series),
        reporting_controller=event.reporting_component,
        reporting_instance=event.reporting_instance,
        action=event.action,
        reason=event.reason,
        regarding=event.involved_object,
        related=event.related,
        note=event.message,
        type=event.type,
        deprecated_source=event.source,
        deprecated_first_timestamp=event.first_timestamp,
        deprecated_last_timestamp=event.last_timestamp,
        deprecated_count=event.count,
    )


def validate_event(event: Event) -> Iterator[FieldError]:
    """As in the core group, and without deprecated fields. Errors name the fields of the core group."""
    yield from core.validate_event(to_core(event))
    yield from _validate_series(event)
    if event.event_time is None:
        yield required("eventTime")
    if event.type not in (core.NORMAL, core.WARNING):
        yield invalid("type", "", f"has invalid value: {event.type}")
    deprecated = {
        "firstTimestamp": event.deprecated_first_timestamp,
        "lastTimestamp": event.deprecated_last_timestamp,
        "count": event.deprecated_count,
        "source": event.deprecated_source.component or event.deprecated_source.host,
    }
    yield from (invalid(field, "", "needs to be unset") for field, value in deprecated.items() if value)


def validate_event_update(new: Event, old: Event) -> Iterator[FieldError]:
    """Only the series and metadata are mutable."""
    yield from core.validate_event(to_core(new))
    if new.series != old.series:
        yield from _validate_series(new)
    for path, attribute in _FIXED:
        new_value: object = getattr(new, attribute)
        yield from validate_immutable(new_value, getattr(old, attribute), path)


def event_fields(event: Event) -> dict[str, str]:
    """The fields that field selectors support."""
    fields = core.event_fields(to_core(shown(event)))
    return {_renamed(name): value for name, value in fields.items()}


_FIXED = (
    ("involvedObject", "regarding"),
    ("reason", "reason"),
    ("message", "note"),
    ("source", "deprecated_source"),
    ("firstTimestamp", "deprecated_first_timestamp"),
    ("lastTimestamp", "deprecated_last_timestamp"),
    ("count", "deprecated_count"),
    ("type", "type"),
    ("eventTime", "event_time"),
    ("action", "action"),
    ("related", "related"),
    ("reportingController", "reporting_controller"),
    ("reportingInstance", "reporting_instance"),
)
"""The immutable fields, by their names in the core group."""


def _series_to_core(series: EventSeries | None) -> core.EventSeries | None:
    if series is None:
        return None
    return core.EventSeries(count=series.count, last_observed_time=series.last_observed_time)


def _series_from_core(series: core.EventSeries | None) -> EventSeries | None:
    return None if series is None else EventSeries(count=series.count, last_observed_time=series.last_observed_time)


def _renamed(field: str) -> str:
    if field == "reportingComponent":
        return "reportingController"
    return field.replace("involvedObject.", "regarding.")


def _validate_series(event: Event) -> Iterator[FieldError]:
    if event.series is None:
        return
    if event.series.count < 2:
        yield invalid("series.count", "", "should be at least 2")
    if event.series.last_observed_time is None:
        yield required("series.lastObservedTime")

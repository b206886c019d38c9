"""Event: something that happened to an object, for people to read. Kept for an hour.

Source: api/core/v1/types.go (v1.36).
"""

from kubeactors.api.core.v1.references import ObjectReference
from kubeactors.apimachinery.meta import MicroTime, Object, Time, TypedObject, always

NORMAL, WARNING = "Normal", "Warning"


class EventSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which component reports, and on which host."""

    component: str = ""
    host: str = ""


class EventSeries(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How often the same thing has happened since, and when last."""

    count: int = 0
    last_observed_time: MicroTime | None = always(None)


class Event(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One thing that happened to `involved_object`; repetitions are counted, not stored again."""

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

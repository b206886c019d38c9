"""Event in its newer shape. It is stored as the core group's Event; only the names of fields differ.

Source: api/events/v1/types.go (v1.36).
"""

from kubeactors.api.core.v1.event import EventSource
from kubeactors.api.core.v1.references import ObjectReference
from kubeactors.apimachinery.meta import MicroTime, Object, Time, TypedObject, always


class EventSeries(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How often the same thing has happened, and when last."""

    count: int = always(0)
    last_observed_time: MicroTime | None = always(None)


class Event(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One thing that happened to the object `regarding`."""

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
    deprecated_source: EventSource = always(EventSource())
    deprecated_first_timestamp: Time | None = always(None)
    deprecated_last_timestamp: Time | None = always(None)
    deprecated_count: int = 0

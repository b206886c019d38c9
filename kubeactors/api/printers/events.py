"""The table printers of events.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from kubeactors.api.core.v1.event import Event
from kubeactors.api.events.v1 import event as newer
from kubeactors.api.printers.table import Cells, Column, Printer, since

COLUMNS = (
    Column(name="Last Seen", description="When the event last occurred."),
    Column(name="Type", description="Normal or Warning."),
    Column(name="Reason", description="A machine-readable reason."),
    Column(name="Object", description="The object that the event is about."),
    Column(name="Subobject", description="The part of the object that the event is about.", priority=1),
    Column(name="Source", description="The component that reported the event, and its host.", priority=1),
    Column(name="Message", description="A human-readable message."),
    Column(name="First Seen", description="When the event first occurred.", priority=1),
    Column(name="Count", description="The number of occurrences.", priority=1),
    Column(name="Name", format="name", description="The name of the event.", priority=1),
)


def event_cells(event: Event, now_ns: int) -> Cells:
    """All cells of an event's row."""
    first = since(event.first_timestamp or event.event_time, now_ns)
    involved = event.involved_object
    return (
        _last_seen(event, first, now_ns),
        event.type,
        event.reason,
        f"{involved.kind.lower()}/{involved.name}" if involved.name else involved.kind.lower(),
        involved.field_path,
        _source(event),
        event.message.strip(),
        first,
        event.series.count if event.series else event.count or 1,
        event.metadata.name,
    )


def newer_event_cells(event: newer.Event, now_ns: int) -> Cells:
    """All cells of the row of an events.k8s.io event."""
    return event_cells(newer.to_core(event), now_ns)


EVENT = Printer(columns=COLUMNS, cells=event_cells)
NEWER_EVENT = Printer(columns=COLUMNS, cells=newer_event_cells)


def _last_seen(event: Event, first: str, now_ns: int) -> str:
    if event.series is not None:
        return since(event.series.last_observed_time, now_ns)
    return since(event.last_timestamp, now_ns) if event.last_timestamp else first


def _source(event: Event) -> str:
    component = event.source.component or event.reporting_component
    host = event.source.host or event.reporting_instance
    return f"{component}, {host}" if host else component

"""The kind of events.k8s.io events, which are stored as events of the core group."""

from kubeactors.api.events.v1 import event
from kubeactors.api.events.v1.event import Event
from kubeactors.apimachinery import names
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind

KINDS = (
    Kind(
        type=Event,
        group="events.k8s.io",
        kind="Event",
        resource="events",
        singular="event",
        short_names=("ev",),
        name_rule=names.name_is_path_segment,
        validate=event.validate_event,
        validate_update=event.validate_event_update,
        fields=event.event_fields,
        stored_as=GroupVersionResource("", "v1", "events"),
        to_stored=event.to_core,
        from_stored=event.shown,
    ),
)

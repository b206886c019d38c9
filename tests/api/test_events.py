"""Events in both shapes."""

from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Event, EventSeries, EventSource, ObjectReference
from kubeactors.api.events.v1 import event as newer
from kubeactors.apimachinery.meta import ObjectMeta

OLD = Event(
    metadata=ObjectMeta(name="e", namespace="shop"),
    involved_object=ObjectReference(kind="Pod", name="web-0", namespace="shop"),
    reason="Pulled",
    source=EventSource(component="kubelet"),
    type="Normal",
)
NEW = newer.Event(
    metadata=ObjectMeta(name="e", namespace="shop"),
    event_time="2026-01-02T03:04:05.000006Z",
    reporting_controller="example.com/scheduler",
    reporting_instance="scheduler-0",
    action="Binding",
    reason="Scheduled",
    regarding=ObjectReference(kind="Pod", name="web-0", namespace="shop"),
    note="assigned to node-1",
    type="Normal",
)


def errors(event: Event) -> list[str]:
    return [str(error) for error in SCHEME.by_type(Event).validate(event)]


def test_an_event_lies_in_the_namespace_of_its_object() -> None:
    elsewhere = replace(OLD, involved_object=ObjectReference(kind="Pod", namespace="other"))
    cluster_wide = replace(OLD, involved_object=ObjectReference(kind="Node", name="node-1"))
    wrong = "does not match event.namespace"
    assert errors(OLD) == []
    assert errors(elsewhere) == [f'involvedObject.namespace: Invalid value: "other": {wrong}']
    assert errors(cluster_wide) == [f'involvedObject.namespace: Invalid value: "": {wrong}']
    assert errors(replace(cluster_wide, metadata=ObjectMeta(namespace="default"))) == []


def test_an_event_with_a_time_says_who_did_what() -> None:
    event = Event(metadata=ObjectMeta(namespace="default"), event_time="2026-01-02T03:04:05.000006Z", reason="x" * 129)
    assert errors(event) == [
        "reportingController: Required value",
        'reportingController: Invalid value: "": name part must be non-empty',
        "reportingController: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        "reportingInstance: Required value",
        "action: Required value",
        'reason: Invalid value: "": can have at most 128 characters',
    ]


def test_both_shapes_say_the_same() -> None:
    series = EventSeries(count=3, last_observed_time="2026-01-02T03:04:06.000000Z")
    for event in (OLD, replace(OLD, series=series, count=3, related=ObjectReference(kind="Node", name="n"))):
        assert newer.to_core(newer.from_core(event)) == event
    assert newer.from_core(newer.to_core(NEW)) == NEW


def test_a_newer_event_uses_nothing_deprecated() -> None:
    event = replace(NEW, deprecated_count=1, event_time=None, type="Odd", series=newer.EventSeries(count=1))
    assert list(newer.validate_event(NEW)) == []
    assert [str(error) for error in newer.validate_event(event)] == [
        'series.count: Invalid value: "": should be at least 2',
        "series.lastObservedTime: Required value",
        "eventTime: Required value",
        'type: Invalid value: "": has invalid value: Odd',
        'count: Invalid value: "": needs to be unset',
    ]


def test_only_the_series_of_a_newer_event_grows() -> None:
    series = newer.EventSeries(count=2, last_observed_time="2026-01-02T03:04:06.000000Z")
    assert list(newer.validate_event_update(replace(NEW, series=series), NEW)) == []
    assert [str(error) for error in newer.validate_event_update(replace(NEW, note="other"), NEW)] == [
        'message: Invalid value: "other": field is immutable'
    ]


def test_events_are_found_by_what_they_are_about() -> None:
    about = {
        "kind": "Pod",
        "namespace": "shop",
        "name": "web-0",
        "uid": "",
        "apiVersion": "",
        "resourceVersion": "",
        "fieldPath": "",
    }
    assert SCHEME.by_type(Event).fields(OLD) == {
        **{f"involvedObject.{key}": value for key, value in about.items()},
        "reason": "Pulled",
        "reportingComponent": "",
        "source": "kubelet",
        "type": "Normal",
    }
    assert newer.event_fields(NEW) == {
        **{f"regarding.{key}": value for key, value in about.items()},
        "reason": "Scheduled",
        "reportingController": "example.com/scheduler",
        "source": "example.com/scheduler",
        "type": "Normal",
    }

"""Identical events are counted, similar ones aggregated, and noisy sources limited."""

from kubeactors.api.core.v1 import Event, ObjectReference
from kubeactors.client.correlation import Correlation, Correlator
from kubeactors.client.events import RecordEvent, event_of
from kubeactors.client.workqueue import SECOND

POD = ObjectReference(kind="Pod", namespace="default", name="web", uid="1", api_version="v1")


def recorded(message: str, now: int, reason: str = "Failed") -> Event:
    found = RecordEvent(
        involved=POD, type="Warning", reason=reason, message=message, component="kubelet", host="n", time=now
    )
    return event_of(found, now)


def correlate(correlator: Correlator, message: str, now: int, reason: str = "Failed") -> Correlation | None:
    return correlator.correlate(recorded(message, now, reason), now)


def test_a_first_event_is_written_as_it_is() -> None:
    event = recorded("no", SECOND)
    found = Correlator().correlate(event, SECOND)
    assert found is not None
    assert (found.event, found.repeated) == (event, False)
    assert event.metadata.name == "web.3b9aca00"


def test_an_identical_event_increments_the_count_of_the_first() -> None:
    correlator = Correlator()
    correlate(correlator, "no", SECOND)
    found = correlate(correlator, "no", 3 * SECOND)
    assert found is not None
    assert found.repeated
    event = found.event
    assert (event.metadata.name, event.count) == ("web.3b9aca00", 2)
    assert (event.first_timestamp, event.last_timestamp) == ("1970-01-01T00:00:01Z", "1970-01-01T00:00:03Z")


def test_events_are_aggregated_from_the_tenth_message_with_one_reason_on() -> None:
    correlator = Correlator()
    found = [correlate(correlator, f"no {number}", SECOND) for number in range(12)]
    messages = [(one.event.message, one.event.count, one.repeated) for one in found if one is not None]
    assert messages[8:] == [
        ("no 8", 1, False),
        ("(combined from similar events): no 9", 1, False),
        ("(combined from similar events): no 10", 2, True),
        ("(combined from similar events): no 11", 3, True),
    ]


def test_similar_events_long_apart_are_not_aggregated() -> None:
    correlator = Correlator()
    for number in range(9):
        correlate(correlator, f"no {number}", SECOND)
    found = correlate(correlator, "no 9", 602 * SECOND)
    assert found is not None
    assert found.event.message == "no 9"


def test_a_source_may_write_25_events_about_an_object_and_then_one_in_five_minutes() -> None:
    correlator = Correlator()
    found = [correlate(correlator, "no", SECOND, reason=f"Reason{number}") for number in range(30)]
    assert sum(one is not None for one in found) == 25
    assert correlate(correlator, "no", 302 * SECOND, reason="Later") is not None
    assert correlate(correlator, "no", 302 * SECOND, reason="TooEarly") is None

"""The history of events: read by revision, forgotten from the front."""

import pytest

from kubeactors.storage.history import History
from kubeactors.storage.messages import KeyValue, StoreEvent


def history(revisions: list[int]) -> History:
    made = History()
    for number, revision in enumerate(revisions):
        kv = KeyValue(f"k{number}", b"", revision, revision, 1)
        made.append(StoreEvent(deleted=False, kv=kv, previous=None))
    return made


def numbers(events: list[StoreEvent]) -> list[str]:
    return [event.kv.key for event in events]


@pytest.mark.parametrize(
    ("first", "last", "limit", "expected"),
    [
        (0, 9, 99, ["k0", "k1", "k2", "k3", "k4"]),
        (3, 3, 99, ["k1", "k2", "k3"]),
        (3, 9, 1, ["k1", "k2", "k3"]),  # a revision is never split
        (0, 9, 2, ["k0", "k1", "k2", "k3"]),
        (0, 9, 1, ["k0"]),
        (4, 9, 99, ["k4"]),
        (6, 9, 99, []),
        (0, 4, 99, ["k0", "k1", "k2", "k3"]),
    ],
)
def test_a_piece_of_history_has_whole_revisions(first: int, last: int, limit: int, expected: list[str]) -> None:
    assert numbers(history([2, 3, 3, 3, 5]).read(first, last, limit)) == expected


def test_history_is_forgotten_from_the_front_in_bounded_pieces() -> None:
    events = history([2, 3, 3, 3, 5, 6])
    assert numbers(events.forget_before(5, 3)) == ["k0", "k1", "k2"]
    assert numbers(events.forget_before(5, 3)) == ["k3"]
    assert numbers(events.forget_before(5, 3)) == []
    assert numbers(events.read(0, 9, 9)) == ["k4", "k5"]
    assert len(events) == 2

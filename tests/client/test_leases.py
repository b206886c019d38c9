"""Candidates agree on who holds a Lease without trusting one another's clocks."""

import pytest

from kubeactors.api.coordination.v1 import Lease, LeaseSpec
from kubeactors.client.leases import Move, Observation, decide, observed, record, released
from kubeactors.client.workqueue import SECOND

EARLIER, NOW = "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:09.000000Z"


def seen(holder: str, since: float = 0.0, transitions: int = 3) -> Observation:
    spec = LeaseSpec(
        holder_identity=holder,
        lease_duration_seconds=15,
        acquire_time=EARLIER,
        renew_time=EARLIER,
        lease_transitions=transitions,
    )
    return Observation(Lease(spec=spec), int(since * SECOND))


@pytest.mark.parametrize(
    ("known", "now", "exists", "move"),
    [
        (None, 0.0, False, Move.CREATE),
        (seen("me"), 14.9, True, Move.RENEW),
        (seen("me"), 100.0, True, Move.RENEW),
        (seen("other"), 14.9, True, Move.WAIT),
        (seen("other"), 15.0, True, Move.TAKE),
        (seen("other", since=10.0), 24.9, True, Move.WAIT),
        (seen(""), 0.0, True, Move.TAKE),
        (seen("me"), 1.0, False, Move.CREATE),
        (seen("other"), 14.9, False, Move.WAIT),
        (seen("other"), 15.0, False, Move.CREATE),
    ],
)
def test_a_lease_is_taken_only_if_it_is_released_or_has_not_changed_for_its_duration(
    known: Observation | None,
    now: float,
    exists: bool,  # noqa: FBT001 -- a column of the table
    move: Move,
) -> None:
    assert decide("me", known, int(now * SECOND), exists=exists) is move


def test_only_an_heir_takes_over_a_valid_lease_and_only_its_predecessors() -> None:
    held = seen("scheduler_1")
    assert decide("scheduler_2", held, 0) is Move.WAIT
    assert decide("scheduler_2", held, 0, heir=True) is Move.TAKE
    assert decide("scheduler-2_2", held, 0, heir=True) is Move.WAIT


@pytest.mark.parametrize("time", ["1999-01-01T00:00:00.000000Z", "2099-01-01T00:00:00.000000Z"])
def test_the_times_in_a_record_are_not_used(time: str) -> None:
    lease = seen("other").lease
    spec = LeaseSpec(holder_identity="other", lease_duration_seconds=15, renew_time=time, acquire_time=time)
    later = observed(Observation(lease, 0), Lease(spec=spec), 20 * SECOND)
    assert later.since == 20 * SECOND
    assert decide("me", later, 34 * SECOND) is Move.WAIT
    assert decide("me", later, 35 * SECOND) is Move.TAKE


def test_a_renewal_keeps_the_acquire_time_and_a_new_holder_counts_a_transition() -> None:
    renewed = record(Move.RENEW, "me", seen("me"), 15, NOW)
    assert (renewed.acquire_time, renewed.renew_time, renewed.lease_transitions) == (EARLIER, NOW, 3)
    taken = record(Move.TAKE, "me", seen("other"), 15, NOW)
    assert (taken.holder_identity, taken.acquire_time, taken.lease_transitions) == ("me", NOW, 4)


def test_a_released_lease_has_no_holder() -> None:
    spec = released(seen("me"), NOW)
    assert (spec.holder_identity, spec.lease_duration_seconds, spec.lease_transitions) == ("", 1, 3)
    assert decide("other", Observation(Lease(spec=spec), 0), 0) is Move.TAKE

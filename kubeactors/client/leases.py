"""A candidate's decisions about a Lease, as pure functions.

No candidate trusts another's clock. It notes, by its own clock, when it first observed a record, and counts the record's
duration from then; the times in the record are for humans.

Source: client-go tools/leaderelection/leaderelection.go, tryAcquireOrRenew and release (v1.36).
"""

from enum import Enum

import msgspec
from msgspec.structs import replace

from kubeactors.api.coordination.v1 import Lease, LeaseSpec
from kubeactors.apimachinery.meta import MicroTime
from kubeactors.client.workqueue import SECOND


class Observation(msgspec.Struct, frozen=True):
    """A Lease, and when its present record was first observed, in nanoseconds of the candidate's own clock."""

    lease: Lease
    since: int

    @property
    def holder(self) -> str:
        """The holder; empty if the Lease was released."""
        return self.lease.spec.holder_identity or ""

    def is_valid(self, now: int) -> bool:
        """Whether its duration has not passed since the record last changed."""
        return now < self.since + (self.lease.spec.lease_duration_seconds or 0) * SECOND


class Move(Enum):
    """What a candidate does next."""

    CREATE = "create"
    """There is no Lease: create it."""
    TAKE = "take"
    """It is released, or has expired."""
    RENEW = "renew"
    """The candidate holds it."""
    WAIT = "wait"
    """Another candidate holds it."""


def observed(known: Observation | None, found: Lease, now: int) -> Observation:
    """The observation after a Lease was read: time counts from the first observation of its record.

    >>> seen = observed(None, Lease(spec=LeaseSpec(holder_identity="a", renew_time="2026-01-01T00:00:00.000000Z")), 5)
    >>> observed(seen, seen.lease, 9).since
    5
    >>> observed(seen, Lease(spec=LeaseSpec(holder_identity="b")), 9).since
    9
    """
    unchanged = known is not None and known.lease.spec == found.spec
    return Observation(found, known.since if known is not None and unchanged else now)


def decide(identity: str, seen: Observation | None, now: int, *, exists: bool = True, heir: bool = False) -> Move:
    """What a candidate does about the record that it observed last.

    A Lease that is deleted (`exists` is false) while another holds it stays valid until it expires: its holder does not
    know of the deletion yet. client-go creates it at once. An `heir` takes the Lease of its predecessor, a holder of the
    same name up to its unique suffix, without waiting: its creator knows that the predecessor is dead.

    >>> decide("a", None, 0)
    <Move.CREATE: 'create'>
    """
    if seen is None:
        return Move.CREATE
    mine = seen.holder == identity
    inherits = heir and _name(seen.holder) == _name(identity)
    if seen.holder and not mine and not inherits and seen.is_valid(now):
        return Move.WAIT
    if not exists:
        return Move.CREATE
    return Move.RENEW if mine else Move.TAKE


def _name(identity: str) -> str:
    return identity.rpartition("_")[0]


def record(move: Move, identity: str, seen: Observation | None, seconds: int, time: MicroTime) -> LeaseSpec:
    """The record that a candidate writes for a move other than WAIT; `seconds` is its duration.

    >>> spec = record(Move.CREATE, "a", None, 15, "2026-01-01T00:00:00.000000Z")
    >>> spec.holder_identity, spec.lease_transitions
    ('a', 0)
    """
    old = LeaseSpec() if seen is None or move is Move.CREATE else seen.lease.spec
    transitions = old.lease_transitions or 0
    return replace(
        old,
        holder_identity=identity,
        lease_duration_seconds=seconds,
        acquire_time=old.acquire_time if move is Move.RENEW else time,
        renew_time=time,
        lease_transitions=transitions + 1 if move is Move.TAKE else transitions,
    )


def released(seen: Observation, time: MicroTime) -> LeaseSpec:
    """The record of a released Lease: anybody may take it at once."""
    return replace(seen.lease.spec, holder_identity="", lease_duration_seconds=1, acquire_time=time, renew_time=time)

"""What a candidate makes of a Lease: pure decisions.

Nobody trusts another's clock. A candidate notes when it first saw a record as it is, by its own clock, and counts the
record's duration from then; the times that the record holds are for people.

Source: client-go tools/leaderelection/leaderelection.go, tryAcquireOrRenew and release (v1.36).
"""

from enum import Enum

import msgspec
from msgspec.structs import replace

from kubeactors.api.coordination.v1 import Lease, LeaseSpec
from kubeactors.apimachinery.meta import MicroTime
from kubeactors.client.workqueue import SECOND


class Observation(msgspec.Struct, frozen=True):
    """A Lease, and when its record was first seen as it is, in nanoseconds of one's own clock."""

    lease: Lease
    since: int

    @property
    def holder(self) -> str:
        """Whose it is; empty if it was given up."""
        return self.lease.spec.holder_identity or ""

    def is_valid(self, now: int) -> bool:
        """Whether its duration has not passed since it last changed."""
        return now < self.since + (self.lease.spec.lease_duration_seconds or 0) * SECOND


class Move(Enum):
    """What a candidate does next."""

    CREATE = "create"
    """There is no Lease: make it."""
    TAKE = "take"
    """It is nobody's, or has expired."""
    RENEW = "renew"
    """It is one's own."""
    WAIT = "wait"
    """It is another's."""


def observed(known: Observation | None, found: Lease, now: int) -> Observation:
    """What is known once a Lease was read: time runs from the first sight of its record.

    >>> seen = observed(None, Lease(spec=LeaseSpec(holder_identity="a", renew_time="2026-01-01T00:00:00.000000Z")), 5)
    >>> observed(seen, seen.lease, 9).since
    5
    >>> observed(seen, Lease(spec=LeaseSpec(holder_identity="b")), 9).since
    9
    """
    unchanged = known is not None and known.lease.spec == found.spec
    return Observation(found, known.since if known is not None and unchanged else now)


def decide(identity: str, seen: Observation | None, now: int, *, exists: bool = True, heir: bool = False) -> Move:
    """What a candidate does about the record that it has seen last.

    A Lease that vanishes (`exists` is false) while another holds it is waited for as if it were there: its holder has
    not heard of it yet. client-go creates it at once. An `heir` takes the Lease of its predecessor, the holder of the same
    name but for what makes it unique, without waiting: whoever made the heir knows that it is dead.

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
    """What a candidate writes for a move other than to wait; `seconds` is how long it then holds.

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
    """The record of one who gives it up: anybody may take it at once."""
    return replace(seen.lease.spec, holder_identity="", lease_duration_seconds=1, acquire_time=time, renew_time=time)

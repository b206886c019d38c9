"""Faults of the store and its disk."""

from typing import Literal

from kubeactors.sim.steps import Fault, Lasting

Tear = Literal["lost", "torn", "unanswered"]


class DiskFull(Lasting, frozen=True, kw_only=True, tag="disk-full"):
    """No commit of the store succeeds: it crashes at each attempt."""


class TornWrite(Fault, frozen=True, kw_only=True, tag="torn-write"):
    """The store crashes in its next commit, which is lost, torn, or durable but not acknowledged."""

    how: Tear


class StoreLeaderChange(Lasting, frozen=True, kw_only=True, tag="store-leader-change"):
    """The store's replicas elect a leader: its watches end, and requests fail until the election is over."""


StoreFault = DiskFull | TornWrite | StoreLeaderChange

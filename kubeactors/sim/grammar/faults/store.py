"""Draws faults of the store and its disk."""

from kubeactors.sim.chaos.faults import DiskFull, StoreLeaderChange, Tear, TornWrite
from kubeactors.sim.grammar.faults.aim import Aim
from kubeactors.sim.grammar.faults.draw import Draw
from kubeactors.sim.grammar.faults.spans import SPANS

TEARS: tuple[Tear, ...] = ("unanswered", "torn", "lost")


def _full(aim: Aim, at: float) -> DiskFull:
    return DiskFull(at=at, seconds=aim.source.choice(SPANS[:7]))


def _torn(aim: Aim, at: float) -> TornWrite:
    return TornWrite(at=at, how=aim.source.choice(TEARS))


def _leader_change(aim: Aim, at: float) -> StoreLeaderChange:
    return StoreLeaderChange(at=at, seconds=aim.source.choice(SPANS[:7]))


DRAWS: dict[str, Draw] = {"disk-full": _full, "torn-write": _torn, "store-leader-change": _leader_change}

"""Draws faults of watches."""

from kubeactors.sim.chaos.faults import (
    Compaction,
    MailboxOverflow,
    StoreLag,
    WatchBreak,
    WatchExpired,
    WatchLag,
    WatchRepeat,
)
from kubeactors.sim.grammar.faults.aim import Aim
from kubeactors.sim.grammar.faults.draw import Draw
from kubeactors.sim.grammar.faults.spans import HIDDEN, SPANS

LAGS = (1.0, 3.0, 3.0, 10.0, 10.0, 40.0, 100.0, 320.0)
"""A lag may exceed the five minutes after which controllers' expectations expire."""


def _lag(aim: Aim, at: float) -> WatchLag:
    component, resource = aim.some_watch()
    lags = HIDDEN if aim.is_on_top else LAGS
    return WatchLag(at=at, component=component, resource=resource, seconds=aim.source.choice(lags))


def _break(aim: Aim, at: float) -> WatchBreak:
    component, resource = aim.some_watch()
    return WatchBreak(at=at, component=component, resource=resource, seconds=_broken_seconds(aim))


def _expired(aim: Aim, at: float) -> WatchExpired:
    component, resource = aim.some_watch()
    return WatchExpired(at=at, component=component, resource=resource, seconds=_broken_seconds(aim))


def _broken_seconds(aim: Aim) -> float:
    return aim.source.choice(HIDDEN if aim.is_on_top and aim.source.integer(0, 1) else SPANS)


def _repeat(aim: Aim, at: float) -> WatchRepeat:
    component, resource = aim.watch()
    return WatchRepeat(at=at, component=component, resource=resource, seconds=aim.source.choice(SPANS))


def _store_lag(aim: Aim, at: float) -> StoreLag:
    return StoreLag(at=at, seconds=aim.source.choice(SPANS[:6]))


def _overflow(aim: Aim, at: float) -> MailboxOverflow:
    component, resource = aim.watch()
    return MailboxOverflow(at=at, component=component, resource=resource, seconds=aim.source.choice(SPANS))


def _compaction(aim: Aim, at: float) -> Compaction:
    return Compaction(at=at, component=aim.component())


DRAWS: dict[str, Draw] = {
    "watch-lag": _lag,
    "watch-break": _break,
    "watch-expired": _expired,
    "watch-repeat": _repeat,
    "store-lag": _store_lag,
    "mailbox-overflow": _overflow,
    "compaction": _compaction,
}

"""Draws faults of single writes."""

from kubeactors.sim.chaos.faults import (
    AdmissionFailure,
    Conflicts,
    DelayedWrite,
    Denial,
    Leg,
    MissedDelete,
    ReplyLost,
    SlowReplies,
    Verb,
)
from kubeactors.sim.grammar.faults.aim import Aim
from kubeactors.sim.grammar.faults.draw import Draw
from kubeactors.sim.grammar.faults.spans import HIDDEN, SPANS
from kubeactors.sim.processes import MANAGER, SCHEDULER
from kubeactors.sim.workload.interference import InterferenceKind

SLOW_REPLIES = (0.3, 1.0, 3.0)
MISSED_VERBS: tuple[Verb, ...] = ("create", "create", "create", "any")
UNDER_WAY = (0.05, 0.3, 1.0, 1.0, 3.0, 10.0)
"""How long writes are in flight, in seconds: shorter than components wait for replies."""
VERBS: dict[str, tuple[Verb, ...]] = {MANAGER: ("delete", "delete", "any", "create"), SCHEDULER: ("any",)}
KUBELET_VERBS: tuple[Verb, ...] = ("delete", "delete", "any")
LEGS: tuple[Leg, ...] = ("request", "request", "reply")
INTERFERENCES: dict[Verb, tuple[InterferenceKind | None, ...]] = {
    "any": (None, None, "delete", "orphan", "replace"),
    "create": (None, "delete", "orphan", "replace"),
    "delete": (None, "release", "release", "replace", "replace"),
}
"""User actions that would do harm if they went unnoticed."""
DENIALS: tuple[Denial, ...] = ("forbidden", "internal-error")
DENIED_VERBS: tuple[Verb, ...] = ("any", "any", "create", "delete", "update", "patch")


def _conflicts(aim: Aim, at: float) -> Conflicts:
    component, resource = aim.some_writes()
    return Conflicts(at=at, component=component, resource=resource, count=aim.source.integer(1, 4))


def _reply_lost(aim: Aim, at: float) -> ReplyLost:
    skip, silent = aim.source.integer(0, 4), not aim.source.integer(0, 2)
    component, resource = aim.some_writes()
    return ReplyLost(at=at, component=component, resource=resource, skip=skip, silent=silent)


def _slow_replies(aim: Aim, at: float) -> SlowReplies:
    component, resource = aim.writes()
    delay, seconds = aim.source.choice(SLOW_REPLIES), aim.source.choice(SPANS)
    return SlowReplies(at=at, component=component, resource=resource, delay_seconds=delay, seconds=seconds)


def _admission_failure(aim: Aim, at: float) -> AdmissionFailure:
    choice, (component, resource) = aim.source.choice, aim.writes()
    return AdmissionFailure(
        at=at,
        component=component,
        resource=choice((resource, "")),
        verb=choice(DENIED_VERBS),
        skip=choice((0, 0, 1, 3)),
        count=choice((1, 1, 2, 4)),
        answer=choice(DENIALS),
    )


def _delayed_write(aim: Aim, at: float) -> DelayedWrite:
    choice, (component, resource) = aim.source.choice, aim.writes()
    verb = choice(VERBS.get(component, KUBELET_VERBS))
    if verb == "delete":
        resource = choice(("pods", "pods", ""))
    elif verb == "create":
        resource = ""
    return DelayedWrite(
        at=at,
        component=component,
        resource=resource,
        verb=verb,
        skip=choice((0, 0, 0, 1, 3)),
        count=choice((1, 1, 3)),
        leg=choice(LEGS) if verb != "delete" else "request",
        meanwhile=choice(INTERFERENCES[verb]) if aim.may_interfere(component) else None,
        seconds=choice(UNDER_WAY),
    )


def _missed_delete(aim: Aim, at: float) -> MissedDelete:
    """Mostly of an object that the component creates; sometimes of one that it changes."""
    choice = aim.source.choice
    component = choice((MANAGER, MANAGER, aim.component()))
    return MissedDelete(
        at=at,
        component=component,
        verb=choice(MISSED_VERBS) if aim.may_interfere(component) else "create",
        skip=choice((0, 0, 1, 2, 4)),
        seconds=choice(HIDDEN[:3]),
    )


DRAWS: dict[str, Draw] = {
    "conflicts": _conflicts,
    "reply-lost": _reply_lost,
    "slow-replies": _slow_replies,
    "admission-failure": _admission_failure,
    "delayed-write": _delayed_write,
    "missed-delete": _missed_delete,
}

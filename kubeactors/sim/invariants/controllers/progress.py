"""Invariant of the condition Progressing of deployments."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import Deployment
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.time import parse_time
from kubeactors.sim.invariants.controllers.deadlines import LATE, MANAGER, is_disturbed
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.world import Commit, World

PROGRESSING = "Progressing"
COMPLETE, GOES_ON, TIMED_OUT = "NewReplicaSetAvailable", "ReplicaSetUpdated", "ProgressDeadlineExceeded"
EPOCH = "1970-01-01T00:00:00Z"
ROUNDED = 2 * SECOND
"""Times in objects have whole seconds."""


class RolloutProgressIsReported(Invariant):
    """A rollout is reported as ProgressDeadlineExceeded when it has made no progress for that long, and only then.

    Progress is an increase of updated, ready or available replicas. Only the counts of a terminating deployment are kept up
    to date. The deadline starts at a time in the object: if the controller's clock was behind when it wrote that time, the
    deadline passes early; if it was ahead, the deadline is counted once more. Judged only while the controller is
    undisturbed.

    Source: "Deployments: failed deployment" in Kubernetes' documentation; DeploymentProgressing and DeploymentTimedOut in
    pkg/controller/deployment/util/deployment_util.go, syncStatusOnly in sync.go (v1.36).
    """

    name: ClassVar[str] = "rollout-progress-is-reported"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Deployment,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._changed: dict[str, int] = {}
        """By uid: when a deployment's spec or counts last changed."""
        self._wanted: dict[str, int] = {}
        """By uid: when its spec last changed: counts that change just then may be no progress."""
        self._moved: dict[str, int] = {}
        """By uid: when a count last increased."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check the condition, then note the changes."""
        old, new = commit.old, commit.new
        if not isinstance(new, Deployment):
            return
        uid, now = new.metadata.uid, self.root.kernel.now
        if isinstance(old, Deployment):
            problems = tuple(self._said(old, new, now))
            if problems and not self._is_disturbed(now):
                yield from problems
            if _grows(old, new):
                self._moved[uid] = now
        if not isinstance(old, Deployment) or old.spec != new.spec:
            self._wanted[uid] = self._changed[uid] = now
        elif _all_counts(old) != _all_counts(new):
            self._changed[uid] = now

    def _said(self, old: Deployment, new: Deployment, now: int) -> Iterator[str]:
        moved = self._moved.get(new.metadata.uid)
        timed_out = _reason(new) == TIMED_OUT != _reason(old) and not self.world.faults.has_skewed(MANAGER)
        if timed_out and moved is not None and now < moved + _deadline(new) - ROUNDED:
            yield f"{title(new)} reports ProgressDeadlineExceeded, but made progress {(now - moved) / SECOND:g} s ago"
        goes_on = _reason(new) == GOES_ON and new.metadata.deletion_timestamp is None
        if _grows(old, new) and goes_on and self._wanted[new.metadata.uid] + LATE < now:
            since = self.root.kernel.wall + now - _updated(new)
            if since > ROUNDED:
                yield f"{title(new)} made progress now, but lastUpdateTime of Progressing is {since / SECOND:g} s ago"

    def looked(self) -> Iterator[str]:
        """Look for rollouts whose deadline has passed."""
        now, counts = self.root.kernel.now, 2 if self.world.faults.has_skewed(MANAGER) else 1
        for one in self.world.of(Deployment).values():
            since = self._changed[one.metadata.uid]
            if now > since + counts * _deadline(one) + LATE and self._goes_on(one) and not self._is_disturbed(now):
                yield f"{title(one)} does not report ProgressDeadlineExceeded after {(now - since) / SECOND:g} s without progress"

    def _goes_on(self, found: Deployment) -> bool:
        deadline = found.spec.progress_deadline_seconds
        going = (
            found.metadata.deletion_timestamp is not None
            or found.spec.paused
            or self.world.faults.is_corrupted(found.metadata.uid)
        )
        return deadline is not None and not going and _reason(found) not in ("", COMPLETE, TIMED_OUT)

    def _is_disturbed(self, now: int) -> bool:
        return is_disturbed(self.world, self.root, now)


def _deadline(found: Deployment) -> int:
    return (found.spec.progress_deadline_seconds or 0) * SECOND


def _reason(found: Deployment) -> str:
    return next((one.reason for one in found.status.conditions if one.type == PROGRESSING), "")


def _updated(found: Deployment) -> int:
    """`lastUpdateTime` of the condition, in unix nanoseconds."""
    times = (one.last_update_time for one in found.status.conditions if one.type == PROGRESSING)
    return parse_time(next(times, None) or EPOCH)


def _grows(old: Deployment, new: Deployment) -> bool:
    return any(before < after for before, after in zip(_counts(old), _counts(new), strict=True))


def _all_counts(found: Deployment) -> tuple[int, ...]:
    return (*_counts(found), found.status.replicas or 0)


def _counts(found: Deployment) -> tuple[int, int, int]:
    """The counts whose increase is progress."""
    status = found.status
    return status.updated_replicas or 0, status.ready_replicas or 0, status.available_replicas or 0


INVARIANTS: tuple[type[Invariant], ...] = (RolloutProgressIsReported,)

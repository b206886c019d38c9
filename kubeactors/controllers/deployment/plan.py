"""Decides what a sync of a Deployment does: a pure function of the controller's view.

A plan updates each ReplicaSet at most once, on the condition that it is at the resource version that the view shows.

Source: pkg/controller/deployment/{deployment_controller,sync,rolling,recreate}.go (v1.36).
"""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, DeploymentStatus, ReplicaSet, ReplicaSetSpec, ReplicaSetStatus
from kubeactors.apimachinery.hashing import template_hash
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta
from kubeactors.client import controller_reference
from kubeactors.controllers.conditions import find
from kubeactors.controllers.deployment import sizes, status
from kubeactors.controllers.deployment.revisions import (
    DESIRED_REPLICAS,
    HASH_LABEL,
    REVISION,
    by_creation,
    by_revision,
    find_new,
    number_in,
    revision_of,
    synced_annotations,
    with_annotations,
    with_replicas,
)
from kubeactors.controllers.deployment.sizes import active, size, total_size, wanted


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The input of a sync. `now` is Unix time in nanoseconds."""

    deployment: Deployment
    replica_sets: tuple[ReplicaSet, ...]
    """The ReplicaSets that it controls."""
    populated: tuple[str, ...] = ()
    """The UIDs of those with unfinished pods; used with the strategy Recreate only."""
    now: int


class Scaling(msgspec.Struct, frozen=True):
    """A write of a ReplicaSet, and the message of the event to record after it; none is recorded if that is empty."""

    replica_set: ReplicaSet
    message: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to do, in this order: create, update, delete, write the Deployment if it differs, sync again after `seconds`."""

    create: ReplicaSet | None = None
    updates: tuple[Scaling, ...] = ()
    deletions: tuple[ReplicaSet, ...] = ()
    deployment: Deployment
    seconds: float | None = None


def plan(view: View) -> Plan:
    """Decide what this sync does."""
    rollout = _Rollout(view)
    if view.deployment.metadata.deletion_timestamp is not None:
        rollout.sync_revision(create=False)
        return rollout.finished(rollout.counted())
    rollout.status = status.with_pause(view.deployment, view.now)
    rollout.sync_revision(create=False)
    if view.deployment.spec.paused:
        return rollout.scale()
    if not sizes.is_rolling(view.deployment):
        return rollout.recreate()
    return rollout.scale() if rollout.is_scaling() else rollout.roll()


class _Rollout:
    """Builds a plan. Holds the ReplicaSets as they will be after it."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._deployment = view.deployment
        self._before = {one.metadata.name: one for one in view.replica_sets}
        self._messages: dict[str, str] = {}
        self._turns: dict[str, int] = {}
        """The order in which proportionally scaled ReplicaSets are written, by name."""
        self._deletions: tuple[ReplicaSet, ...] = ()
        self._create: ReplicaSet | None = None
        new = find_new(view.deployment, view.replica_sets)
        self.new = new
        self.old = [one for one in view.replica_sets if one is not new]
        self.revision = view.deployment.metadata.annotations.get(REVISION, "")
        self.status: DeploymentStatus = view.deployment.status

    @property
    def all(self) -> list[ReplicaSet]:
        """The old ReplicaSets and the new one."""
        return [*self.old, *([self.new] if self.new is not None else [])]

    # The new ReplicaSet.

    def sync_revision(self, *, create: bool) -> None:
        """Give the new ReplicaSet and the Deployment the newest revision; with `create`, create the ReplicaSet if missing."""
        newest = max(map(revision_of, self.old), default=0) + 1
        if self.new is not None:
            self._update_new(self.new, newest)
        elif create:
            self.new = self._create = self._made(newest)
            self.revision = str(newest)
            message = f'Created new replica set "{self.new.metadata.name}"'
            self._set_progressing(status.NEW_REPLICA_SET, message)

    def _update_new(self, new: ReplicaSet, newest: int) -> None:
        spec = self._deployment.spec
        updated = with_annotations(new, synced_annotations(self._deployment, new.metadata.annotations, newest))
        if new.spec.min_ready_seconds != spec.min_ready_seconds:
            updated = replace(updated, spec=replace(updated.spec, min_ready_seconds=spec.min_ready_seconds))
        self.new = updated
        self.revision = updated.metadata.annotations.get(REVISION, self.revision)
        if find(self.status.conditions, status.PROGRESSING) is None:
            self._set_progressing(status.FOUND_REPLICA_SET, f'Found new replica set "{new.metadata.name}"')

    def _set_progressing(self, reason: str, message: str) -> None:
        if status.has_deadline(self._deployment):
            self.status = status.with_condition(
                self.status, status.PROGRESSING, "True", reason, message, now=self._view.now
            )

    def _made(self, revision: int) -> ReplicaSet:
        deployment = self._deployment
        template = deployment.spec.template
        name_hash = template_hash(template, deployment.status.collision_count)
        labels = {**template.metadata.labels, HASH_LABEL: name_hash}
        selector = deployment.spec.selector or LabelSelector()
        made = ReplicaSet(
            metadata=ObjectMeta(
                name=f"{deployment.metadata.name}-{name_hash}",
                namespace=deployment.metadata.namespace,
                labels=labels,
                annotations=synced_annotations(deployment, {}, revision),
                owner_references=(controller_reference(deployment),),
            ),
            spec=ReplicaSetSpec(
                replicas=0,
                min_ready_seconds=deployment.spec.min_ready_seconds,
                selector=replace(selector, match_labels={**selector.match_labels, HASH_LABEL: name_hash}),
                template=replace(template, metadata=replace(template.metadata, labels=labels)),
            ),
            status=ReplicaSetStatus(terminating_replicas=0),
        )
        sized = _sized(made, sizes.new_size(deployment, [*self.old, made], made))
        return with_replicas(sized, wanted(deployment), wanted(deployment) + sizes.max_surge(deployment))

    # Scaling.

    def is_scaling(self) -> bool:
        """Whether the Deployment's replicas have changed since its ReplicaSets were last sized.

        `scale` annotates each of them with the new number, even if its size stays: otherwise this would remain true.
        """
        sized = (number_in(one.metadata.annotations, DESIRED_REPLICAS) for one in active(self.all))
        return any(one is not None and one != wanted(self._deployment) for one in sized)

    def scale(self) -> Plan:
        """Scale the ReplicaSets proportionally; only down while the maximum surge leaves no room to scale up."""
        goals = self._goals()
        self._turns = {one.metadata.name: turn for turn, (one, _) in enumerate(goals)}
        growth = sum(max(goal - size(one), 0) for one, goal in goals)
        fits = not sizes.is_rolling(self._deployment) or growth <= sizes.room(self._deployment, self.all)
        for one, goal in goals:
            if fits or goal < size(one):
                self._resize(one, goal)
        if self._deployment.spec.paused:
            self._clean_up()
        return self.finished(self.counted())

    def _goals(self) -> list[tuple[ReplicaSet, int]]:
        deployment = self._deployment
        only = sizes.active_or_latest(self.new, self.old)
        if only is not None:
            return [(only, wanted(deployment))]
        if sizes.is_saturated(deployment, self.new):
            return [(one, 0) for one in active(self.old)]
        if not sizes.is_rolling(deployment):
            return []
        by_name = {one.metadata.name: one for one in self.all}
        return [(by_name[name], goal) for name, goal in sizes.proportional_sizes(deployment, self.all).items()]

    def _scale(self, found: ReplicaSet, goal: int) -> bool:
        """Resize the ReplicaSet unless it has that size: then its annotations stay as they are, too."""
        return goal != size(found) and self._resize(found, goal)

    def _resize(self, found: ReplicaSet, goal: int) -> bool:
        deployment = self._deployment
        sized = with_replicas(found, wanted(deployment), wanted(deployment) + sizes.max_surge(deployment))
        sized = _sized(sized, goal)
        self._put(found, sized)
        if goal == size(found):
            return False
        direction = "up" if goal > size(found) else "down"
        name = found.metadata.name
        self._messages[name] = f"Scaled {direction} replica set {name} from {size(found)} to {goal}"
        return True

    def _put(self, found: ReplicaSet, changed: ReplicaSet) -> None:
        if found is self.new:
            self.new = changed
        else:
            self.old[self.old.index(found)] = changed

    # Rolling.

    def roll(self) -> Plan:
        """Scale the new ReplicaSet up as far as `maxSurge` allows, or else old ones down as far as `maxUnavailable` allows."""
        self.sync_revision(create=True)
        assert self.new is not None  # `create`
        moved = self._grow(self.new) or self._shrink(self.new)
        return self._finished_step(moved=moved)

    def _grow(self, new: ReplicaSet) -> bool:
        return self._scale(new, sizes.new_size(self._deployment, self.all, new))

    def _shrink(self, new: ReplicaSet) -> bool:
        old = sorted(active(self.old), key=by_creation)
        minimum = wanted(self._deployment) - sizes.max_unavailable(self._deployment)
        unavailable = size(new) - new.status.available_replicas
        spare = total_size(self.all) - minimum - unavailable
        if spare <= 0:
            return False
        moved = self._shrink_unhealthy(old, spare)
        return self._shrink_healthy(self._available() - minimum) or moved

    def _available(self) -> int:
        """The pods that are available and will stay: a ReplicaSet that was just scaled down may still report more.

        Kubernetes counts the reported ones, and violates `maxUnavailable` while the ReplicaSet controller lags.
        """
        return sum(min(one.status.available_replicas, size(one)) for one in self.all)

    def _shrink_unhealthy(self, old: Sequence[ReplicaSet], spare: int) -> bool:
        """Scale away old pods that are unavailable anyway."""
        moved = False
        for one in old:
            step = max(min(spare, size(one) - one.status.available_replicas), 0)
            spare -= step
            moved = self._scale(one, size(one) - step) or moved
        return moved

    def _shrink_healthy(self, spare: int) -> bool:
        moved = False
        for one in sorted(active(self.old), key=by_creation):
            step = max(min(size(one), spare), 0)
            spare -= step
            moved = self._scale(one, size(one) - step) or moved
        return moved

    # Recreating.

    def recreate(self) -> Plan:
        """Scale old ReplicaSets to zero, wait until their pods are gone, then scale the new one up.

        The history is not cleaned up before: the newest revision may be an old one, whose number would be reused.
        """
        moved = [self._resize(one, 0) for one in active(self.old)]
        if any(moved) or self._old_pods_live():
            return self.finished(self.progressed())
        self.sync_revision(create=True)
        assert self.new is not None  # `create`
        return self._finished_step(moved=self._scale(self.new, wanted(self._deployment)))

    def _old_pods_live(self) -> bool:
        """Whether old ReplicaSets have pods, or may have: their controller has not observed yet that they are scaled to zero.

        The original checks only status and pods, and may miss pods that were just created.
        """
        return any(
            one.status.replicas > 0
            or one.metadata.uid in self._view.populated
            or one.status.observed_generation < one.metadata.generation
            for one in self.old
        )

    # Completion.

    def _finished_step(self, *, moved: bool) -> Plan:
        """The plan of a step of a rollout; when the rollout is complete, the history is cleaned up."""
        new_status = self.progressed()
        if not moved and status.is_complete(self._deployment, new_status):
            self._clean_up()
        return self.finished(new_status)

    def _clean_up(self) -> None:
        """Delete the oldest revisions beyond the history limit whose ReplicaSets are observed to be empty."""
        limit = self._deployment.spec.revision_history_limit
        if limit is None:
            return
        alive = [one for one in self.old if one.metadata.deletion_timestamp is None]
        surplus = len(alive) - limit
        oldest = sorted(alive, key=by_revision)[: max(surplus, 0)]
        self._deletions = tuple(filter(_is_empty, oldest))

    def counted(self) -> DeploymentStatus:
        """The status outside of a rollout."""
        return status.counted(self._working(), self.all, self.new, self._view.now)

    def progressed(self) -> DeploymentStatus:
        """The status of a rollout."""
        return status.progressed(self._working(), self._view.deployment.status, self.all, self.new, self._view.now)

    def _working(self) -> Deployment:
        return replace(self._deployment, status=self.status)

    def finished(self, new_status: DeploymentStatus) -> Plan:
        """The plan, with this status."""
        before = self._before
        changed = [one for one in self.all if before.get(one.metadata.name) not in (None, one)]
        changed.sort(key=lambda one: self._turns.get(one.metadata.name, 0))
        deployment = self._with_revision()
        if new_status != deployment.status:
            deployment = replace(deployment, status=new_status)
        return Plan(
            create=self.new if self._create is not None else None,
            updates=tuple(Scaling(one, self._messages.get(one.metadata.name, "")) for one in changed),
            deletions=self._deletions,
            deployment=deployment,
            seconds=None
            if deployment.spec.paused
            else status.seconds_to_deadline(deployment, new_status, self._view.now),
        )

    def _with_revision(self) -> Deployment:
        metadata = self._deployment.metadata
        if not self.revision or metadata.annotations.get(REVISION) == self.revision:
            return self._deployment
        annotations = {**metadata.annotations, REVISION: self.revision}
        return replace(self._deployment, metadata=replace(metadata, annotations=annotations))


def _sized(found: ReplicaSet, replicas: int) -> ReplicaSet:
    return found if size(found) == replicas else replace(found, spec=replace(found.spec, replicas=replicas))


def _is_empty(found: ReplicaSet) -> bool:
    observed = found.metadata.generation <= found.status.observed_generation
    return found.status.replicas == 0 and size(found) == 0 and observed

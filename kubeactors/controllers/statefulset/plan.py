"""Decides what a sync of a StatefulSet does: a pure function of the controller's view.

Pods are processed in order. Ordered pod management stops at the first one that is not as it should be, so that no more
than one is created or deleted at a time; parallel management acts on all of them at once.

Source: updateStatefulSet, processReplica, processCondemned in pkg/controller/statefulset/stateful_set_control.go (v1.36).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import msgspec
from msgspec.structs import replace

from kubeactors.api.apps.v1 import ControllerRevision, StatefulSet, StatefulSetStatus
from kubeactors.api.apps.v1.statefulset import PARALLEL, RETAIN
from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod, PodTemplateSpec
from kubeactors.controllers.history import template_in
from kubeactors.controllers.pods import FAILED, PENDING, RUNNING, SUCCEEDED, is_ready, seconds_to_available
from kubeactors.controllers.statefulset.claims import claim_name, claim_names, claims_of, is_stale, with_owners
from kubeactors.controllers.statefulset.identity import (
    is_in_range,
    ordinal_of,
    pod_of,
    revision_of_pod,
    start_of,
    wanted,
    with_identity,
)

ROLLING_UPDATE = "RollingUpdate"


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The input of a sync. `now` is Unix time in nanoseconds."""

    found: StatefulSet
    pods: tuple[Pod, ...]
    """The pods that the set controls."""
    claims: Mapping[str, PersistentVolumeClaim]
    """The claims in its namespace, by name."""
    current: ControllerRevision
    update: ControllerRevision
    collisions: int = 0
    leaving: Mapping[str, None] = {}
    """The UIDs of pods whose deletion was requested, though the cache does not show it yet."""
    now: int


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """The writes for one pod: its claims first, then the pod."""

    claims: tuple[PersistentVolumeClaim, ...] = ()
    """Claims to create."""
    going: str = ""
    """A claim that is being deleted: the pod waits until it can be created again."""
    owners: tuple[PersistentVolumeClaim, ...] = ()
    """Claims to update with other owner references."""
    create: Pod | None = None
    update: Pod | None = None
    delete: Pod | None = None
    pod: str = ""
    """The pod's name."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Turns to take in this order, then the status to write, and when to sync again."""

    turns: tuple[Turn, ...] = ()
    status: StatefulSetStatus
    seconds: float | None = None


def plan(view: View) -> Plan:
    """Decide what this sync does."""
    members = _Members(view)
    status = members.status()
    if view.found.metadata.deletion_timestamp is not None:
        return Plan(status=status)
    turns = tuple(members.turns())
    replaced = sum(1 for one in turns if one.delete is not None and members.is_replaced(one.delete))
    status = replace(status, current_replicas=max(status.current_replicas - replaced, 0))
    return Plan(turns=turns, status=_completed(view.found, status), seconds=members.seconds())


class _Members:
    """The pods of a set: the desired ones in order, and the condemned ones in reverse order."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._found = view.found
        self._minimum = view.found.spec.min_ready_seconds
        self._ordered = view.found.spec.pod_management_policy != PARALLEL
        places = [(ordinal, pod) for pod in view.pods if (ordinal := ordinal_of(view.found, pod)) is not None]
        there = {ordinal: pod for ordinal, pod in places if is_in_range(view.found, ordinal)}
        first = start_of(view.found)
        self._wanted = [(ordinal, there.get(ordinal)) for ordinal in range(first, first + wanted(view.found))]
        surplus = [(ordinal, pod) for ordinal, pod in places if ordinal not in there]
        self._condemned = sorted(surplus, key=lambda place: place[0], reverse=True)
        self._stopped = False

    def turns(self) -> Iterator[Turn]:
        """The turns of this sync."""
        for ordinal, pod in self._wanted:
            yield from self._sync_replica(ordinal, pod)
            if self._stopped:
                return
        yield from self._release_claims()
        for _, pod in self._condemned:
            yield from self._condemn(pod)
            if self._stopped:
                return
        if self._found.spec.update_strategy.type == ROLLING_UPDATE:
            yield from (Turn(delete=pod, pod=pod.metadata.name) for pod in self._outdated())

    def is_replaced(self, pod: Pod) -> bool:
        """Whether the pod is deleted to be replaced by one of the update revision."""
        ordinal = ordinal_of(self._found, pod)
        return ordinal is not None and is_in_range(self._found, ordinal) and not _is_finished(pod)

    def status(self) -> StatefulSetStatus:
        """The status, with the counts of pods."""
        view = self._view
        staying = [pod for pod in view.pods if not self._is_terminating(pod)]
        ready = [pod for pod in view.pods if _is_running_and_ready(pod)]
        return StatefulSetStatus(
            observed_generation=self._found.metadata.generation,
            replicas=len(view.pods),
            ready_replicas=len(ready),
            available_replicas=sum(map(self._is_available, ready)),
            current_replicas=_count(staying, view.current),
            updated_replicas=_count(staying, view.update),
            current_revision=view.current.metadata.name,
            update_revision=view.update.metadata.name,
            collision_count=view.collisions,
        )

    def seconds(self) -> float | None:
        """The time until the next ready pod becomes available; None if none waits for that."""
        if not self._minimum:
            return None
        waits = [seconds_to_available(pod, self._minimum, self._view.now) for pod in self._view.pods]
        return min((one for one in waits if one), default=None)

    # Desired pods.

    def _sync_replica(self, ordinal: int, pod: Pod | None) -> Iterator[Turn]:
        """Ensure that the pod of this ordinal exists and is as it should be."""
        if pod is None:
            yield from self._create(ordinal)
            self._stop_if_ordered()
        elif _is_finished(pod):
            if not self._is_terminating(pod):
                yield Turn(delete=pod, pod=pod.metadata.name)
            self._stop_if_ordered()
        else:
            yield from self._keep(ordinal, pod)

    def _create(self, ordinal: int) -> Iterator[Turn]:
        name = f"{self._found.metadata.name}-{ordinal}"
        if self._has_stale_claim(ordinal, name):
            return
        template, revision = self._revision_for(ordinal)
        pod = pod_of(self._found, template, ordinal, revision)
        yield Turn(
            claims=self._missing_claims(ordinal),
            going=self._terminating_claim(ordinal),
            owners=self._owners(ordinal, None),
            create=pod,
            pod=name,
        )

    def _keep(self, ordinal: int, pod: Pod) -> Iterator[Turn]:
        waits = pod.status.phase == PENDING
        missing = self._missing_claims(ordinal) if waits else ()
        going = self._terminating_claim(ordinal) if waits else ""
        if self._ordered and self._is_unavailable(pod):
            if missing or going:
                yield Turn(claims=missing, going=going, pod=pod.metadata.name)
            self._stopped = True
            return
        right = with_identity(self._found, pod)
        update = right if right is not pod and not self._is_terminating(pod) else None
        owners = self._owners(ordinal, None)
        if missing or going or owners or update is not None:
            yield Turn(claims=missing, going=going, owners=owners, update=update, pod=pod.metadata.name)

    def _revision_for(self, ordinal: int) -> tuple[PodTemplateSpec, str]:
        """The template and the revision for a pod; below the partition the current one, even for a new pod."""
        view, strategy = self._view, self._found.spec.update_strategy
        rolling = strategy.rolling_update
        place = ordinal - start_of(self._found)
        keeps = rolling is not None and place < (rolling.partition or 0)
        keeps |= strategy.type == ROLLING_UPDATE and rolling is None and place < self._found.status.current_replicas
        if keeps and view.current.metadata.name != view.update.metadata.name:
            return template_in(view.current), view.current.metadata.name
        return self._found.spec.template, view.update.metadata.name

    # Condemned pods.

    def _condemn(self, pod: Pod) -> Iterator[Turn]:
        if self._is_terminating(pod):
            self._stop_if_ordered()
        elif self._ordered and self._is_unavailable(pod) and pod is not self._first_unavailable:
            self._stopped = True
        else:
            yield Turn(delete=pod, pod=pod.metadata.name)
            self._stop_if_ordered()

    def _release_claims(self) -> Iterator[Turn]:
        for ordinal, pod in self._condemned:
            owners = self._owners(ordinal, pod)
            if owners:
                yield Turn(owners=owners, pod=pod.metadata.name)

    @cached_property
    def _first_unavailable(self) -> Pod | None:
        """The first unavailable pod, which an ordered scale-down may delete without waiting for it to recover."""
        pods = [*[pod for _, pod in self._wanted], *[pod for _, pod in reversed(self._condemned)]]
        return next((pod for pod in pods if pod is None or self._is_unavailable(pod)), None)

    # Rolling update.

    def _outdated(self) -> Iterator[Pod]:
        """The pods to delete now for a rolling update, the last first."""
        rolling = self._found.spec.update_strategy.rolling_update
        lowest = (rolling.partition or 0) if rolling is not None else 0
        pods = [pod for _, pod in self._wanted[lowest:] if pod is not None]
        return self._one_outdated(reversed(pods))

    def _one_outdated(self, pods: Iterable[Pod]) -> Iterator[Pod]:
        for pod in pods:
            if self._is_outdated(pod):
                yield pod
                return
            if self._is_unavailable(pod):
                return

    def _is_outdated(self, pod: Pod) -> bool:
        return revision_of_pod(pod) != self._view.update.metadata.name and not self._is_terminating(pod)

    # Claims.

    def _missing_claims(self, ordinal: int) -> tuple[PersistentVolumeClaim, ...]:
        if not self._found.spec.volume_claim_templates:
            return ()
        return tuple(one for one in claims_of(self._found, ordinal) if one.metadata.name not in self._view.claims)

    def _terminating_claim(self, ordinal: int) -> str:
        claims = (self._view.claims.get(name) for name in claim_names(self._found, ordinal))
        going = (one for one in claims if one is not None and one.metadata.deletion_timestamp is not None)
        return next((one.metadata.name for one in going), "")

    def _has_stale_claim(self, ordinal: int, pod: str) -> bool:
        """Whether a claim will be deleted with an earlier pod; never if claims are retained."""
        policy = self._found.spec.persistent_volume_claim_retention_policy
        if policy is None or policy.when_scaled == RETAIN:
            return False
        claims = (self._view.claims.get(name) for name in claim_names(self._found, ordinal))
        return any(one is not None and is_stale(one, pod) for one in claims)

    def _owners(self, ordinal: int, condemned: Pod | None) -> tuple[PersistentVolumeClaim, ...]:
        found: list[PersistentVolumeClaim] = []
        for template in self._found.spec.volume_claim_templates:
            there = self._view.claims.get(claim_name(self._found, template, ordinal))
            if there is not None:
                right = with_owners(self._found, condemned, there)
                found += [right] if right is not there else []
        return tuple(found)

    # Properties of pods.

    def _stop_if_ordered(self) -> None:
        self._stopped = self._ordered

    def _is_terminating(self, pod: Pod) -> bool:
        return pod.metadata.deletion_timestamp is not None or pod.metadata.uid in self._view.leaving

    def _is_available(self, pod: Pod) -> bool:
        return _is_running_and_ready(pod) and seconds_to_available(pod, self._minimum, self._view.now) == 0

    def _is_unavailable(self, pod: Pod) -> bool:
        return self._is_terminating(pod) or not self._is_available(pod)


def _is_finished(pod: Pod) -> bool:
    return pod.status.phase in (FAILED, SUCCEEDED)


def _is_running_and_ready(pod: Pod) -> bool:
    return pod.status.phase == RUNNING and is_ready(pod)


def _count(pods: Sequence[Pod], revision: ControllerRevision) -> int:
    return sum(revision_of_pod(pod) == revision.metadata.name for pod in pods)


def _completed(found: StatefulSet, status: StatefulSetStatus) -> StatefulSetStatus:
    """The status after a completed update: the update revision becomes the current one."""
    goal = wanted(found)
    rolling = found.spec.update_strategy.type == ROLLING_UPDATE
    if rolling and status.updated_replicas == status.ready_replicas == status.replicas == goal:
        return replace(status, current_replicas=status.updated_replicas, current_revision=status.update_revision)
    return status

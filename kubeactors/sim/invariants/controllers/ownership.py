"""Invariants of owner references: adoption, release, orphaning and garbage collection."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.api.apps.v1 import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet
from kubeactors.api.batch.v1 import Job
from kubeactors.api.batch.v1.job import TRACKING_FINALIZER
from kubeactors.api.core.v1 import (
    ConfigMap,
    Endpoints,
    Namespace,
    Node,
    PersistentVolumeClaim,
    Pod,
)
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.api.resource.v1 import ResourceClaim
from kubeactors.apimachinery.labels import of_object
from kubeactors.apimachinery.meta import OwnerReference, TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Delete
from kubeactors.apimachinery.time import parse_time
from kubeactors.client import controller_of
from kubeactors.sim.bounds.rollouts import Replicas, is_active, selector_of, wanted
from kubeactors.sim.disturbances import LONG_AGO, RETRIED
from kubeactors.sim.invariants.inspection import (
    UNDISTURBED,
    has_said,
    informed_at,
    is_evicted,
    is_lost_with_node,
    is_preempted,
)
from kubeactors.sim.invariants.invariant import Invariant, RequestInvariant, title
from kubeactors.sim.network import Asked
from kubeactors.sim.processes import MANAGER
from kubeactors.sim.users.auxiliary import Widget
from kubeactors.sim.world import Commit, World

OWNED = (
    ReplicaSet,
    Pod,
    Endpoints,
    EndpointSlice,
    ConfigMap,
    Widget,
    Job,
    ControllerRevision,
    PersistentVolumeClaim,
    ResourceClaim,
)
FOREGROUND = "foregroundDeletion"
UNKNOWN_GROUP = "example.com/"
"""The API group of owners of unknown kinds, whose absence cannot be established."""


class UnownedObjectsAreKept(RequestInvariant):
    """No component deletes what users have orphaned or relabelled to keep, or what has owners of unknown kinds.

    Exempt are deletions of a job's pod that were in flight when the user acted: unlike other controllers', they have a
    precondition on the uid only, not on the resource version.

    Source: `DeletePod` in pkg/controller/controller_utils.go (v1.36).
    """

    name: ClassVar[str] = "unowned-objects-are-kept"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Delete,)
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (ReplicaSet, Pod, ConfigMap, PersistentVolumeClaim)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._discarded: dict[str, None] = {}
        self._in_flight: dict[str, Asked] = {}
        """By uid of a job's pod: the last justified deletion that is not answered yet."""

    def asked(self, asked: Asked) -> None:
        """Note each justified deletion of a job's pod."""
        uid = _deleted(asked)
        found = self.world.by_uid.get(uid)
        reference = controller_of(found.metadata) if found is not None else None
        if found is None or reference is None or not isinstance(self.world.by_uid.get(reference.uid), Job):
            return
        if uid not in self.world.intents.ownerless or self._must_go(found):
            self._in_flight[uid] = asked

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Drop it: a further request is based on the present state."""
        if self._in_flight.get(uid := _deleted(asked)) is asked:
            del self._in_flight[uid]
        yield from ()

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each deletion."""
        old, new = commit.old, commit.new
        if isinstance(old, Pod) and isinstance(new, Pod) and self._is_discarded(old, new):
            self._discarded[new.metadata.uid] = None
        if old is None or old.metadata.uid not in self.world.intents.ownerless:
            return
        going = new is None or (new.metadata.deletion_timestamp is not None and not old.metadata.deletion_timestamp)
        if not going or old.metadata.deletion_timestamp is not None or self._must_go(old):
            return
        if old.metadata.uid in self._in_flight:
            return
        yield f"{title(old)} was deleted, though a user had orphaned or relabelled it"

    def _must_go(self, value: TypedObject) -> bool:
        """Whether there is another reason: its node is tainted or gone, preemption, or the deletion of an owner or namespace.

        Or the pod is not orphaned yet, so its controller cannot know that it will be. Or a job had begun to remove it as
        surplus before it was orphaned: see `_is_discarded`.
        """
        reference = controller_of(value.metadata)
        owner = self.world.intents.being_orphaned.get(value.metadata.uid)
        if isinstance(value, Pod) and reference is not None and reference.uid == owner and owner in self.world.by_uid:
            return True
        if value.metadata.uid in self._discarded or self.world.is_namespace_ending(value.metadata.namespace):
            return True
        if isinstance(value, Pod) and any(
            has_said(self.world, value, one) for one in (is_evicted, is_lost_with_node, is_preempted)
        ):
            return True  # other invariants judge these
        if isinstance(value, Pod) and value.spec.node_name:
            node = self.world.find(Node, value.spec.node_name, "")
            if node is None or node.spec.taints:
                return True
        owners = value.metadata.owner_references
        if isinstance(value, ConfigMap | PersistentVolumeClaim):
            return any(
                one.uid != owner and self._is_leaving(one.uid)
                for one in owners
                if not one.api_version.startswith(UNKNOWN_GROUP)
            )
        return isinstance(value, Pod) and any(self._is_leaving(one.uid) for one in owners)

    def _is_discarded(self, old: Pod, new: Pod) -> bool:
        """Whether a job has begun to remove a surplus pod: it removes the finalizer first, and then deletes the pod.

        A user who orphans the pod in between is too late, in Kubernetes as here. A job without surplus pods has no reason
        to remove one.

        Source: `deleteJobPods` in pkg/controller/job/job_controller.go (v1.36).
        """
        if TRACKING_FINALIZER not in old.metadata.finalizers or TRACKING_FINALIZER in new.metadata.finalizers:
            return False
        reference = controller_of(new.metadata)
        job = self.world.by_uid.get(reference.uid) if reference is not None else None
        if not isinstance(job, Job) or not is_active(new):
            return False
        pods = [one for one in self.world.controlled_by(job.metadata.uid).values() if isinstance(one, Pod)]
        parallelism = 1 if job.spec.parallelism is None else job.spec.parallelism
        return bool(job.spec.suspend) or sum(map(is_active, pods)) > parallelism

    def _is_leaving(self, uid: str) -> bool:
        """Whether an owner is deleted or terminating: dependents that are not released yet are deleted with it."""
        owner = self.world.by_uid.get(uid)
        return owner is None or owner.metadata.deletion_timestamp is not None


def _deleted(asked: Asked) -> str:
    """The uid precondition of a deletion; empty for other requests."""
    request = asked.request
    return (
        (request.options.preconditions.uid or "")
        if isinstance(request, Delete) and request.options.preconditions
        else ""
    )


class OwnedReplicaSetsAreKept(Invariant):
    """No component deletes a ReplicaSet of an existing deployment, except by `revisionHistoryLimit`.

    While a deployment is paused, possibly no ReplicaSet has its template: then all are old, and one more may be deleted. Its
    controller may have decided so before the deployment was resumed.

    Source: `sync` and `cleanupDeployment` in pkg/controller/deployment/sync.go (v1.36).
    """

    name: ClassVar[str] = "owned-replica-sets-are-kept"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (ReplicaSet, Deployment)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._resumed: dict[str, int] = {}
        """By uid of deployment: when it was resumed."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each deletion of a ReplicaSet."""
        old, new = commit.old, commit.new
        if isinstance(old, Deployment) and isinstance(new, Deployment):
            if old.spec.paused and not new.spec.paused:
                self._resumed[new.metadata.uid] = self.root.kernel.now
            return
        if (
            old is None
            or old.metadata.deletion_timestamp is not None
            or old.metadata.uid in self.world.intents.user_managed
        ):
            return
        reference = controller_of(old.metadata)
        owner = self.world.by_uid.get(reference.uid) if reference is not None else None
        going = new is None or new.metadata.deletion_timestamp is not None
        if not going or not isinstance(owner, Deployment) or self.world.is_ending(owner):
            return
        if not self._is_surplus(old, owner):
            yield f"{title(old)} was deleted, though {title(owner)} exists and its history limit is not exceeded"

    def _is_surplus(self, old: TypedObject, owner: Deployment) -> bool:
        """Whether it has no pods, and the deployment has more old ReplicaSets than its history limit."""
        others = [one for one in self.world.sets_of(owner.metadata.uid) if one.metadata.uid != old.metadata.uid]
        kept = 10 if owner.spec.revision_history_limit is None else owner.spec.revision_history_limit
        is_idle = isinstance(old, ReplicaSet) and not wanted(old) and not old.status.replicas
        return is_idle and len(others) - (not self._may_seem_paused(owner)) >= kept

    def _may_seem_paused(self, owner: Deployment) -> bool:
        """Whether it is paused, or its controller may still see it as paused."""
        resumed = self._resumed.get(owner.metadata.uid)
        if owner.spec.paused or resumed is None:
            return bool(owner.spec.paused)
        return self.root.kernel.now < max(resumed + RETRIED, informed_at(self.world, MANAGER))


class AdoptionMatchesTheSelector(Invariant):
    """No controller adopts or creates a pod that its selector does not match, except for races with relabelling."""

    name: ClassVar[str] = "adoption-matches-the-selector"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._relabelled: dict[str, None] = {}

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each pod that gets a controller."""
        old, new = commit.old, commit.new
        if new is None:
            return
        if old is not None and old.metadata.labels != new.metadata.labels:
            self._relabelled[new.metadata.uid] = None
        taken = controller_of(new.metadata)
        before = controller_of(old.metadata) if old is not None else None
        if taken is None or (before is not None and before.uid == taken.uid):
            return
        owner = self.world.by_uid.get(taken.uid)
        if not isinstance(owner, Replicas | StatefulSet | DaemonSet) or new.metadata.uid in self._relabelled:
            return
        selector = selector_of(owner) if isinstance(owner, Replicas) else of_object(owner.spec.selector)
        if not selector.matches(new.metadata.labels):
            yield f"{title(owner)} became the controller of {title(new)}, which its selector does not match"


class DependentsAreGarbageCollected(Invariant):
    """When all is quiet, no object has only absent owners, and objects with other owners do not refer to absent ones.

    An owner in another namespace counts as absent; one of a kind that is not defined cannot be called absent.
    """

    name: ClassVar[str] = "dependents-are-garbage-collected"

    def settled(self) -> Iterator[str]:
        """Look at all objects with owners."""
        for type_ in OWNED:
            for one in self.world.of(type_).values():
                owners = one.metadata.owner_references
                gone = [owner for owner in owners if not self._exists(owner, one.metadata.namespace)]
                if one.metadata.deletion_timestamp is not None:
                    continue  # `deletions-are-completed` judges what holds it
                if gone and len(gone) == len(owners):
                    yield f"{title(one)} still exists, though its owner {gone[0].kind} {gone[0].name!r} does not"
                elif gone:
                    yield f"{title(one)} refers to the owner {gone[0].kind} {gone[0].name!r}, which does not exist"

    def _exists(self, reference: OwnerReference, namespace: str) -> bool:
        if reference.api_version.startswith(UNKNOWN_GROUP):
            return True
        if reference.kind == Widget().kind and not self.world.of(CustomResourceDefinition):
            return True
        owner = self.world.by_uid.get(reference.uid)
        return owner is not None and owner.metadata.namespace in {"", namespace}


class ForegroundDeletionIsOrdered(Invariant):
    """An owner in foreground deletion is removed after the dependents with `blockOwnerDeletion` that it had at its deletion.

    Unless a user deletes it again with another propagation policy. Not judged soon after a fault, as with a stale cache the
    garbage collector cannot know all dependents.
    """

    name: ClassVar[str] = "foreground-deletion-is-ordered"

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each removed owner."""
        old = commit.old
        end = old.metadata.deletion_timestamp if old is not None and commit.new is None else None
        if old is None or end is None or FOREGROUND not in old.metadata.finalizers:
            return
        uid, disturbed = old.metadata.uid, max(self.world.faults.affected.values(), default=LONG_AGO)
        if uid in self.world.intents.deleted_without_waiting or self.root.kernel.now < disturbed + UNDISTURBED:
            return
        for _, one in self.world.everything():
            blocks = any(owner.uid == uid and owner.block_owner_deletion for owner in one.metadata.owner_references)
            if blocks and parse_time(one.metadata.creation_timestamp or end) < parse_time(end):
                yield f"{title(old)} was removed in foreground deletion before {title(one)}, which blocks that"


class NoObjectsInMissingNamespaces(Invariant):
    """When all is quiet, no object is in a namespace that does not exist."""

    name: ClassVar[str] = "no-objects-in-missing-namespaces"

    def settled(self) -> Iterator[str]:
        """Look at all objects."""
        names = {"", *(one.metadata.name for one in self.world.of(Namespace).values())}
        for _, one in self.world.everything():
            if one.metadata.namespace not in names:
                yield f"{title(one)} exists, but its namespace does not"


INVARIANTS: tuple[type[Invariant], ...] = (
    UnownedObjectsAreKept,
    OwnedReplicaSetsAreKept,
    AdoptionMatchesTheSelector,
    DependentsAreGarbageCollected,
    ForegroundDeletionIsOrdered,
    NoObjectsInMissingNamespaces,
)

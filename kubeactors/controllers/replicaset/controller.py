"""The ReplicaSet controller and the replication controller: each keeps a number of pods of one template running.

Pods are counted by a tally, so that a sync costs what has changed and not how many pods there are; the pods themselves
are visited only to delete or release some, or to time their availability. `plan.py` decides.
A ReplicationController is read as a ReplicaSet, through `replication.py`, and its own status is written.

Source: pkg/controller/replicaset/replica_set.go, pkg/controller/replication/replication_controller.go (v1.36).
"""

from collections.abc import Hashable, Iterable
from typing import ClassVar, Generic, TypeVar, cast

import msgspec

from kubeactors.api.apps.v1 import ReplicaSet, ReplicaSetStatus
from kubeactors.api.core.v1 import Pod, ReplicationController
from kubeactors.apimachinery.labels import Selector, of_object
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import (
    Change,
    Client,
    Controller,
    EventRecorder,
    Expectations,
    Overlay,
    RecordEvent,
    SharedInformer,
    Standing,
    cluster_key,
    controller_of,
    controller_reference,
    is_ambiguous,
    is_namespace_terminating,
    key_of,
    reading,
)
from kubeactors.client.expectations import AWAIT_SECONDS
from kubeactors.controllers.adoption import (
    CONTROLLER,
    ORPHANS,
    SELECTOR,
    adopt,
    by_controller,
    by_orphanhood,
    claim,
    is_adoptable,
    release,
    selector_value,
)
from kubeactors.controllers.known import known
from kubeactors.controllers.live_pods import LivePods
from kubeactors.controllers.pod_marks import STRAY, owned_by
from kubeactors.controllers.podcontrol import Deleted, PodControl, while_there
from kubeactors.controllers.pods import Life, batches, generated_name, is_active, label_values, life_of, ready_time
from kubeactors.controllers.replicaset.plan import (
    BURST,
    Counts,
    Tallied,
    counts_of_pods,
    counts_of_tally,
    pod_of,
    seconds_to_next_available,
    status_of,
)
from kubeactors.controllers.replicaset.ranking import pods_to_delete
from kubeactors.controllers.replicaset.replication import as_replica_set, with_status
from kubeactors.message import Recipient

LIVES = "lives"
"""Tally: pods by the UID of their controller, counted by life and labels."""

STATUS_DELAY_SECONDS = 0.02
"""How long changes that only affect the status are batched: 500 pods that become ready cause a few writes."""


R = TypeVar("R", bound=TypedObject)


class ReplicasController(Controller, Generic[R]):
    """Creates and deletes pods until each owner has as many as it wants, and writes their counts to its status.

    A subclass defines the kind of the owner: how to view it as a ReplicaSet, and how to put a status into it.
    """

    owner_kind: ClassVar[str]
    component: ClassVar[str]

    def __init__(
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        pods: SharedInformer[Pod],
        owners: SharedInformer[R],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._type = owners.type
        self._expectations = Expectations()
        self._overlay: Overlay[R] = Overlay(owners.lister)
        pods.add_indexes({CONTROLLER: by_controller, ORPHANS: by_orphanhood})
        pods.add_tally(LIVES, _life)
        owners.add_indexes({SELECTOR: self._by_selector, CONTROLLER: by_controller})
        self._pods = pods.lister
        self._live_pods = LivePods(client, self._expectations, self._pods, CONTROLLER)
        self._owners = owners.lister
        self.observe(owners, self._on_owner)
        self.observe(pods, self._on_pod, owned_by(self.owner_kind) | STRAY)

    @staticmethod
    def view(owner: R) -> ReplicaSet:
        """The owner as a ReplicaSet of its own kind and version."""
        raise NotImplementedError

    @staticmethod
    def reported(owner: R, status: ReplicaSetStatus) -> R:
        """The owner with this status."""
        raise NotImplementedError

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, self.component)
        self._random = self.ctx.random_for("names")
        self._control = PodControl(self, self._client, self._recorder, self._expectations, self._pods)

    @classmethod
    def _by_selector(cls, owner: R) -> tuple[str, ...]:
        """Index: see `SELECTOR`."""
        return (selector_value(owner.metadata.namespace, of_object(cls.view(owner).spec.selector)),)

    # Events.

    def _on_owner(self, change: Change[R]) -> None:
        news = not self._overlay.seen(change)
        if change.new is None:
            self._expectations.forget(change.current.metadata.uid)
        elif news:
            self.enqueue(change.key)

    def _on_pod(self, change: Change[Pod]) -> None:
        old, new = change.old, change.new
        if new is None or (new.metadata.deletion_timestamp is not None):
            self._pod_goes(change)
        if new is None:
            return
        reference = controller_of(new.metadata)
        if old is not None and old.metadata.owner_references != new.metadata.owner_references:
            self._enqueue_controller_of(old)
        if reference is not None:
            if reference.kind == self.owner_kind:
                self._owned_pod(change, reference.uid, cluster_key(new.metadata.namespace, reference.name))
        elif is_adoptable(change):
            self._enqueue_selecting(new)

    def _pod_goes(self, change: Change[Pod]) -> None:
        pod = change.current
        reference = controller_of(pod.metadata)
        if reference is not None and reference.kind == self.owner_kind:
            self._expectations.creation_observed(reference.uid, change.key)
            self._expectations.deletion_observed(reference.uid, pod.metadata.uid)
            self.enqueue(cluster_key(pod.metadata.namespace, reference.name))

    def _owned_pod(self, change: Change[Pod], uid: str, key: str) -> None:
        old, new = change.old, change.new
        assert new is not None  # `_on_pod` has checked
        if old is None:
            self._expectations.creation_observed(uid, change.key)
            self.enqueue(key)
            return
        before, after = life_of(old), life_of(new)
        if (
            (before != after and not (before <= Life.READY and after <= Life.READY))
            or old.metadata.labels != new.metadata.labels
            or old.metadata.owner_references != new.metadata.owner_references
        ):
            self.enqueue(key)
        elif before != after or ready_time(old) != ready_time(new):
            self.enqueue_after(key, STATUS_DELAY_SECONDS)

    def _enqueue_controller_of(self, pod: Pod) -> None:
        reference = controller_of(pod.metadata)
        if reference is not None and reference.kind == self.owner_kind:
            self.enqueue(cluster_key(pod.metadata.namespace, reference.name))

    def _enqueue_selecting(self, pod: Pod) -> None:
        if not len(self._owners):
            return
        for value in label_values(pod.metadata.namespace, pod.metadata.labels.items()):
            for key, one in self._owners.by_index(SELECTOR, value).items():
                if of_object(self.view(one).spec.selector).matches(pod.metadata.labels):
                    self.enqueue(key)

    # Sync.

    async def reconcile(self, key: str) -> None:
        """Adopt and release, create and delete pods, update the status."""
        owner = await known(self, self._client, self._overlay, key, self._owners.by_key(key))
        if owner is not None:
            with while_there(owner, self._owners, self._expectations.forget):
                await self._reconcile(key, owner)

    async def _reconcile(self, key: str, owner: R) -> None:
        found = self.view(owner)
        uid = found.metadata.uid
        now = self.ctx.wall
        standing = self._expectations.standing(uid, self.ctx.now, self._pods.revision)
        if standing is Standing.DOUBTED:
            counts, pods = await self._count_live(found, now)
        else:
            counts, pods = await self._expect(found, now)
        failure: StatusError | None = None
        if standing is not Standing.AWAITED and found.metadata.deletion_timestamp is None:
            counts, failure = await self._manage(found, counts, pods, now)
        if self._expectations.is_open(uid):
            self.enqueue_after(key, AWAIT_SECONDS)  # a relist may miss an object that came and went
        await self._report(owner, counts, pods, failure)
        if failure is not None:
            raise failure

    async def _expect(self, found: ReplicaSet, now: int) -> tuple[Counts, Iterable[Pod]]:
        """The pods that the cache will show once it has caught up with our own writes."""
        doomed = self._expectations.awaited_deletions(found.metadata.uid)
        counts, pods = await self._count(found, now)
        leaving = [pod for pod in pods if pod.metadata.uid in doomed and is_active(pod)] if doomed else []
        return counts.without(counts_of_pods(found, leaving, 0, now)), pods

    async def _count(self, found: ReplicaSet, now: int) -> tuple[Counts, Iterable[Pod]]:
        """The pods in the cache, after adopting those that match and releasing those that no longer do."""
        selector = of_object(found.spec.selector)
        uid = found.metadata.uid
        awaited = self._expectations.awaited_creations(uid)
        tally = cast("Tallied", self._pods.counts(LIVES, uid))
        owned = self._pods.by_index(CONTROLLER, uid)
        orphans = self._pods.by_index(ORPHANS, selector_value(found.metadata.namespace, selector))
        if not orphans and all(selector.matches(dict(labels)) for _, labels in tally):
            if found.spec.min_ready_seconds == 0:
                return counts_of_tally(found, tally, awaited), owned.values()
            return counts_of_pods(found, owned.values(), awaited, now), owned.values()
        pods = await self._claim(found, selector, (*owned.values(), *orphans.values()))
        return counts_of_pods(found, pods, awaited, now), pods

    async def _count_live(self, found: ReplicaSet, now: int) -> tuple[Counts, Iterable[Pod]]:
        """The pods by a live read, because the cache cannot be trusted."""
        selector = of_object(found.spec.selector)
        live = await self._live_pods.of(found, selector, self.ctx.now)
        pods = await self._claim(found, selector, live)
        return counts_of_pods(found, pods, 0, now), pods

    async def _claim(self, found: ReplicaSet, selector: Selector, candidates: Iterable[Pod]) -> tuple[Pod, ...]:
        claimed = claim(found, selector, candidates)
        await release(self._client, found, claimed.release)
        adopted = await adopt(self._client, found, selector, filter(is_active, claimed.adopt))
        return (*claimed.owned, *adopted)

    async def _manage(
        self, found: ReplicaSet, counts: Counts, pods: Iterable[Pod], now: int
    ) -> tuple[Counts, StatusError | None]:
        """Create or delete pods. Returns the pods there are then, or may be, and the first error."""
        surplus = counts.active - (found.spec.replicas or 0)
        if surplus < 0:
            created, failure = await self._create(found, min(-surplus, BURST))
            return counts.with_created(created), failure
        if surplus > 0:
            deleted = await self._delete(found, pods, min(surplus, BURST))
            counts = counts.without(counts_of_pods(found, deleted.going, 0, now))
            counts = counts.without_relying_on(counts_of_pods(found, deleted.doubtful, 0, now))
            return counts, next(iter(deleted.refusals), None)
        return counts, None

    async def _create(self, found: ReplicaSet, wanted: int) -> tuple[int, StatusError | None]:
        """Create pods in batches that double in size, until the first error."""
        created = 0
        for size in batches(wanted):
            refusals = await self._create_batch(found, size)
            created += size - sum(not is_ambiguous(one) for one in refusals)
            if refusals:
                return created, next((one for one in refusals if not is_namespace_terminating(one)), None)
        return created, None

    async def _create_batch(self, found: ReplicaSet, size: int) -> list[StatusError]:
        """Create `size` pods at once. Returns the errors."""
        base, references = f"{found.metadata.name}-", (controller_reference(found),)
        names = [generated_name(base, self._random) for _ in range(size)]
        return await self._control.create(found, [pod_of(found, references, name) for name in names])

    async def _delete(self, found: ReplicaSet, pods: Iterable[Pod], surplus: int) -> Deleted:
        """Delete `surplus` pods."""
        doomed = pods_to_delete(list(filter(is_active, pods)), self._neighbours(found), surplus, self.ctx.wall)
        return await self._control.delete(found, doomed)

    def _neighbours(self, found: ReplicaSet) -> dict[str, int]:
        """How many active pods of this set and its siblings (the same Deployment's) each node has."""
        owner = controller_of(found.metadata)
        siblings = self._owners.by_index(CONTROLLER, owner.uid).values() if owner is not None else (found,)
        on_node: dict[str, int] = {}
        for sibling in siblings:
            for pod in self._pods.by_index(CONTROLLER, sibling.metadata.uid).values():
                if is_active(pod):
                    on_node[pod.spec.node_name] = on_node.get(pod.spec.node_name, 0) + 1
        return on_node

    async def _report(self, owner: R, counts: Counts, pods: Iterable[Pod], failure: StatusError | None) -> None:
        found = self.view(owner)
        status = status_of(found, counts, str(failure) if failure is not None else "", self.ctx.timestamp())
        if found.spec.min_ready_seconds:
            seconds = seconds_to_next_available(pods, found.spec.min_ready_seconds, self.ctx.wall)
            if seconds is not None:
                self.enqueue_after(key_of(found), seconds)
        wanted = self.reported(owner, status)
        if wanted != owner:
            self._overlay.wrote(key_of(owner), await self._client.update_status(wanted))


class ReplicaSetController(ReplicasController[ReplicaSet]):
    """Manages the pods of ReplicaSets."""

    owner_kind = "ReplicaSet"
    component = "replicaset-controller"

    @staticmethod
    def view(owner: ReplicaSet) -> ReplicaSet:
        """The owner itself."""
        return owner

    @staticmethod
    def reported(owner: ReplicaSet, status: ReplicaSetStatus) -> ReplicaSet:
        """The owner with this status; the same object if it has it already."""
        return owner if status == owner.status else msgspec.structs.replace(owner, status=status)


class ReplicationManager(ReplicasController[ReplicationController]):
    """Manages the pods of ReplicationControllers."""

    owner_kind = "ReplicationController"
    component = "replication-controller"

    @staticmethod
    def view(owner: ReplicationController) -> ReplicaSet:
        """The owner as a ReplicaSet, whose selector has its labels."""
        return as_replica_set(owner)

    @staticmethod
    def reported(owner: ReplicationController, status: ReplicaSetStatus) -> ReplicationController:
        """The owner with this status, except for the terminating pods, which it does not count."""
        return with_status(owner, status)


@reading(
    "metadata.owner_references", "metadata.labels", "metadata.deletion_timestamp", "status.phase", "status.conditions"
)
def _life(pod: Pod) -> tuple[str, Hashable] | None:
    """Tally: see `LIVES`."""
    reference = controller_of(pod.metadata)
    return (reference.uid, (life_of(pod), tuple(pod.metadata.labels.items()))) if reference is not None else None

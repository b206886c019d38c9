"""The StatefulSet controller: runs pods with stable identities, at most one for each.

A stale cache cannot break that: a pod is created under its fixed name, which is unique, and deleted by its UID, which a
successor does not share. The names of claims and revisions are fixed, too, so that what was created though the reply
was lost is not created twice. So expectations and live reads are not needed.

Source: pkg/controller/statefulset/{stateful_set,stateful_set_control,stateful_pod_control}.go (v1.36).
"""

from collections.abc import Awaitable, Iterable

from msgspec.structs import replace

from kubeactors.api.apps.v1 import ControllerRevision, StatefulSet, StatefulSetStatus
from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod
from kubeactors.apimachinery.hashing import revision_hash
from kubeactors.apimachinery.labels import Selector, of_object
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import Result
from kubeactors.apimachinery.status import AlreadyExists, Conflict, NotFound, StatusError
from kubeactors.client import (
    Change,
    Client,
    Controller,
    EventRecorder,
    Overlay,
    RecordEvent,
    SharedInformer,
    cluster_key,
    controller_of,
    key_of,
)
from kubeactors.client.expectations import AWAIT_SECONDS
from kubeactors.controllers.adoption import (
    CONTROLLER,
    ORPHANS,
    SELECTOR,
    adopt,
    by_controller,
    by_orphanhood,
    check_alive,
    claim,
    is_adoptable,
    release,
    selector_value,
)
from kubeactors.controllers.history import HASH, History, data_of, newest_equal, revision_of, surplus
from kubeactors.controllers.known import known
from kubeactors.controllers.pod_marks import STRAY, owned_by
from kubeactors.controllers.podcontrol import as_seen, while_there
from kubeactors.controllers.pods import batches, label_values, owner_changed
from kubeactors.controllers.statefulset.claims import pods_of_claim, relevant_claims
from kubeactors.controllers.statefulset.identity import ordinal_of, revision_of_pod
from kubeactors.controllers.statefulset.plan import Turn, View, plan
from kubeactors.message import Recipient


class StatefulSetController(Controller):
    """Applies the plan of each StatefulSet to its pods and claims, and writes its status."""

    def __init__(  # noqa: PLR0913 -- one informer for each kind that it reads
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        stateful_sets: SharedInformer[StatefulSet],
        pods: SharedInformer[Pod],
        claims: SharedInformer[PersistentVolumeClaim],
        revisions: SharedInformer[ControllerRevision],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._history = History(client, revisions)
        self._own: Overlay[StatefulSet] = Overlay(stateful_sets.lister)
        self._made: Overlay[Pod] = Overlay(pods.lister)
        self._claimed: Overlay[PersistentVolumeClaim] = Overlay(claims.lister)
        self._leaving: dict[str, None] = {}
        """The UIDs of pods whose deletion was requested, until the cache shows it."""
        pods.add_indexes({CONTROLLER: by_controller, ORPHANS: by_orphanhood})
        stateful_sets.add_indexes({SELECTOR: _by_selector})
        self._pods = pods.lister
        self._claims = claims.lister
        self._sets = stateful_sets.lister
        self.observe(stateful_sets, self._on_set)
        self.observe(pods, self._on_pod, owned_by("StatefulSet") | STRAY)
        self.observe(claims, self._on_claim)
        self.observe(revisions, self._on_revision)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "statefulset-controller")

    # Events.

    def _on_set(self, change: Change[StatefulSet]) -> None:
        news = not self._own.seen(change)
        if change.new is None:
            self._forget(change.current.metadata.uid)
        elif news:
            self.enqueue(change.key)

    def _forget(self, uid: str) -> None:
        self._made.forget(uid)
        self._claimed.forget(uid)
        self._history.forget(uid)

    def _on_pod(self, change: Change[Pod]) -> None:
        self._made.seen(change)
        old, new = change.old, change.new
        if new is None or new.metadata.deletion_timestamp is not None:
            self._leaving.pop(change.current.metadata.uid, None)
        if old is not None and new is not None and old.metadata.uid != new.metadata.uid:
            self._leaving.pop(old.metadata.uid, None)
        if new is None:
            self._enqueue_named_in(change.current.metadata.namespace, change.current.metadata.name)
            return
        if old is not None and owner_changed(old.metadata, new.metadata):
            self._enqueue_owner(old)
        if controller_of(new.metadata) is not None:
            self._enqueue_owner(new)
        elif is_adoptable(change):
            self._enqueue_selecting(new)

    def _on_claim(self, change: Change[PersistentVolumeClaim]) -> None:
        """Handle only the deletion of a claim, for which a pod may wait."""
        self._claimed.seen(change)
        if change.new is None:
            for pod in pods_of_claim(change.current.metadata.name):
                self._enqueue_named_in(change.current.metadata.namespace, pod)

    def _on_revision(self, change: Change[ControllerRevision]) -> None:
        if self._history.seen(change):
            return
        for one in (change.old, change.new):
            if one is not None:
                self._enqueue_owner(one)
        if is_adoptable(change):
            self._enqueue_selecting(change.current)

    def _enqueue_owner(self, one: TypedObject) -> None:
        reference = controller_of(one.metadata)
        if reference is not None and reference.kind == "StatefulSet":
            self.enqueue(cluster_key(one.metadata.namespace, reference.name))

    def _enqueue_named_in(self, namespace: str, pod: str) -> None:
        """Enqueue the set that a pod of this name would belong to, whoever owns it now."""
        key = cluster_key(namespace, pod.rpartition("-")[0])
        if self._sets.by_key(key) is not None:
            self.enqueue(key)

    def _enqueue_selecting(self, orphan: Pod | ControllerRevision) -> None:
        if not len(self._sets):
            return
        for value in label_values(orphan.metadata.namespace, orphan.metadata.labels.items()):
            for key, one in self._sets.by_index(SELECTOR, value).items():
                fits = isinstance(orphan, ControllerRevision) or ordinal_of(one, orphan) is not None
                if fits and of_object(one.spec.selector).matches(orphan.metadata.labels):
                    self.enqueue(key)

    # Sync.

    async def reconcile(self, key: str) -> None:
        """Plan and apply the next step of a StatefulSet."""
        found = await known(self, self._client, self._own, key, self._sets.by_key(key))
        if found is not None:
            with while_there(found, self._sets, self._forget):
                await self._reconcile(key, found)

    async def _reconcile(self, key: str, found: StatefulSet) -> None:
        selector = of_object(found.spec.selector)
        revisions = await self._history.of(found, selector)
        pods = await self._claim(found, selector)
        current, update, found = await self._revisions(found, revisions)
        view = View(
            found=found,
            pods=pods,
            claims=self._claims_of(found, pods),
            current=current,
            update=update,
            collisions=found.status.collision_count or 0,
            leaving=self._leaving,
            now=self.ctx.wall,
        )
        step = plan(view)
        if any(written.lacking(found.metadata.uid) for written in (self._made, self._claimed, self._history)):
            self.enqueue_after(key, AWAIT_SECONDS)  # set before the writes below, which may keep failing
        try:
            await self._take_turns(found, step.turns)
        except Exception:  # not `finally`: that would also run when the controller is stopped
            await self._write_status(found, step.status)
            raise
        await self._write_status(found, step.status)
        if step.seconds is not None:
            self.enqueue_after(key, step.seconds)
        used = (step.status.current_revision, step.status.update_revision, *map(revision_of_pod, pods))
        for one in surplus(revisions, used, _limit(found)):
            await self._history.delete(one)

    async def _claim(self, found: StatefulSet, selector: Selector) -> tuple[Pod, ...]:
        uid, namespace = found.metadata.uid, found.metadata.namespace
        owned = self._pods.by_index(CONTROLLER, uid)
        orphans = self._pods.by_index(ORPHANS, selector_value(namespace, selector))
        named = [one for one in orphans.values() if ordinal_of(found, one) is not None]
        sorted_out = claim(found, selector, (*self._made.group(uid, owned), *named))
        await release(self._client, found, sorted_out.release)
        return (*sorted_out.owned, *await adopt(self._client, found, selector, sorted_out.adopt))

    def _claims_of(self, found: StatefulSet, pods: Iterable[Pod]) -> dict[str, PersistentVolumeClaim]:
        """The existing claims of the set, by name."""
        there: dict[str, PersistentVolumeClaim] = {}
        for name in dict.fromkeys(relevant_claims(found, pods)):
            key = cluster_key(found.metadata.namespace, name)
            one = self._claimed.newest(key, self._claims.by_key(key))
            if one is not None:
                there[name] = one
        return there

    async def _revisions(
        self, found: StatefulSet, revisions: list[ControllerRevision]
    ) -> tuple[ControllerRevision, ControllerRevision, StatefulSet]:
        """The current revision, the update revision, and the set, which may have been written."""
        data = data_of(found.spec.template)
        update = newest_equal(revisions, data)
        number = revisions[-1].revision + 1 if revisions else 1
        if update is None and found.metadata.deletion_timestamp is not None:
            update = _reported_revision(found, data)
        elif update is None:
            update, found = await self._new_revision(found, data, number)
        elif update is not revisions[-1] and update.data != revisions[-1].data:
            update = await self._history.renumber(update, number)
        current = next((one for one in revisions if one.metadata.name == found.status.current_revision), update)
        return current, update, found

    async def _new_revision(
        self, found: StatefulSet, data: dict[str, object], number: int
    ) -> tuple[ControllerRevision, StatefulSet]:
        revision = revision_of(found, found.spec.template.metadata.labels, data, number)
        collisions = found.status.collision_count or 0
        while True:
            made = await self._history.create(revision, revision_hash(data, collisions), HASH)
            if made is not None:
                return made, replace(found, status=replace(found.status, collision_count=collisions))
            collisions += 1

    # Applying the plan.

    async def _take_turns(self, found: StatefulSet, turns: tuple[Turn, ...]) -> None:
        """Take turns in batches that double in size, until the first error."""
        begin = 0
        for size in batches(len(turns)):
            failures = await self._batch(found, turns[begin : begin + size])
            if failures:
                raise failures[0]
            begin += size

    async def _batch(self, found: StatefulSet, turns: tuple[Turn, ...]) -> list[StatusError]:
        failures: list[StatusError] = []
        ready: list[Turn] = []
        for turn in turns:
            try:
                await self._prepare_claims(found, turn)
            except StatusError as error:
                failures.append(error)
            else:
                ready.append(turn)
        replies = [(turn, self._submit(turn)) for turn in ready if turn.create is not None or turn.delete is not None]
        for turn, reply in replies:
            try:
                await self._answered(found, turn, reply)
            except StatusError as error:
                failures.append(error)
        return failures

    def _submit(self, turn: Turn) -> Awaitable[object]:
        if turn.create is not None:
            return self._client.submit_create(turn.create)
        assert turn.delete is not None
        return self._client.submit_delete(turn.delete, as_seen(turn.delete))

    async def _answered(self, found: StatefulSet, turn: Turn, reply: Awaitable[object]) -> None:
        verb = "Create" if turn.create is not None else "Delete"
        try:
            result = await reply
        except AlreadyExists:
            raise  # another owner's pod, or one of an earlier sync: the cache will show it, and no event is due
        except (NotFound, Conflict):
            if turn.delete is None:
                raise
            return  # it is gone, or has changed since it was chosen and may not even be ours: an event will follow
        except StatusError as error:
            self._record_failure(found, verb, turn.pod, error)
            raise
        self._record_success(found, verb, turn.pod)
        if turn.delete is not None:
            self._note_deletion(turn.delete)
        elif isinstance(result, Result) and isinstance(result.object, Pod):
            self._made.created(found.metadata.uid, result.object)
            self.enqueue(key_of(found))

    def _note_deletion(self, pod: Pod) -> None:
        """Remember that the pod is being deleted, unless the cache shows it already."""
        there = self._pods.by_key(key_of(pod))
        if there is not None and there.metadata.uid == pod.metadata.uid and there.metadata.deletion_timestamp is None:
            self._leaving[pod.metadata.uid] = None

    async def _prepare_claims(self, found: StatefulSet, turn: Turn) -> None:
        """Create and update the claims of a pod, before the pod itself is written."""
        for one in turn.claims:
            await self._create_claim(found, turn.pod, one)
        if turn.going:
            error = StatusError.saying(f"pvc {turn.going} is being deleted")
            if turn.create is not None:
                self._record_failure(found, "Create", turn.pod, error)
            raise error
        if turn.owners:
            # The claims of a set that was deleted as orphans stay: the garbage collector would delete those that name it.
            await check_alive(self._client, found)
        for one in turn.owners:
            self._claimed.wrote(found.metadata.uid, await self._client.update(one))
        if turn.update is not None:
            try:
                self._made.wrote(found.metadata.uid, await self._client.update(turn.update))
            except StatusError as error:
                self._record_failure(found, "Update", turn.pod, error)
                raise
            self._record_success(found, "Update", turn.pod)

    async def _create_claim(self, found: StatefulSet, pod: str, made: PersistentVolumeClaim) -> None:
        what = f"Create Claim {made.metadata.name}"
        try:
            created = await self._client.create(made)
        except AlreadyExists:
            return
        except StatusError as error:
            message = f"{what} for Pod {pod} in StatefulSet {found.metadata.name} failed error: {error}"
            self._recorder.warning(found, "FailedCreate", message)
            raise
        self._claimed.created(found.metadata.uid, created)
        message = f"{what} Pod {pod} in StatefulSet {found.metadata.name} success"
        self._recorder.normal(found, "SuccessfulCreate", message)

    def _record_success(self, found: StatefulSet, verb: str, pod: str) -> None:
        message = f"{verb} Pod {pod} in StatefulSet {found.metadata.name} successful"
        self._recorder.normal(found, f"Successful{verb}", message)

    def _record_failure(self, found: StatefulSet, verb: str, pod: str, error: StatusError) -> None:
        message = f"{verb} Pod {pod} in StatefulSet {found.metadata.name} failed error: {error}"
        self._recorder.warning(found, f"Failed{verb}", message)

    async def _write_status(self, found: StatefulSet, status: StatefulSetStatus) -> None:
        if status != found.status:
            self._own.wrote(key_of(found), await self._client.update_status(replace(found, status=status)))


def _reported_revision(found: StatefulSet, data: dict[str, object]) -> ControllerRevision:
    """The revision to report for a set that is being deleted.

    Its ControllerRevisions are deleted first. A new one would be garbage at once, and be created again without end.
    """
    revision = revision_of(found, found.spec.template.metadata.labels, data, 1)
    return replace(revision, metadata=replace(revision.metadata, name=found.status.update_revision))


def _by_selector(found: StatefulSet) -> tuple[str, ...]:
    """Index: see `SELECTOR`."""
    return (selector_value(found.metadata.namespace, of_object(found.spec.selector)),)


def _limit(found: StatefulSet) -> int:
    limit = found.spec.revision_history_limit
    return 10 if limit is None else limit

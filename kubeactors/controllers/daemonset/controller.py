"""The DaemonSet controller: runs one pod of a template on every eligible node.

It waits until the cache shows its own creations and deletions before it acts again, so that a stale cache never leads
to a second daemon on a node; see `client/expectations.py`.

Source: pkg/controller/daemon/daemon_controller.go (v1.36).
"""

from collections.abc import Iterable

from msgspec.structs import replace

from kubeactors.api.apps.v1 import ControllerRevision, DaemonSet
from kubeactors.api.core.v1 import Node, Pod
from kubeactors.apimachinery.hashing import template_hash
from kubeactors.apimachinery.labels import Selector, of_object
from kubeactors.apimachinery.meta import LabelSelector, TypedObject
from kubeactors.apimachinery.status import StatusError
from kubeactors.apimachinery.time import SECOND
from kubeactors.client import (
    Change,
    Client,
    Controller,
    EventRecorder,
    Expectations,
    ItemBackoff,
    Overlay,
    RecordEvent,
    SharedInformer,
    Standing,
    cluster_key,
    controller_of,
    is_namespace_terminating,
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
    claim,
    is_adoptable,
    release,
    selector_value,
)
from kubeactors.controllers.daemonset.placing import Fit, Placing
from kubeactors.controllers.daemonset.plan import Finding, Plan, View, plan, surplus
from kubeactors.controllers.history import REVISION_LABEL, History, data_of, newest_equal, revision_of
from kubeactors.controllers.known import known
from kubeactors.controllers.live_pods import LivePods
from kubeactors.controllers.pod_marks import STRAY, owned_by
from kubeactors.controllers.podcontrol import PodControl, while_there
from kubeactors.controllers.pods import FAILED, batches, generated_name, label_values, life_of, ready_time
from kubeactors.message import Recipient

STATUS_DELAY_SECONDS = 0.02
"""How long changes that only affect the status are batched."""

HISTORY_LIMIT = 10


class DaemonSetController(Controller):
    """Applies the plan of each DaemonSet to its pods, and writes its status."""

    def __init__(  # noqa: PLR0913 -- one informer for each kind that it reads
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        daemon_sets: SharedInformer[DaemonSet],
        pods: SharedInformer[Pod],
        nodes: SharedInformer[Node],
        revisions: SharedInformer[ControllerRevision],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._history = History(client, revisions)
        self._expectations = Expectations()
        self._own: Overlay[DaemonSet] = Overlay(daemon_sets.lister)
        self._resting: dict[str, dict[str, int]] = {}
        """By the UID of the set and the node: until when failed pods back off."""
        self._failures = ItemBackoff(base_seconds=1.0, max_seconds=900.0)
        pods.add_indexes({CONTROLLER: by_controller, ORPHANS: by_orphanhood})
        daemon_sets.add_indexes({SELECTOR: _by_selector})
        self._pods = pods.lister
        self._live_pods = LivePods(client, self._expectations, self._pods, CONTROLLER)
        self._nodes = nodes.lister
        self._sets = daemon_sets.lister
        self.observe(daemon_sets, self._on_set)
        self.observe(pods, self._on_pod, owned_by("DaemonSet") | STRAY)
        self.observe(nodes, self._on_node, nodes.news)
        self.observe(revisions, self._on_revision)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "daemonset-controller")
        self._random = self.ctx.random_for("names")
        self._control = PodControl(self, self._client, self._recorder, self._expectations, self._pods)

    # Events.

    def _on_set(self, change: Change[DaemonSet]) -> None:
        news = not self._own.seen(change)
        if change.new is None:
            self._forget(change.current.metadata.uid)
        elif news:
            self.enqueue(change.key)

    def _forget(self, uid: str) -> None:
        self._expectations.forget(uid)
        self._history.forget(uid)
        for node in self._resting.pop(uid, {}):
            self._failures.forget(f"{uid}/{node}")

    def _on_pod(self, change: Change[Pod]) -> None:
        old, new = change.old, change.new
        if new is None or new.metadata.deletion_timestamp is not None:
            self._pod_goes(change)
        if new is None:
            return
        if old is not None and old.metadata.owner_references != new.metadata.owner_references:
            self._enqueue_owner(old)
        reference = controller_of(new.metadata)
        if reference is not None:
            if reference.kind == "DaemonSet":
                self._owned_pod(change, reference.uid, cluster_key(new.metadata.namespace, reference.name))
        elif is_adoptable(change):
            self._enqueue_selecting(new)

    def _pod_goes(self, change: Change[Pod]) -> None:
        pod = change.current
        reference = controller_of(pod.metadata)
        if reference is not None and reference.kind == "DaemonSet":
            self._expectations.creation_observed(reference.uid, change.key)
            self._expectations.deletion_observed(reference.uid, pod.metadata.uid)
            self.enqueue(cluster_key(pod.metadata.namespace, reference.name))

    def _owned_pod(self, change: Change[Pod], uid: str, key: str) -> None:
        old, new = change.old, change.new
        assert new is not None  # `_on_pod` has checked
        if old is None:
            self._expectations.creation_observed(uid, change.key)
            self.enqueue(key)
        elif old.status.phase != new.status.phase and new.status.phase == FAILED:
            self.enqueue(key)
        elif _counts_differently(old, new):
            self.enqueue_after(key, STATUS_DELAY_SECONDS)

    def _on_node(self, change: Change[Node]) -> None:
        """Handle only what affects eligibility; heartbeats do not."""
        old, new = change.old, change.new
        if old is not None and new is not None and _is_alike(old, new):
            return
        for one in self._sets:
            placing = Placing(one)
            before = placing.fit(old) if old is not None else Fit.DOES_NOT
            after = placing.fit(new) if new is not None else Fit.DOES_NOT
            if before is not after:
                self.enqueue(key_of(one))

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
        if reference is not None and reference.kind == "DaemonSet":
            self.enqueue(cluster_key(one.metadata.namespace, reference.name))

    def _enqueue_selecting(self, orphan: TypedObject) -> None:
        if not len(self._sets):
            return
        for value in label_values(orphan.metadata.namespace, orphan.metadata.labels.items()):
            for key, one in self._sets.by_index(SELECTOR, value).items():
                if of_object(one.spec.selector).matches(orphan.metadata.labels):
                    self.enqueue(key)

    # Sync.

    async def reconcile(self, key: str) -> None:
        """Plan and apply the next step of a DaemonSet."""
        found = await known(self, self._client, self._own, key, self._sets.by_key(key))
        if found is None or found.metadata.deletion_timestamp is not None:
            return
        if found.spec.selector == LabelSelector():
            message = "This daemon set is selecting all pods. A non-empty selector is required."
            self._recorder.warning(found, "SelectingAll", message)
            return
        with while_there(found, self._sets, self._forget):
            await self._reconcile(key, found)

    async def _reconcile(self, key: str, found: DaemonSet) -> None:
        selector = of_object(found.spec.selector)
        revisions = await self._history.of(found, selector)
        current, found = await self._current(found, revisions)
        pods, standing = await self._claim(found, selector)
        view = View(
            found=found,
            nodes=tuple(self._nodes),
            pods=pods,
            revision=current.metadata.labels.get(REVISION_LABEL, ""),
            resting=self._backing_off_on(found),
            now=self.ctx.wall,
        )
        step = plan(view)
        if standing is Standing.AWAITED:
            self.enqueue_after(key, AWAIT_SECONDS)
            observed = replace(step.status, observed_generation=found.status.observed_generation)
            await self._report(replace(found, status=observed))
            return
        failure = await self._apply(found, step, current)
        await self._report(replace(found, status=step.status))
        if failure is not None:
            raise failure
        if step.seconds is not None:
            self.enqueue_after(key, step.seconds)
        if self._expectations.is_open(found.metadata.uid) or self._history.lacking(found.metadata.uid):
            self.enqueue_after(key, AWAIT_SECONDS)  # a relist may miss an object that came and went
        await self._forget_history(found, current, revisions, pods)

    async def _claim(self, found: DaemonSet, selector: Selector) -> tuple[tuple[Pod, ...], Standing]:
        uid, namespace = found.metadata.uid, found.metadata.namespace
        standing = self._expectations.standing(uid, self.ctx.now, self._pods.revision)
        if standing is Standing.DOUBTED:
            candidates: Iterable[Pod] = await self._live_pods.of(found, selector, self.ctx.now)
        else:
            owned = self._pods.by_index(CONTROLLER, uid)
            orphans = self._pods.by_index(ORPHANS, selector_value(namespace, selector))
            candidates = (*owned.values(), *orphans.values())
        sorted_out = claim(found, selector, candidates)
        await release(self._client, found, sorted_out.release)
        return (*sorted_out.owned, *await adopt(self._client, found, selector, sorted_out.adopt)), standing

    async def _apply(self, found: DaemonSet, step: Plan, current: ControllerRevision) -> StatusError | None:
        """Create and delete pods. Returns the first error, if any."""
        for one in step.ended:
            self._record_end(found, one)
        created = await self._create(found, step.create, current.metadata.labels.get(REVISION_LABEL, ""))
        deleted = await self._control.delete(found, step.delete)
        return created or next(iter(deleted.refusals), None)

    async def _create(self, found: DaemonSet, nodes: tuple[str, ...], revision: str) -> StatusError | None:
        """Create pods in batches that double in size, until the first error, which is returned."""
        placing, base, begin = Placing(found), f"{found.metadata.name}-", 0
        for size in batches(len(nodes)):
            batch = nodes[begin : begin + size]
            pods = [placing.pod(node, generated_name(base, self._random), revision) for node in batch]
            refusals = await self._control.create(found, pods)
            if refusals:
                return next((one for one in refusals if not is_namespace_terminating(one)), None)
            begin += size
        return None

    def _record_end(self, found: DaemonSet, ended: Finding) -> None:
        """Record that a finished pod is deleted; the next failure on its node backs off."""
        metadata, uid = ended.pod.metadata, found.metadata.uid
        what = f"daemon pod {metadata.namespace}/{metadata.name} on node {ended.node}, will try to"
        if ended.pod.status.phase != FAILED:
            self._recorder.normal(found, "SucceededDaemonPod", f"Found succeeded {what} delete it")
            return
        self._recorder.warning(found, "FailedDaemonPod", f"Found failed {what} kill it")
        until = self.ctx.now + self._failures.failed(f"{uid}/{ended.node}")
        self._resting.setdefault(uid, {})[ended.node] = until

    def _backing_off_on(self, found: DaemonSet) -> dict[str, float]:
        times = self._resting.get(found.metadata.uid, {})
        return {node: (until - self.ctx.now) / SECOND for node, until in times.items() if until > self.ctx.now}

    async def _report(self, wanted: DaemonSet) -> None:
        there = self._own.newest(key_of(wanted), self._sets.by_key(key_of(wanted)))
        if there is None or wanted.status != there.status:
            self._own.wrote(key_of(wanted), await self._client.update_status(wanted))

    # History.

    async def _current(
        self, found: DaemonSet, revisions: list[ControllerRevision]
    ) -> tuple[ControllerRevision, DaemonSet]:
        """The revision of the present template; and the set, with its collision count."""
        data = data_of(found.spec.template)
        current = newest_equal(revisions, data)
        number = max((one.revision for one in revisions if one is not current), default=0) + 1
        if current is not None:
            return (await self._history.renumber(current, number) if current.revision < number else current), found
        revision = revision_of(found, found.spec.template.metadata.labels, data, number)
        collisions = found.status.collision_count
        while True:
            hash_ = template_hash(found.spec.template, collisions)
            made = await self._history.create(revision, hash_, REVISION_LABEL)
            if made is not None:
                return made, replace(found, status=replace(found.status, collision_count=collisions))
            collisions = (collisions or 0) + 1

    async def _forget_history(
        self, found: DaemonSet, current: ControllerRevision, revisions: list[ControllerRevision], pods: Iterable[Pod]
    ) -> None:
        limit = found.spec.revision_history_limit
        old = {one.metadata.name: one for one in revisions if one.metadata.name != current.metadata.name}
        hashes = dict.fromkeys(pod.metadata.labels.get(REVISION_LABEL, "") for pod in pods)
        live = {name: None for name, one in old.items() if one.metadata.labels.get(REVISION_LABEL) in hashes}
        for name in surplus(tuple(old), live, HISTORY_LIMIT if limit is None else limit):
            await self._history.delete(old[name])


def _by_selector(found: DaemonSet) -> tuple[str, ...]:
    """Index: see `SELECTOR`."""
    return (selector_value(found.metadata.namespace, of_object(found.spec.selector)),)


def _is_alike(old: Node, new: Node) -> bool:
    """Whether the same pods are eligible for both states of the node."""
    return old.metadata.labels == new.metadata.labels and old.spec.taints == new.spec.taints


def _counts_differently(old: Pod, new: Pod) -> bool:
    """Whether the pod counts differently than before."""
    return (
        life_of(old) is not life_of(new)
        or ready_time(old) != ready_time(new)
        or old.spec.node_name != new.spec.node_name
        or old.metadata.labels != new.metadata.labels
        or old.metadata.owner_references != new.metadata.owner_references
    )

"""The Job controller: creates and deletes a job's pods, counts those that have finished, and writes the status.

It reads only unsettled pods, so that a sync of a job of ten thousand completions costs no more than what has changed.
Syncs are idempotent, even after a crash, with a stale cache or beside a second leader: the name of a pod follows from
the attempt (`pods.name_of`), and each pod is counted once (`tracking.py`).

Source: pkg/controller/job/job_controller.go (v1.36).
"""

from collections.abc import Mapping

from msgspec.structs import replace

from kubeactors.api.batch.v1 import Job, JobStatus
from kubeactors.api.batch.v1.job import COMPLETE, JOB_CONTROLLER, TRACKING_FINALIZER, is_finished
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.labels import of_object
from kubeactors.apimachinery.status import (
    Conflict,
    StatusError,
)
from kubeactors.client import (
    Change,
    Client,
    Controller,
    EventRecorder,
    Overlay,
    RecordEvent,
    SharedInformer,
    Standing,
    cluster_key,
    controller_of,
    key_of,
    reading,
    split_key,
)
from kubeactors.client.expectations import AWAIT_SECONDS
from kubeactors.controllers.adoption import (
    ORPHANS,
    SELECTOR,
    adopt,
    by_orphanhood,
    claim,
    release,
    selector_value,
)
from kubeactors.controllers.job.backoff import NO_FAILURES, Record
from kubeactors.controllers.job.plan import Conclusion, Outcome, Plan, conclude, plan
from kubeactors.controllers.job.podcontrol import PodControl
from kubeactors.controllers.job.pods import (
    is_settled,
    is_tracked,
)
from kubeactors.controllers.job.survey import Survey, View, survey
from kubeactors.controllers.job.survey import seconds_to_deadline as deadline_of
from kubeactors.controllers.job.tracking import Tracking, counted, finished, track
from kubeactors.controllers.live_pods import LivePods
from kubeactors.controllers.pod_marks import STRAY, owned_by
from kubeactors.controllers.podcontrol import while_there
from kubeactors.controllers.pods import is_active, is_ready, label_values, restarts
from kubeactors.message import Recipient

UNSETTLED = "unsettled"
"""Index: unsettled pods (see `is_settled`) by the UID of their controller."""

BATCH_SECONDS = 0.02
"""How long pod changes are batched before a sync."""

_NOBODY = ""
"""Stands for the UID of the job of a pod that has no controller."""
_PODS_OF, _ORPHAN = "pods of", "pod"
"""Key prefixes: remove the finalizers from the pods of a deleted job, or from one orphaned pod."""


class JobController(Controller):
    """Runs the pods of jobs and counts how they finish."""

    def __init__(
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        jobs: SharedInformer[Job],
        pods: SharedInformer[Pod],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._overlay: Overlay[Job] = Overlay(jobs.lister)
        self._read_live: dict[str, None] = {}
        """Jobs, by UID, that were read live once: the last writes of a previous leader have been seen."""
        self._records: dict[str, Record] = {}
        pods.add_indexes({UNSETTLED: _by_unsettled, ORPHANS: by_orphanhood})
        jobs.add_indexes({SELECTOR: _by_selector})
        self._pods = pods.lister
        self._jobs = jobs.lister
        self.observe(jobs, self._on_job)
        self.observe(pods, self._on_pod, owned_by("Job") | STRAY)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "job-controller")
        self._pod_control = PodControl(self._client, self._recorder, self._pods)
        self._live_pods = LivePods(self._client, self._pod_control.expectations, self._pods, UNSETTLED)

    # Events.

    def _on_job(self, change: Change[Job]) -> None:
        news = not self._overlay.seen(change)
        job = change.current
        if change.new is None or (change.old is not None and change.old.metadata.uid != job.metadata.uid):
            gone = change.old if change.old is not None else job
            self._forget(gone.metadata.uid)
            self._enqueue_pods_of(gone)
        if change.new is not None and news:
            self.enqueue(change.key)

    def _forget(self, uid: str) -> None:
        self._pod_control.forget(uid)
        self._read_live.pop(uid, None)
        self._records.pop(uid, None)

    def _enqueue_pods_of(self, job: Job) -> None:
        if self._pods.by_index(UNSETTLED, job.metadata.uid):
            self.enqueue(f"{_PODS_OF} {key_of(job)} {job.metadata.uid}")

    def _on_pod(self, change: Change[Pod]) -> None:
        old, new = change.old, change.new
        pod = change.current
        reference = controller_of(pod.metadata)
        if reference is not None and reference.kind == "Job":
            self._pod_control.observe(change, reference.uid)
            if old is None or new is None or _matters(old, new):
                self._enqueue_owner(pod, cluster_key(pod.metadata.namespace, reference.name), reference.uid)
        elif new is not None and reference is None:
            self._on_orphan(change)
        former = controller_of(old.metadata) if old is not None else None
        if former is not None and former.kind == "Job" and (reference is None or reference.uid != former.uid):
            self.enqueue(cluster_key(pod.metadata.namespace, former.name))

    def _enqueue_owner(self, pod: Pod, key: str, uid: str) -> None:
        job = self._jobs.by_key(key)
        if job is not None and job.metadata.uid == uid:
            self.enqueue_after(key, BATCH_SECONDS)
        elif is_tracked(pod):
            self.enqueue(f"{_PODS_OF} {key} {uid}")

    def _on_orphan(self, change: Change[Pod]) -> None:
        old, pod = change.old, change.current
        if is_tracked(pod):
            self.enqueue(f"{_ORPHAN} {change.key}")
        if old is not None and old.metadata.labels == pod.metadata.labels and controller_of(old.metadata) is None:
            return
        for value in label_values(pod.metadata.namespace, pod.metadata.labels.items()):
            for key, job in self._jobs.by_index(SELECTOR, value).items():
                if of_object(job.spec.selector).matches(pod.metadata.labels):
                    self.enqueue(key)

    # Sync.

    async def reconcile(self, key: str) -> None:
        """Sync a job; or remove the finalizers from pods whose job is gone."""
        if key.startswith(f"{_PODS_OF} "):
            await self._release_pods_of(*key.removeprefix(f"{_PODS_OF} ").split(" "))
        elif key.startswith(f"{_ORPHAN} "):
            await self._release_orphan(key.removeprefix(f"{_ORPHAN} "))
        else:
            found = self._overlay.newest(key, self._jobs.by_key(key))
            if found is not None and not _is_managed_elsewhere(found):
                with while_there(found, self._jobs, self._forget):
                    await self._reconcile(key, found)

    async def _reconcile(self, key: str, cached: Job) -> None:
        uid = cached.metadata.uid
        view = await self._view(cached)
        found = cached
        if uid not in self._read_live or self.in_doubt(key):
            # The job must not be older than its pods: a pod that its status listed as uncounted may be gone already.
            live = await self._client.again(cached)
            if live is None:
                return
            self._read_live[uid] = None
            found = self._overlay.wrote(uid, live)
        if is_finished(found):
            self._records.pop(uid, None)
            await self._sweep(found, view.pods)
            return
        await self._sync(key, replace(view, job=found))

    async def _sync(self, key: str, view: View) -> None:
        uid = view.job.metadata.uid
        found = survey(view)
        record = self._records.get(uid, NO_FAILURES).after(found.new_succeeded, found.new_failed)
        planned = plan(view, found, record)
        outcome, failure = await self._act(view, found, planned)
        concluded = conclude(view, found, planned, outcome)
        await self._count(view, concluded, track(view, found, concluded), record)
        self._enqueue_later(key, view, planned)
        if failure is not None:
            raise failure

    def _enqueue_later(self, key: str, view: View, planned: Plan) -> None:
        deadline = deadline_of(view)
        if self._pod_control.expectations.is_open(view.job.metadata.uid):
            self.enqueue_after(key, AWAIT_SECONDS)  # a relist may miss an object that came and went
        if planned.wait_seconds:
            self.enqueue_after(key, planned.wait_seconds)
        if deadline:
            self.enqueue_after(key, deadline)

    # Pods.

    async def _view(self, job: Job) -> View:
        """The job and its unsettled pods, from the cache, or live if the cache cannot be trusted."""
        uid, selector = job.metadata.uid, of_object(job.spec.selector)
        released = self._pod_control.released(uid)  # taken first: the pods read next may still show the finalizer
        standing = self._pod_control.expectations.standing(uid, self.ctx.now, self._pods.revision)
        if standing is Standing.DOUBTED:
            candidates = await self._live_pods.of(job, selector, self.ctx.now)
        else:
            orphans = self._pods.by_index(ORPHANS, selector_value(job.metadata.namespace, selector))
            candidates = (*self._pods.by_index(UNSETTLED, uid).values(), *orphans.values())
        claimed = claim(job, selector, candidates)
        await release(self._client, job, claimed.release)
        if is_finished(job):
            adopted: tuple[Pod, ...] = ()
        else:
            adopted = await adopt(self._client, job, selector, claimed.adopt, (TRACKING_FINALIZER,))
        pods = tuple(pod for pod in (*claimed.owned, *adopted) if not is_settled(pod))
        awaited = standing is Standing.AWAITED
        return View(job=job, pods=pods, released=released, awaited=awaited, now=self.ctx.wall)

    async def _act(self, view: View, found: Survey, planned: Plan) -> tuple[Outcome, StatusError | None]:
        """Carry out the plan. Returns the pods there are then, and the first error."""
        job, now, hands = view.job, self.ctx.now, self._pod_control
        made, gone = list[Pod](), list[Pod]()
        failures: list[StatusError] = []
        if planned.delete:
            gone, failures = await hands.delete(job, planned.delete, now)
        elif planned.discard:
            gone, failures = await hands.discard(job, planned.discard, now)
        elif planned.create:
            made, failures = await hands.create(job, planned.create, now)
        outcome = Outcome(
            active=len(found.active) + len(made) - len(gone),
            ready=found.ready - sum(map(is_ready, gone)),
            terminating=found.terminating + len(gone),
            deleted_all=len(gone) == len(planned.delete),
        )
        return outcome, failures[0] if failures else None

    # Status.

    async def _count(self, view: View, concluded: Conclusion, tracking: Tracking, record: Record) -> None:
        """Write the uncounted pods, remove their finalizers, count them; finish the job if none are left."""
        job, uid = view.job, view.job.metadata.uid
        if tracking.status != job.status:
            job = await self._write(job, tracking.status)
            self._records[uid] = record
            for reason, message in concluded.events:
                self._recorder.normal(job, reason, message)
        free, failures = await self._pod_control.release_finalizers(uid, tracking.release)
        release_finalizers = dict.fromkeys(pod.metadata.uid for pod in free)
        held = {
            pod.metadata.uid: None
            for pod in view.pods
            if view.holds(pod) and pod.metadata.uid not in release_finalizers
        }
        status = counted(job.status, held)
        last = None
        if not failures and not tracking.more:
            last = finished(replace(job, status=status), concluded.ending, self.ctx.wall)
        if (last or status) != job.status:
            job = await self._write(job, last or status)
        if last is not None:
            self._report_end(job)
        if failures:
            raise failures[0]
        if tracking.more:
            self.enqueue(key_of(job))

    async def _write(self, job: Job, status: JobStatus) -> Job:
        try:
            written = await self._client.update_status(replace(job, status=status))
        except Conflict:
            self._read_live.pop(job.metadata.uid, None)  # another client has written: read live next time
            raise
        return self._overlay.wrote(job.metadata.uid, written)

    def _report_end(self, job: Job) -> None:
        last = job.status.conditions[-1]
        if last.type != COMPLETE:
            self._recorder.warning(job, last.reason, last.message)
            return
        completions = job.spec.completions
        if completions is not None and job.status.succeeded > completions:
            message = "Too many succeeded pods running after completion count reached"
            self._recorder.warning(job, "TooManySucceededPods", message)
        self._recorder.normal(job, "Completed", "Job completed")

    # Pods whose job is gone.

    async def _release_pods_of(self, key: str, uid: str) -> None:
        namespace, name = split_key(key)
        job = await self._client.find(Job, name, namespace)
        if job is None or job.metadata.uid != uid:
            _, failures = await self._pod_control.release_finalizers(uid, _tracked(self._pods.by_index(UNSETTLED, uid)))
            self._pod_control.forget(uid)
            if failures:
                raise failures[0]

    async def _release_orphan(self, key: str) -> None:
        pod = self._pods.by_key(key)
        if pod is None or controller_of(pod.metadata) is not None or not is_tracked(pod):
            return
        _, failures = await self._pod_control.release_finalizers(_NOBODY, (pod,), as_seen=True)
        self._pod_control.forget(_NOBODY)
        if failures:
            raise failures[0]

    async def _sweep(self, job: Job, pods: tuple[Pod, ...]) -> None:
        """The job has finished: remove the finalizers from late pods, and delete those that still run."""
        _, failures = await self._pod_control.release_finalizers(job.metadata.uid, filter(is_tracked, pods))
        _, refused = await self._pod_control.delete(job, filter(is_active, pods), self.ctx.now)
        if failures or refused:
            raise (*failures, *refused)[0]


def _is_managed_elsewhere(job: Job) -> bool:
    return job.spec.managed_by not in (None, JOB_CONTROLLER)


def _matters(old: Pod, new: Pod) -> bool:
    """Whether a change of a pod concerns its job; the removal of the finalizer from a finished pod does not."""
    before, after = old.metadata, new.metadata
    return (
        old.status.phase != new.status.phase
        or is_ready(old) != is_ready(new)
        or restarts(old) != restarts(new)
        or (before.deletion_timestamp is None) != (after.deletion_timestamp is None)
        or before.labels != after.labels
        or before.owner_references != after.owner_references
        or (is_tracked(old) != is_tracked(new) and is_active(new))
    )


@reading("metadata.owner_references", "metadata.finalizers", "status.phase")
def _by_unsettled(pod: Pod) -> tuple[str, ...]:
    """Index: see `UNSETTLED`."""
    reference = controller_of(pod.metadata)
    return (reference.uid,) if reference is not None and reference.kind == "Job" and not is_settled(pod) else ()


def _by_selector(job: Job) -> tuple[str, ...]:
    """Index: see `SELECTOR`."""
    return (selector_value(job.metadata.namespace, of_object(job.spec.selector)),)


def _tracked(pods: Mapping[str, Pod]) -> tuple[Pod, ...]:
    return tuple(filter(is_tracked, pods.values()))

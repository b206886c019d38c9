"""The CronJob controller: creates Jobs on schedule, tracks them, and deletes old ones.

A crash between the creation of a Job and the write of the status does no harm: the next sync finds the Job's name
taken, and writes the status.

Source: pkg/controller/cronjob/cronjob_controllerv2.go (v1.36).
"""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from kubeactors.api.batch.v1 import CronJob, CronJobStatus, Job
from kubeactors.api.batch.v1.job import is_finished
from kubeactors.api.core.v1 import ObjectReference
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
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
    is_controlled_by,
)
from kubeactors.controllers.adoption import CONTROLLER, by_controller
from kubeactors.controllers.cronjob.plan import Plan, View, job_of, lost, plan, seconds_to_next, started
from kubeactors.controllers.cronjob.times import times_of
from kubeactors.controllers.known import known
from kubeactors.message import Recipient

BACKGROUND = "Background"


class CronJobController(Controller):
    """Creates Jobs at the times of their schedule."""

    def __init__(
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        cron_jobs: SharedInformer[CronJob],
        jobs: SharedInformer[Job],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._overlay: Overlay[CronJob] = Overlay(cron_jobs.lister)
        jobs.add_indexes({CONTROLLER: by_controller})
        self._cron_jobs = cron_jobs.lister
        self._jobs = jobs.lister
        self.observe(cron_jobs, self._on_cron_job)
        self.observe(jobs, self._on_job)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "cronjob-controller")

    def _on_cron_job(self, change: Change[CronJob]) -> None:
        if not self._overlay.seen(change) and change.new is not None:
            self.enqueue(change.key)

    def _on_job(self, change: Change[Job]) -> None:
        reference = controller_of(change.current.metadata)
        if reference is None or reference.kind != "CronJob":
            return
        old, new = change.old, change.new
        if old is None or new is None or is_finished(old) != is_finished(new):
            self.enqueue(cluster_key(change.current.metadata.namespace, reference.name))

    async def reconcile(self, key: str) -> None:
        """Track the Jobs of a CronJob, and create one if it is due."""
        found = await known(self, self._client, self._overlay, key, self._cron_jobs.by_key(key))
        if found is None:
            return
        jobs = tuple(self._jobs.by_index(CONTROLLER, found.metadata.uid).values())
        missing = await self._missing(lost(found, jobs))
        planned = plan(View(cron_job=found, jobs=jobs, missing=missing, now=self.ctx.wall))
        for event in planned.events:
            self._recorder.event(found, "Warning" if event.warning else "Normal", event.reason, event.message)
        status = await self._start(found, planned)
        for job in planned.outdated:
            await self._delete(found, job)
        if status != found.status:
            found = await self._write_status(found, status)
        self._enqueue_next(key, found, planned)

    async def _write_status(self, found: CronJob, status: CronJobStatus) -> CronJob:
        """Write the status, even over concurrent changes of others: otherwise the same time would be due again."""
        try:
            written = await self._client.update_status(replace(found, status=status))
        except (Conflict, NotFound):
            live = await self._live(found)
            if live is None:
                return found
            if live.status != found.status:
                raise  # another instance is tracking its Jobs, too
            written = await self._client.update_status(replace(live, status=status))
        return self._overlay.wrote(found.metadata.uid, written)

    async def _live(self, found: CronJob) -> CronJob | None:
        """A live read. A deletion is remembered, so that a CronJob in a stale cache creates no Job."""
        live = await self._client.again(found)
        if live is None:
            self._overlay.deleted(found)
        return live

    def _enqueue_next(self, key: str, found: CronJob, planned: Plan) -> None:
        seconds = planned.wait_seconds
        if planned.due is not None:
            seconds = seconds_to_next(found, times_of(found.spec), planned.due)
        if seconds is not None:
            self.enqueue_after(key, seconds)

    async def _missing(self, lost: Iterable[ObjectReference]) -> dict[str, None]:
        """The UIDs of those that a live read does not find."""
        found: dict[str, None] = {}
        for one in lost:
            live = await self._client.find(Job, one.name, one.namespace)
            if live is None or live.metadata.uid != one.uid:
                found[one.uid] = None
        return found

    async def _start(self, found: CronJob, planned: Plan) -> CronJobStatus:
        """Create the Job that is due, if any. Returns the resulting status."""
        if planned.due is None:
            return planned.status
        for running in planned.replaced:
            await self._replace(found, running)
        job = await self._create(found, planned.due)
        return planned.status if job is None else started(planned.status, job, planned.due, planned.replaced)

    async def _create(self, found: CronJob, due: datetime) -> Job | None:
        """The Job for this time, created now or before; None if its name is taken by another object."""
        wanted = job_of(found, due)
        try:
            job = await self._client.create(wanted)
        except AlreadyExists:
            there = await self._client.find(Job, wanted.metadata.name, wanted.metadata.namespace)
            return there if there is not None and is_controlled_by(there.metadata, found.metadata.uid) else None
        except StatusError as error:
            self._recorder.warning(found, "FailedCreate", f"Error creating job: {error}")
            raise
        self._recorder.normal(found, "SuccessfulCreate", f"Created job {job.metadata.name}")
        return job

    async def _replace(self, found: CronJob, running: ObjectReference) -> None:
        job = await self._client.find(Job, running.name, running.namespace)
        if job is not None and job.metadata.uid == running.uid:
            await self._delete(found, job)

    async def _delete(self, found: CronJob, job: Job) -> None:
        metadata = job.metadata
        options = DeleteOptions(propagation_policy=BACKGROUND, preconditions=Preconditions(uid=metadata.uid))
        try:
            await self._client.delete(Job, metadata.name, metadata.namespace, options=options)
        except NotFound:
            return
        except StatusError as error:
            self._recorder.warning(found, "FailedDelete", f"Deleted job: {error}")
            raise
        self._recorder.normal(found, "SuccessfulDelete", f"Deleted job {metadata.name}")

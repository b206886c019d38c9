"""The TTL-after-finished controller: deletes finished Jobs `ttlSecondsAfterFinished` later.

Source: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go (v1.36).
"""

from kubeactors.api.batch.v1 import Job
from kubeactors.api.batch.v1.job import COMPLETE, FAILED
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
from kubeactors.apimachinery.status import Conflict, NotFound
from kubeactors.apimachinery.time import parse_time
from kubeactors.client import Change, Client, Controller, SharedInformer, split_key
from kubeactors.controllers.clocks import seconds_left

FOREGROUND = "Foreground"


def seconds_to_live(job: Job, now: int) -> float | None:
    """The rest of the Job's TTL at this Unix time in nanoseconds; None if it has none or has not finished.

    >>> seconds_to_live(Job(), 0) is None
    True
    """
    ttl = job.spec.ttl_seconds_after_finished
    if ttl is None or job.metadata.deletion_timestamp is not None:
        return None
    for one in job.status.conditions:
        if one.type in (COMPLETE, FAILED) and one.status == "True" and one.last_transition_time:
            return seconds_left(parse_time(one.last_transition_time), ttl, now)
    return None


class TTLAfterFinishedController(Controller):
    """Deletes finished Jobs whose TTL has expired, and their dependents."""

    def __init__(self, client: Client, *, jobs: SharedInformer[Job]) -> None:
        super().__init__()
        self._client = client
        self._jobs = jobs.lister
        self.observe(jobs, self._on_job)

    def _on_job(self, change: Change[Job]) -> None:
        seconds = None if change.new is None else seconds_to_live(change.new, self.ctx.wall)
        if seconds is not None:
            self.enqueue_after(change.key, seconds)

    async def reconcile(self, key: str) -> None:
        """Delete the Job if its TTL has expired. It is read live first, since the TTL may have been extended."""
        cached = self._jobs.by_key(key)
        if cached is None or self._lives(key, cached):
            return
        namespace, name = split_key(key)
        live = await self._client.find(Job, name, namespace)
        if live is None or self._lives(key, live):
            return
        metadata = live.metadata
        wanted = Preconditions(uid=metadata.uid, resource_version=metadata.resource_version)
        options = DeleteOptions(propagation_policy=FOREGROUND, preconditions=wanted)
        try:
            await self._client.delete(Job, name, namespace, options=options)
        except (NotFound, Conflict):
            self.enqueue_after(key, 1.0)  # it has changed meanwhile: check again

    def _lives(self, key: str, job: Job) -> bool:
        """Whether the Job has time left; if so, it is requeued for the end of that."""
        seconds = seconds_to_live(job, self.ctx.wall)
        if seconds:
            self.enqueue_after(key, seconds)
        return seconds is None or seconds > 0

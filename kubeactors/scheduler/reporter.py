"""Reports scheduling results: events, conditions, nominations; and evicts victims.

Source: pkg/scheduler/schedule_one.go, handleSchedulingFailure; pkg/scheduler/framework/preemption/executor.go (v1.36).
"""

from collections.abc import Iterable
from typing import TypeVar

from msgspec.structs import replace

from kubeactors.actor import Context
from kubeactors.api.core.v1 import Pod, PodCondition
from kubeactors.api.resource.v1 import ResourceClaim
from kubeactors.api.resource.v1.resourceclaim import ResourceClaimStatus
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Client, EventRecorder, RecordEvent
from kubeactors.message import Recipient
from kubeactors.scheduler.plugins.default_preemption import PREEMPTION_BY_SCHEDULER
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import PostFilterResult

M = TypeVar("M")

DEFAULT_SCHEDULER = "default-scheduler"
MAX_EVENT_MESSAGE = 1024
UNSCHEDULABLE, SCHEDULER_ERROR = "Unschedulable", "SchedulerError"


class Reporter:
    """Writes to the API server and to the event sink. Failed writes are logged; the next cycle writes again."""

    def __init__(
        self, ctx: Context[M], client: Client, events: Recipient[RecordEvent], profiles: Iterable[str]
    ) -> None:
        self._ctx = ctx
        self._client = client
        self._recorders = {name: EventRecorder(events, ctx, name, name) for name in profiles}

    def bound(self, pod: PodInfo, node_name: str) -> None:
        """Record that the pod was bound."""
        message = f"Successfully assigned {pod.key} to {node_name}"
        self._recorder_of(pod.pod).normal(pod.pod, "Scheduled", message, action="Binding")

    async def failed(self, pod: Pod, reason: str, message: str, nominated_node: str | None = None) -> None:
        """Record an event, and write the pod's condition and nomination if they change."""
        self._recorder_of(pod).warning(pod, "FailedScheduling", shortened(message), action="Scheduling")
        condition = self._condition(pod, reason, message)
        change: dict[str, object] = {} if condition is None else {"conditions": [condition]}
        if nominated_node is not None and nominated_node != pod.status.nominated_node_name:
            change["nominatedNodeName"] = nominated_node
        if change:
            await self._write(pod, change)

    async def preempt(self, preemptor: Pod, result: PostFilterResult, displaced: Iterable[PodInfo]) -> tuple[str, ...]:
        """Evict the victims, and clear the nominations of displaced pods. Returns the UIDs of the deleted victims."""
        node_name = result.nominated_node or ""
        going = [one.uid for one in result.victims if await self._remove(one.pod, preemptor, node_name)]
        for one in displaced:
            await self._write(one.pod, {"nominatedNodeName": ""})
        return tuple(going)

    async def _remove(self, victim: Pod, preemptor: Pod, node_name: str) -> bool:
        """Set the victim's DisruptionTarget condition, then delete it. Returns whether both succeeded."""
        metadata = victim.metadata
        if metadata.deletion_timestamp is None:
            options = DeleteOptions(preconditions=Preconditions(uid=metadata.uid))
            try:
                said = self._disruption(victim, preemptor.spec.scheduler_name)
                if said not in victim.status.conditions:
                    await self._patch(victim, {"conditions": [said]})
                await self._client.delete(Pod, metadata.name, metadata.namespace, options=options)
            except StatusError as error:
                self._ctx.log.info("scheduler.victim_not_deleted", pod=metadata.name, error=str(error))
                return False
        message = f"Preempted by pod {preemptor.metadata.uid} on node {node_name}"
        self._recorder_of(preemptor).normal(victim, "Preempted", message, action="Preempting")
        return True

    async def deallocate(self, claims: Iterable[ResourceClaim]) -> None:
        """Deallocate claims that no other pod uses."""
        for one in claims:
            try:
                await self._client.update_status(replace(one, status=ResourceClaimStatus(devices=one.status.devices)))
            except StatusError as error:
                self._ctx.log.info("scheduler.claim_not_deallocated", claim=one.metadata.name, error=str(error))

    def _disruption(self, victim: Pod, scheduler: str) -> PodCondition:
        said = (one for one in victim.status.conditions if one.type == "DisruptionTarget" and one.status == "True")
        return PodCondition(
            type="DisruptionTarget",
            observed_generation=victim.metadata.generation,
            status="True",
            last_transition_time=next((one.last_transition_time for one in said), self._ctx.timestamp()),
            reason=PREEMPTION_BY_SCHEDULER,
            message=f"{scheduler}: preempting to accommodate a higher priority pod",
        )

    async def _write(self, pod: Pod, status: dict[str, object]) -> None:
        try:
            await self._patch(pod, status)
        except StatusError as error:
            self._ctx.log.info("scheduler.status_not_written", pod=pod.metadata.name, error=str(error))

    async def _patch(self, pod: Pod, status: dict[str, object]) -> None:
        metadata = pod.metadata
        patch = {"metadata": {"uid": metadata.uid}, "status": status}
        await self._client.patch(Pod, metadata.name, patch, metadata.namespace, subresource="status")

    def _condition(self, pod: Pod, reason: str, message: str) -> PodCondition | None:
        """The new PodScheduled condition; None if it is unchanged."""
        old = next((one for one in pod.status.conditions if one.type == "PodScheduled"), None)
        if old is not None and (old.status, old.reason, old.message) == ("False", reason, message):
            return None
        same = old is not None and old.status == "False"
        return PodCondition(
            type="PodScheduled",
            observed_generation=pod.metadata.generation,
            status="False",
            last_transition_time=old.last_transition_time if same and old is not None else self._ctx.timestamp(),
            reason=reason,
            message=message,
        )

    def _recorder_of(self, pod: Pod) -> EventRecorder:
        return self._recorders[pod.spec.scheduler_name or DEFAULT_SCHEDULER]


def shortened(message: str) -> str:
    """The message cut to the maximum length of an event's note.

    >>> len(shortened("x" * 2000))
    1024
    """
    return message if len(message) <= MAX_EVENT_MESSAGE else message[: MAX_EVENT_MESSAGE - 4] + " ..."

"""Coscheduling: the pods of a gang are bound together, or not at all.

Labels of a pod name its gang and how many of the gang's pods must be assumed or bound before any of them is bound.
Assumed pods wait for the others; if one is unschedulable, or the wait times out, all are rejected.
Source: sigs.k8s.io/scheduler-plugins/pkg/coscheduling (v0.18, where gangs are labels; v0.32 for the rejection).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1 import Pod
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.framework import Trial
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Diagnosis, PostFilterResult, Status, Wait

NAME = "Coscheduling"
GROUP_LABEL = "pod-group.scheduling.sigs.k8s.io/name"
MINIMUM_LABEL = "pod-group.scheduling.sigs.k8s.io/min-available"

_BY_GANG = "scheduler-gang"
_ENDED = ("Succeeded", "Failed")


class Coscheduling:
    """Schedules gangs by label.

    Args:
        handle: the scheduler's handle.
        permit_waiting_time_seconds: how long an assumed pod waits for the others of its gang.
    """

    name = NAME

    def __init__(self, handle: Handle, *, permit_waiting_time_seconds: int = 60) -> None:
        self._cache = handle.cache
        self._waiting = handle.waiting
        self._activate = handle.activate
        self._patience = float(permit_waiting_time_seconds)
        self._pods = handle.pods
        if self._pods is not None:
            self._pods.add_indexes({_BY_GANG: lambda one: (gang_of(one),)})

    def pre_filter(self, pod: PodInfo) -> Status | None:
        """Reject the pod unless its gang has enough pods, scheduled or not."""
        gang, minimum = gang_of(pod.pod), minimum_of(pod.pod)
        if not gang:
            return None
        total = sum(1 for _ in self._members(gang))
        if total >= minimum:
            return None
        reason = f"pre-filter pod {pod.pod.metadata.name} cannot find enough sibling pods, current pods number: {total}, minMember of group: {minimum}"
        return Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (reason,), NAME)

    def post_filter(self, pod: PodInfo, diagnosis: Diagnosis, trial: Trial) -> PostFilterResult:
        """Reject the waiting pods of the gang, since this one is unschedulable."""
        del diagnosis, trial
        gang = gang_of(pod.pod)
        if gang and self._scheduled(gang) < minimum_of(pod.pod):
            self._reject_waiting(gang, f"pod group {gang} rejected: {pod.key} is unschedulable")
        return PostFilterResult()

    def permit(self, pod: PodInfo, node_name: str) -> Status | Wait | None:
        """Wait until enough of the gang are assumed or bound; the last one releases all."""
        del node_name
        gang = gang_of(pod.pod)
        if not gang:
            return None
        if self._scheduled(gang) < minimum_of(pod.pod):
            self._activate([one.metadata.uid for one in self._members(gang) if one.metadata.uid != pod.uid])
            return Wait(seconds=self._patience)
        for one in self._waiting_of(gang):
            self._waiting.allow(one.uid, NAME)
        return None

    def reserve(self, pod: PodInfo, node_name: str) -> Status | None:
        """Accept every pod; see `unreserve`."""
        del pod, node_name
        return None

    def unreserve(self, pod: PodInfo, node_name: str) -> None:
        """A pod of the gang was rejected: reject the waiting ones, too."""
        del node_name
        gang = gang_of(pod.pod)
        if gang:
            self._reject_waiting(gang, f"pod group {gang} rejected: {pod.key} was rejected")

    def hints(self) -> tuple[Hint, ...]:
        """Another pod of the gang is added; or room becomes available, for which an assumed pod was rejected."""
        return (
            Hint(Resource.UNSCHEDULED_POD, Action.ADD, _is_sibling),
            Hint(Resource.ASSIGNED_POD, Action.ADD, _is_sibling),
            Hint(Resource.ASSIGNED_POD, Action.DELETE | Action.UPDATE_POD_SCALE_DOWN),
            Hint(Resource.TARGET_POD, Action.UPDATE_POD_LABEL),
            Hint(Resource.NODE, Action.ADD | Action.UPDATE_NODE_ALLOCATABLE),
        )

    def _members(self, gang: str) -> Iterator[Pod]:
        if self._pods is not None:
            for one in self._pods.lister.by_index(_BY_GANG, gang).values():
                if one.status.phase not in _ENDED and one.metadata.deletion_timestamp is None:
                    yield one

    def _scheduled(self, gang: str) -> int:
        """The number of pods that are bound or assumed."""
        return sum(self._cache.pod(one.metadata.uid) is not None for one in self._members(gang))

    def _waiting_of(self, gang: str) -> list[PodInfo]:
        return [one.info for one in self._waiting if gang_of(one.info.pod) == gang]

    def _reject_waiting(self, gang: str, reason: str) -> None:
        for one in self._waiting_of(gang):
            self._waiting.reject(one.uid, NAME, reason)


def gang_of(pod: Pod) -> str:
    """`namespace/name` of the pod's gang; empty if it has none.

    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> labels = {GROUP_LABEL: "train", MINIMUM_LABEL: "3"}
    >>> gang_of(Pod(metadata=ObjectMeta(namespace="ml", labels=labels)))
    'ml/train'
    """
    name = pod.metadata.labels.get(GROUP_LABEL, "")
    return f"{pod.metadata.namespace}/{name}" if name and minimum_of(pod) > 1 else ""


def minimum_of(pod: Pod) -> int:
    """The minimum number of the gang; 0 if it is missing or not a number."""
    text = pod.metadata.labels.get(MINIMUM_LABEL, "")
    return int(text) if text.isdecimal() else 0


def _is_sibling(pod: PodInfo, _: Subject, new: Subject) -> bool:
    return isinstance(new, Pod) and bool(gang_of(new)) and gang_of(new) == gang_of(pod.pod)

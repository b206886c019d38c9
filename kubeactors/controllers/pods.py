"""Questions that several controllers ask about pods, and the indexes by which they find them.

Source: pkg/controller/controller_utils.go, pkg/api/v1/pod/util.go (v1.36).
"""

from collections.abc import Iterable, Iterator
from enum import IntEnum
from random import Random

from kubeactors.api.core.v1 import Pod, PodCondition
from kubeactors.apimachinery import names
from kubeactors.apimachinery.meta import ObjectMeta, Time
from kubeactors.apimachinery.time import parse_time
from kubeactors.client import reading
from kubeactors.controllers.clocks import seconds_left

RUNNING, PENDING, SUCCEEDED, FAILED, UNKNOWN = "Running", "Pending", "Succeeded", "Failed", "Unknown"
READY, DISRUPTION_TARGET = "Ready", "DisruptionTarget"


class Life(IntEnum):
    """How a pod counts for a controller that maintains a number of them."""

    UNREADY = 0
    READY = 1
    TERMINATING = 2
    FINISHED = 3


def life_of(pod: Pod) -> Life:
    """The pod's life; the first two count as active.

    >>> life_of(Pod())
    <Life.UNREADY: 0>
    """
    if pod.status.phase in (SUCCEEDED, FAILED):
        return Life.FINISHED
    if pod.metadata.deletion_timestamp is not None:
        return Life.TERMINATING
    return Life.READY if is_ready(pod) else Life.UNREADY


def is_active(pod: Pod) -> bool:
    """Whether the pod is neither finished nor terminating."""
    return pod.metadata.deletion_timestamp is None and pod.status.phase not in (SUCCEEDED, FAILED)


def condition(pod: Pod, type_: str) -> PodCondition | None:
    """The pod's condition of this type; None if there is none."""
    for one in pod.status.conditions:
        if one.type == type_:
            return one
    return None


def is_ready(pod: Pod) -> bool:
    """Whether the pod's condition Ready is True."""
    found = condition(pod, READY)
    return found is not None and found.status == "True"


def ready_time(pod: Pod) -> Time | None:
    """The last transition time of the condition Ready."""
    found = condition(pod, READY)
    return found.last_transition_time if found is not None else None


def seconds_to_available(pod: Pod, min_ready_seconds: int, now: int) -> float | None:
    """The time until the pod is available if it stays ready: 0 if it is, None if it is not ready.

    It never exceeds `min_ready_seconds`, even if the pod became ready at a time still to come, by another clock.
    `now` is Unix time in nanoseconds.
    """
    found = condition(pod, READY)
    if found is None or found.status != "True":
        return None
    if min_ready_seconds == 0:
        return 0.0
    if not found.last_transition_time:
        return None
    return seconds_left(parse_time(found.last_transition_time), min_ready_seconds, now)


def generated_name(base: str, random: Random) -> str:
    """A name of the form that the API server makes of `generateName`.

    Controllers generate the name themselves, so that they know it before the reply, and even without one.

    >>> generated_name("web-", Random(1))
    'web-f52jr'
    """
    return names.generate(base, random)


def restarts(pod: Pod) -> int:
    """The highest restart count among the pod's containers."""
    return max((one.restart_count for one in pod.status.container_statuses), default=0)


def label_values(namespace: str, labels: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The index values of an object with these labels: one for its namespace, and one for each label.

    >>> label_values("default", {"app": "web"}.items())
    ('default/', 'default/app=web')
    """
    return (f"{namespace}/", *[f"{namespace}/{key}={value}" for key, value in labels])


@reading("metadata.labels")
def by_labels(pod: Pod) -> tuple[str, ...]:
    """Index function: the pod's namespace and labels; see `label_values`."""
    return label_values(pod.metadata.namespace, pod.metadata.labels.items())


@reading("spec.node_name")
def by_node(pod: Pod) -> tuple[str, ...]:
    """Index function: the node of the pod."""
    return (pod.spec.node_name,) if pod.spec.node_name else ()


def owner_changed(old: ObjectMeta, new: ObjectMeta) -> bool:
    """Whether the owner references differ; usually they are the same tuple."""
    return old.owner_references is not new.owner_references and old.owner_references != new.owner_references


FIRST_BATCH = 1
"""Slow start: one pod is tried first, since what rejects it would reject the others, too."""


def batches(wanted: int) -> Iterator[int]:
    """Slow-start batch sizes: each twice the one before, until all are covered.

    >>> list(batches(10))
    [1, 2, 4, 3]
    """
    size = FIRST_BATCH
    while wanted > 0:
        yield min(size, wanted)
        wanted -= size
        size *= 2

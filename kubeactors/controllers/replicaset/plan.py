"""A ReplicaSet's pod counts, its new pods, and its status: pure functions.

Source: pkg/controller/replicaset/{replica_set,replica_set_utils}.go, pkg/controller/controller_utils.go (v1.36).
"""

from collections.abc import Iterable, Mapping

import msgspec

from kubeactors.api.apps.v1 import ReplicaSet, ReplicaSetCondition, ReplicaSetStatus
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import ObjectMeta, OwnerReference
from kubeactors.controllers.conditions import replaced, without
from kubeactors.controllers.pods import Life, life_of, seconds_to_available

BURST = 500
"""At most this many pods are created or deleted in one sync."""

REPLICA_FAILURE = "ReplicaFailure"

Tallied = Mapping[tuple[Life, tuple[tuple[str, str], ...]], int]
"""Pods counted by life and labels."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of a ReplicaSet's pods. `active` includes those being created; finished ones are not counted."""

    active: int = 0
    ready: int = 0
    available: int = 0
    fully_labeled: int = 0
    terminating: int = 0

    def with_created(self, created: int) -> "Counts":
        """Plus the pods that were created since, or may have been: a status must not count too few."""
        if not created:
            return self
        return msgspec.structs.replace(self, active=self.active + created, fully_labeled=self.fully_labeled + created)

    def without(self, leaving: "Counts") -> "Counts":
        """With these pods, whose deletion was requested since, as terminating: a status must not rely on them.

        A Deployment whose ReplicaSet still counted them as available would have others deleted, too.
        """
        return Counts(
            active=self.active - leaving.active,
            ready=self.ready - leaving.ready,
            available=self.available - leaving.available,
            fully_labeled=self.fully_labeled - leaving.fully_labeled,
            terminating=self.terminating + leaving.active,
        )

    def without_relying_on(self, doubtful: "Counts") -> "Counts":
        """With these pods, whose deletion may have been requested, still present but neither ready nor available.

        A Deployment must neither delete others in reliance on them nor create others in their place.
        """
        ready, available = self.ready - doubtful.ready, self.available - doubtful.available
        return msgspec.structs.replace(self, ready=ready, available=available)


def counts_of_tally(found: ReplicaSet, tally: Tallied, awaited: int) -> Counts:
    """Counts from the tally alone, which is right if a pod is available as soon as it is ready.

    `awaited` is the number of pods that have been created and are not in the tally yet.
    """
    wanted = found.spec.template.metadata.labels.items()
    lives = [0] * len(Life)
    labeled = awaited
    for (life, labels), count in tally.items():
        lives[life] += count
        if life <= Life.READY and wanted <= dict(labels).items():
            labeled += count
    return Counts(
        active=lives[Life.UNREADY] + lives[Life.READY] + awaited,
        ready=lives[Life.READY],
        available=lives[Life.READY],
        fully_labeled=labeled,
        terminating=lives[Life.TERMINATING],
    )


def counts_of_pods(found: ReplicaSet, pods: Iterable[Pod], awaited: int, now: int) -> Counts:
    """Counts of these pods at this Unix time in nanoseconds."""
    wanted = found.spec.template.metadata.labels.items()
    lives = [0] * len(Life)
    labeled, available = awaited, 0
    for pod in pods:
        life = life_of(pod)
        lives[life] += 1
        if life <= Life.READY and wanted <= pod.metadata.labels.items():
            labeled += 1
        if life is Life.READY and seconds_to_available(pod, found.spec.min_ready_seconds, now) == 0:
            available += 1
    return Counts(
        active=lives[Life.UNREADY] + lives[Life.READY] + awaited,
        ready=lives[Life.READY],
        available=available,
        fully_labeled=labeled,
        terminating=lives[Life.TERMINATING],
    )


def seconds_to_next_available(pods: Iterable[Pod], min_ready_seconds: int, now: int) -> float | None:
    """The time until the next ready pod becomes available; None if no pod waits for that."""
    waits = (seconds_to_available(pod, min_ready_seconds, now) for pod in pods if life_of(pod) is Life.READY)
    return min((one for one in waits if one), default=None)


def pod_of(found: ReplicaSet, references: tuple[OwnerReference, ...], name: str) -> Pod:
    """A new pod. All share the spec of the template, which is validated and defaulted once."""
    template = found.spec.template
    return Pod(
        metadata=ObjectMeta(
            name=name,
            generate_name=f"{found.metadata.name}-",
            namespace=found.metadata.namespace,
            labels=template.metadata.labels,
            annotations=template.metadata.annotations,
            finalizers=template.metadata.finalizers,
            owner_references=references,
        ),
        spec=template.spec,
    )


def status_of(found: ReplicaSet, counts: Counts, failure: str, timestamp: str) -> ReplicaSetStatus:
    """The status to write; `failure` is the error of the last creation or deletion."""
    conditions = found.status.conditions
    if not failure:
        conditions = without(conditions, REPLICA_FAILURE)
    else:
        reason = "FailedCreate" if counts.active < (found.spec.replicas or 0) else "FailedDelete"
        condition = ReplicaSetCondition(
            type=REPLICA_FAILURE, status="True", last_transition_time=timestamp, reason=reason, message=failure
        )
        conditions = replaced(conditions, condition)
    return ReplicaSetStatus(
        replicas=counts.active,
        fully_labeled_replicas=counts.fully_labeled,
        ready_replicas=counts.ready,
        available_replicas=counts.available,
        terminating_replicas=counts.terminating,
        observed_generation=found.metadata.generation,
        conditions=conditions,
    )

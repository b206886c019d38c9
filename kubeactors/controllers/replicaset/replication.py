"""Converts ReplicationControllers to ReplicaSets, and ReplicaSet statuses back.

Source: pkg/controller/replication/conversion.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.apps.v1 import ReplicaSet, ReplicaSetCondition, ReplicaSetSpec, ReplicaSetStatus
from kubeactors.api.core.v1 import (
    PodTemplateSpec,
    ReplicationController,
    ReplicationControllerCondition,
    ReplicationControllerStatus,
)
from kubeactors.apimachinery.meta import LabelSelector


def as_replica_set(owner: ReplicationController) -> ReplicaSet:
    """A ReplicaSet whose kind is ReplicationController, so that references to it and events about it are right.

    >>> as_replica_set(ReplicationController()).kind
    'ReplicationController'
    """
    spec, status = owner.spec, owner.status
    return ReplicaSet(
        api_version=owner.api_version,
        kind=owner.kind,
        metadata=owner.metadata,
        spec=ReplicaSetSpec(
            replicas=spec.replicas,
            min_ready_seconds=spec.min_ready_seconds,
            selector=LabelSelector(match_labels=spec.selector),
            template=spec.template or PodTemplateSpec(),
        ),
        status=ReplicaSetStatus(
            replicas=status.replicas,
            fully_labeled_replicas=status.fully_labeled_replicas,
            ready_replicas=status.ready_replicas,
            available_replicas=status.available_replicas,
            observed_generation=status.observed_generation,
            conditions=tuple(map(_set_condition, status.conditions)),
        ),
    )


def with_status(owner: ReplicationController, status: ReplicaSetStatus) -> ReplicationController:
    """The ReplicationController with this status; the same object if it has it already."""
    wanted = ReplicationControllerStatus(
        replicas=status.replicas,
        fully_labeled_replicas=status.fully_labeled_replicas,
        ready_replicas=status.ready_replicas,
        available_replicas=status.available_replicas,
        observed_generation=status.observed_generation,
        conditions=tuple(map(_controller_condition, status.conditions)),
    )
    return owner if wanted == owner.status else replace(owner, status=wanted)


def _set_condition(one: ReplicationControllerCondition) -> ReplicaSetCondition:
    return ReplicaSetCondition(
        type=one.type,
        status=one.status,
        last_transition_time=one.last_transition_time,
        reason=one.reason,
        message=one.message,
    )


def _controller_condition(one: ReplicaSetCondition) -> ReplicationControllerCondition:
    return ReplicationControllerCondition(
        type=one.type,
        status=one.status,
        last_transition_time=one.last_transition_time,
        reason=one.reason,
        message=one.message,
    )

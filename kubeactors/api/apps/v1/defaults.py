"""Defaults of workloads.

Source: pkg/apis/apps/v1/defaults.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.apps.v1.daemonset import DaemonSet, DaemonSetUpdateStrategy, RollingUpdateDaemonSet
from kubeactors.api.apps.v1.deployment import (
    ROLLING_UPDATE,
    Deployment,
    DeploymentStrategy,
    RollingUpdateDeployment,
)
from kubeactors.api.apps.v1.replicaset import ReplicaSet
from kubeactors.api.apps.v1.statefulset import (
    ORDERED_READY,
    RETAIN,
    RollingUpdateStatefulSetStrategy,
    StatefulSet,
    StatefulSetPersistentVolumeClaimRetentionPolicy,
    StatefulSetUpdateStrategy,
)
from kubeactors.api.core.v1.defaults import default_pod_template_spec
from kubeactors.api.core.v1.defaults.claims import default_claim
from kubeactors.api.core.v1.defaults.common import each

QUARTER = "25%"
PROGRESS_DEADLINE_SECONDS = 600
REVISION_HISTORY_LIMIT = 10


def default_replica_set(replica_set: ReplicaSet) -> ReplicaSet:
    """One replica, and the defaults of a pod template."""
    spec = replica_set.spec
    template = default_pod_template_spec(spec.template)
    if spec.replicas is not None and template is spec.template:
        return replica_set
    replicas = 1 if spec.replicas is None else spec.replicas
    return replace(replica_set, spec=replace(spec, replicas=replicas, template=template))


def default_deployment(deployment: Deployment) -> Deployment:
    """One replica; rolling updates by 25%, with a deadline of ten minutes, and ten old revisions.

    >>> default_deployment(Deployment()).spec.strategy.rolling_update
    RollingUpdateDeployment(max_unavailable='25%', max_surge='25%')
    """
    spec = deployment.spec
    defaulted = replace(
        spec,
        replicas=_or(spec.replicas, 1),
        template=default_pod_template_spec(spec.template),
        strategy=_default_strategy(spec.strategy),
        revision_history_limit=_or(spec.revision_history_limit, REVISION_HISTORY_LIMIT),
        progress_deadline_seconds=_or(spec.progress_deadline_seconds, PROGRESS_DEADLINE_SECONDS),
    )
    return deployment if defaulted == spec else replace(deployment, spec=defaulted)


def default_stateful_set(found: StatefulSet) -> StatefulSet:
    """One replica; ordered creation, rolling updates, and claims that are retained.

    >>> default_stateful_set(StatefulSet()).spec.update_strategy.rolling_update
    RollingUpdateStatefulSetStrategy(partition=0, max_unavailable=None)
    """
    spec = found.spec
    policy = spec.persistent_volume_claim_retention_policy or StatefulSetPersistentVolumeClaimRetentionPolicy()
    defaulted = replace(
        spec,
        replicas=_or(spec.replicas, 1),
        template=default_pod_template_spec(spec.template),
        volume_claim_templates=each(spec.volume_claim_templates, default_claim),
        pod_management_policy=spec.pod_management_policy or ORDERED_READY,
        update_strategy=_default_stateful_strategy(spec.update_strategy),
        revision_history_limit=_or(spec.revision_history_limit, REVISION_HISTORY_LIMIT),
        persistent_volume_claim_retention_policy=StatefulSetPersistentVolumeClaimRetentionPolicy(
            when_deleted=policy.when_deleted or RETAIN, when_scaled=policy.when_scaled or RETAIN
        ),
    )
    return found if defaulted == spec else replace(found, spec=defaulted)


def default_daemon_set(found: DaemonSet) -> DaemonSet:
    """Rolling updates, one node at a time.

    >>> default_daemon_set(DaemonSet()).spec.update_strategy.rolling_update
    RollingUpdateDaemonSet(max_unavailable=1, max_surge=0)
    """
    spec = found.spec
    defaulted = replace(
        spec,
        template=default_pod_template_spec(spec.template),
        update_strategy=_default_daemon_strategy(spec.update_strategy),
        revision_history_limit=_or(spec.revision_history_limit, REVISION_HISTORY_LIMIT),
    )
    return found if defaulted == spec else replace(found, spec=defaulted)


def _default_stateful_strategy(strategy: StatefulSetUpdateStrategy) -> StatefulSetUpdateStrategy:
    kind = strategy.type or ROLLING_UPDATE
    if kind != ROLLING_UPDATE:
        return strategy
    rolling = strategy.rolling_update or RollingUpdateStatefulSetStrategy()
    return StatefulSetUpdateStrategy(type=kind, rolling_update=replace(rolling, partition=_or(rolling.partition, 0)))


def _default_daemon_strategy(strategy: DaemonSetUpdateStrategy) -> DaemonSetUpdateStrategy:
    kind = strategy.type or ROLLING_UPDATE
    if kind != ROLLING_UPDATE:
        return strategy
    rolling = strategy.rolling_update or RollingUpdateDaemonSet()
    rolling = RollingUpdateDaemonSet(
        max_unavailable=1 if rolling.max_unavailable is None else rolling.max_unavailable,
        max_surge=0 if rolling.max_surge is None else rolling.max_surge,
    )
    return DaemonSetUpdateStrategy(type=kind, rolling_update=rolling)


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def _default_strategy(strategy: DeploymentStrategy) -> DeploymentStrategy:
    kind = strategy.type or ROLLING_UPDATE
    if kind != ROLLING_UPDATE:
        return strategy
    rolling = strategy.rolling_update or RollingUpdateDeployment()
    rolling = RollingUpdateDeployment(
        max_unavailable=QUARTER if rolling.max_unavailable is None else rolling.max_unavailable,
        max_surge=QUARTER if rolling.max_surge is None else rolling.max_surge,
    )
    return DeploymentStrategy(type=kind, rolling_update=rolling)

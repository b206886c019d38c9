"""Validation of ReplicaSets and Deployments.

Source: pkg/apis/apps/validation/validation.go, pkg/registry/apps/{replicaset,deployment}/strategy.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.apps.v1.deployment import (
    RECREATE,
    ROLLING_UPDATE,
    Deployment,
    DeploymentSpec,
    DeploymentStatus,
    DeploymentStrategy,
    RollingUpdateDeployment,
)
from kubeactors.api.apps.v1.replicaset import ReplicaSet
from kubeactors.api.core.v1.advice import warn_of_pod_template
from kubeactors.api.core.v1.pod import PodTemplateSpec
from kubeactors.api.core.v1.validation import validate_pod_template_spec
from kubeactors.api.validation import validate_count
from kubeactors.api.workloads import (
    MORE_THAN_READY,
    MORE_THAN_REPLICAS,
    number_of,
    validate_at_most,
    validate_at_most_all,
    validate_collisions,
    validate_counts,
    validate_number_or_percent,
    warn_of_name,
)
from kubeactors.apimachinery import labels
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.meta import LabelSelector
from kubeactors.apimachinery.objectmeta import validate_immutable


def validate_replica_set(replica_set: ReplicaSet) -> Iterator[FieldError]:
    """The selector matches the template."""
    spec = replica_set.spec
    yield from validate_count(spec.replicas, "spec.replicas")
    yield from validate_count(spec.min_ready_seconds, "spec.minReadySeconds")
    yield from _validate_selector_and_template(spec.selector, spec.template)


def validate_replica_set_update(new: ReplicaSet, old: ReplicaSet) -> Iterator[FieldError]:
    """The selector is immutable."""
    yield from validate_replica_set(new)
    yield from validate_immutable(new.spec.selector, old.spec.selector, "spec.selector")


def validate_replica_set_status(new: ReplicaSet, _old: ReplicaSet) -> Iterator[FieldError]:
    """Counts are consistent."""
    status = new.status
    yield from validate_counts(
        {
            "replicas": status.replicas,
            "fullyLabeledReplicas": status.fully_labeled_replicas,
            "readyReplicas": status.ready_replicas,
            "availableReplicas": status.available_replicas,
            "observedGeneration": status.observed_generation,
            "terminatingReplicas": status.terminating_replicas,
        }
    )
    parts = {
        "fullyLabeledReplicas": status.fully_labeled_replicas,
        "readyReplicas": status.ready_replicas,
        "availableReplicas": status.available_replicas,
    }
    yield from validate_at_most(parts, status.replicas, MORE_THAN_REPLICAS)
    available = {"availableReplicas": status.available_replicas}
    yield from validate_at_most(available, status.ready_replicas, MORE_THAN_READY)


def warn_of_replica_set(new: ReplicaSet, old: ReplicaSet | None) -> Iterator[str]:
    """A name that is not a valid host name; and the warnings about the template."""
    if old is None:
        yield from warn_of_name(new.metadata.name)
    if old is None or new.spec != old.spec:
        yield from warn_of_pod_template(new.spec.template, "spec.template")


def validate_deployment(deployment: Deployment) -> Iterator[FieldError]:
    """The selector matches the template, and a rollout can make progress."""
    spec = deployment.spec
    yield from validate_count(spec.replicas, "spec.replicas")
    yield from _validate_selector_and_template(spec.selector, spec.template)
    yield from _validate_strategy(spec.strategy)
    yield from validate_count(spec.min_ready_seconds, "spec.minReadySeconds")
    yield from validate_count(spec.revision_history_limit, "spec.revisionHistoryLimit")
    yield from _validate_deadline(spec)


def validate_deployment_update(new: Deployment, old: Deployment) -> Iterator[FieldError]:
    """The selector is immutable."""
    yield from validate_deployment(new)
    yield from validate_immutable(new.spec.selector, old.spec.selector, "spec.selector")


def validate_deployment_status(new: Deployment, old: Deployment) -> Iterator[FieldError]:
    """Counts are consistent, and the collision count does not decrease."""
    yield from _validate_deployment_counts(new.status)
    yield from validate_collisions(new.status.collision_count, old.status.collision_count)


def warn_of_deployment(new: Deployment, old: Deployment | None) -> Iterator[str]:
    """A name that is not a valid host name; and the warnings about the template."""
    if old is None:
        yield from warn_of_name(new.metadata.name)
    if old is None or new.spec != old.spec:
        yield from warn_of_pod_template(new.spec.template, "spec.template")


def _validate_selector_and_template(selector: LabelSelector | None, template: PodTemplateSpec) -> Iterator[FieldError]:
    """The selector is valid, not empty, and matches the template."""
    if selector is None:
        yield required("spec.selector")
    else:
        yield from labels.validate_selector(selector, "spec.selector")
        if not selector.match_labels and not selector.match_expressions:
            yield invalid("spec.selector", selector, "empty selector is invalid for deployment")
    try:
        compiled = labels.of_object(selector)
    except labels.SelectorError:
        yield invalid("spec.selector", selector, "invalid label selector")
        return
    yield from _validate_template(template, compiled, "spec.template")


def _validate_template(template: PodTemplateSpec, selector: labels.Selector, path: str) -> Iterator[FieldError]:
    """The template restarts its pods always, and the selector matches it."""
    if not selector.empty and not selector.matches(template.metadata.labels):
        labels_or_nil = template.metadata.labels or None  # Go shows an empty map as null
        yield invalid(f"{path}.metadata.labels", labels_or_nil, "`selector` does not match template `labels`")
    yield from validate_pod_template_spec(template, path)
    policy = template.spec.restart_policy
    if policy != "Always":
        yield not_supported(f"{path}.spec.restartPolicy", policy, ("Always",))
    if template.spec.active_deadline_seconds is not None:
        yield forbidden(f"{path}.spec.activeDeadlineSeconds", "activeDeadlineSeconds in ReplicaSet is not Supported")


def _validate_strategy(strategy: DeploymentStrategy) -> Iterator[FieldError]:
    match strategy.type:
        case "Recreate":
            if strategy.rolling_update is not None:
                yield forbidden(
                    "spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"
                )
        case "RollingUpdate":
            if strategy.rolling_update is None:
                yield required("spec.strategy.rollingUpdate", "this should be defaulted and never be nil")
            else:
                yield from _validate_rolling_update(strategy.rolling_update, "spec.strategy.rollingUpdate")
        case _:
            yield not_supported("spec.strategy", _internal(strategy), (RECREATE, ROLLING_UPDATE))


def _internal(strategy: DeploymentStrategy) -> dict[str, object]:
    """A strategy as Kubernetes prints it: its internal type has no JSON names."""
    rolling = strategy.rolling_update
    shown = rolling and {"MaxUnavailable": rolling.max_unavailable or 0, "MaxSurge": rolling.max_surge or 0}
    return {"Type": strategy.type, "RollingUpdate": shown}


def _validate_rolling_update(rolling: RollingUpdateDeployment, path: str) -> Iterator[FieldError]:
    unavailable, surge = rolling.max_unavailable or 0, rolling.max_surge or 0
    yield from validate_number_or_percent(unavailable, f"{path}.maxUnavailable")
    yield from validate_number_or_percent(surge, f"{path}.maxSurge")
    if number_of(unavailable) == 0 and number_of(surge) == 0:
        yield invalid(f"{path}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0")
    yield from validate_at_most_all(unavailable, f"{path}.maxUnavailable")


def _validate_deadline(spec: DeploymentSpec) -> Iterator[FieldError]:
    deadline = spec.progress_deadline_seconds
    if deadline is None:
        return
    yield from validate_count(deadline, "spec.progressDeadlineSeconds")
    if deadline <= spec.min_ready_seconds:
        yield invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")


def _validate_deployment_counts(status: DeploymentStatus) -> Iterator[FieldError]:
    yield from validate_counts(
        {
            "observedGeneration": status.observed_generation,
            "replicas": status.replicas,
            "updatedReplicas": status.updated_replicas,
            "readyReplicas": status.ready_replicas,
            "availableReplicas": status.available_replicas,
            "unavailableReplicas": status.unavailable_replicas,
            "terminatingReplicas": status.terminating_replicas,
            "collisionCount": status.collision_count,
        }
    )
    parts = {
        "updatedReplicas": status.updated_replicas,
        "readyReplicas": status.ready_replicas,
        "availableReplicas": status.available_replicas,
    }
    yield from validate_at_most(parts, status.replicas, MORE_THAN_REPLICAS)
    available = {"availableReplicas": status.available_replicas}
    yield from validate_at_most(available, status.ready_replicas, MORE_THAN_READY)

"""Validation of StatefulSets.

Source: ValidateStatefulSetSpec, ValidateStatefulSetUpdate, ValidateStatefulSetStatus in
pkg/apis/apps/validation/validation.go, pkg/registry/apps/statefulset/strategy.go (v1.36).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.apps.v1.statefulset import (
    DELETE,
    ORDERED_READY,
    PARALLEL,
    RETAIN,
    RollingUpdateStatefulSetStrategy,
    StatefulSet,
    StatefulSetPersistentVolumeClaimRetentionPolicy,
    StatefulSetSpec,
    StatefulSetStatus,
    StatefulSetUpdateStrategy,
)
from kubeactors.api.core.v1.advice import warn_of_pod_template
from kubeactors.api.core.v1.pod import PodTemplateSpec
from kubeactors.api.core.v1.validation.annotations import validate_pod_annotations
from kubeactors.api.validation import validate_count
from kubeactors.api.workloads import (
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
from kubeactors.apimachinery.objectmeta import validate_annotations

_FROZEN = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def validate_stateful_set(found: StatefulSet) -> Iterator[FieldError]:
    """The selector matches the template, and an update can make progress."""
    spec = found.spec
    yield from _validate_management(spec.pod_management_policy)
    yield from _validate_strategy(spec.update_strategy)
    policy = spec.persistent_volume_claim_retention_policy
    if policy is not None:
        yield from _validate_retention(policy)
    yield from validate_count(spec.replicas, "spec.replicas")
    yield from validate_count(spec.min_ready_seconds, "spec.minReadySeconds")
    if spec.ordinals is not None:
        yield from validate_count(spec.ordinals.start, "spec.ordinals.start")
    yield from _validate_selector(spec.selector)
    try:
        compiled = labels.of_object(spec.selector)
    except labels.SelectorError:
        yield invalid("spec.selector", spec.selector)
    else:
        yield from _validate_template(spec.template, compiled)
    yield from _validate_lifetime(spec.template)


def validate_stateful_set_update(new: StatefulSet, old: StatefulSet) -> Iterator[FieldError]:
    """Most of the spec is immutable."""
    yield from validate_stateful_set(new)
    if _frozen_part(new.spec, old.spec) != old.spec:
        yield forbidden("spec", _FROZEN)


def validate_stateful_set_status(new: StatefulSet, old: StatefulSet) -> Iterator[FieldError]:
    """Counts are consistent, and the collision count does not decrease."""
    status = new.status
    yield from _validate_status(status)
    yield from validate_collisions(status.collision_count, old.status.collision_count)


def warn_of_stateful_set(new: StatefulSet, old: StatefulSet | None) -> Iterator[str]:
    """A name that is not a valid host name; the warnings about the template; an unlimited history."""
    if old is None:
        yield from warn_of_name(new.metadata.name)
    if old is None or new.spec != old.spec:
        yield from warn_of_pod_template(new.spec.template, "spec.template")
    if (new.spec.revision_history_limit or 0) < 0:
        yield (
            "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
        )


def _validate_management(policy: str) -> Iterator[FieldError]:
    if not policy:
        yield required("spec.podManagementPolicy")
    elif policy not in (ORDERED_READY, PARALLEL):
        yield invalid("spec.podManagementPolicy", policy, f"must be '{ORDERED_READY}' or '{PARALLEL}'")


def _validate_strategy(strategy: StatefulSetUpdateStrategy) -> Iterator[FieldError]:
    path = "spec.updateStrategy"
    match strategy.type:
        case "":
            yield required(path)
        case "OnDelete":
            if strategy.rolling_update is not None:
                why = "only allowed for updateStrategy 'RollingUpdate'"
                yield invalid(f"{path}.rollingUpdate", strategy.rolling_update, why)
        case "RollingUpdate":
            if strategy.rolling_update is not None:
                yield from _validate_rolling_update(strategy.rolling_update, f"{path}.rollingUpdate")
        case _:
            yield invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'")


def _validate_rolling_update(rolling: RollingUpdateStatefulSetStrategy, path: str) -> Iterator[FieldError]:
    yield from validate_count(rolling.partition, f"{path}.partition")
    unavailable = rolling.max_unavailable
    if unavailable is None:
        return
    yield from validate_number_or_percent(unavailable, f"{path}.maxUnavailable")
    if number_of(unavailable) == 0:
        yield invalid(f"{path}.maxUnavailable", unavailable, "cannot be 0")
    yield from validate_at_most_all(unavailable, f"{path}.maxUnavailable")


def _validate_retention(policy: StatefulSetPersistentVolumeClaimRetentionPolicy) -> Iterator[FieldError]:
    path = "spec.persistentVolumeClaimRetentionPolicy"
    for name, value in (("whenDeleted", policy.when_deleted), ("whenScaled", policy.when_scaled)):
        if value not in (RETAIN, DELETE):
            yield not_supported(f"{path}.{name}", value, (RETAIN, DELETE))


def _validate_selector(selector: LabelSelector | None) -> Iterator[FieldError]:
    if selector is None:
        yield required("spec.selector")
        return
    yield from labels.validate_selector(selector, "spec.selector")
    if not selector.match_labels and not selector.match_expressions:
        yield invalid("spec.selector", selector, "empty selector is invalid for statefulset")


def _validate_template(template: PodTemplateSpec, selector: labels.Selector) -> Iterator[FieldError]:
    """The pod spec is not validated: its volumes are incomplete without the claims."""
    metadata, path = template.metadata, "spec.template"
    if not selector.empty and not selector.matches(metadata.labels):
        yield invalid(f"{path}.metadata.labels", metadata.labels, "`selector` does not match template `labels`")
    yield from labels.validate_labels(metadata.labels, f"{path}.labels")
    yield from validate_annotations(metadata.annotations, f"{path}.annotations")
    yield from validate_pod_annotations(metadata.annotations, template.spec, f"{path}.annotations")


def _validate_lifetime(template: PodTemplateSpec) -> Iterator[FieldError]:
    policy = template.spec.restart_policy
    if policy != "Always":
        yield not_supported("spec.template.spec.restartPolicy", policy, ("Always",))
    if template.spec.active_deadline_seconds is not None:
        why = "activeDeadlineSeconds in StatefulSet is not Supported"
        yield forbidden("spec.template.spec.activeDeadlineSeconds", why)


def _frozen_part(new: StatefulSetSpec, old: StatefulSetSpec) -> StatefulSetSpec:
    """The new spec with all mutable fields as they were."""
    return replace(
        new,
        replicas=old.replicas,
        ordinals=old.ordinals,
        template=old.template,
        update_strategy=old.update_strategy,
        revision_history_limit=old.revision_history_limit,
        persistent_volume_claim_retention_policy=old.persistent_volume_claim_retention_policy,
        min_ready_seconds=old.min_ready_seconds,
    )


def _validate_status(status: StatefulSetStatus) -> Iterator[FieldError]:
    yield from validate_counts(
        {
            "replicas": status.replicas,
            "readyReplicas": status.ready_replicas,
            "currentReplicas": status.current_replicas,
            "updatedReplicas": status.updated_replicas,
            "availableReplicas": status.available_replicas,
            "observedGeneration": status.observed_generation,
            "collisionCount": status.collision_count,
        }
    )
    parts = {
        "readyReplicas": status.ready_replicas,
        "currentReplicas": status.current_replicas,
        "updatedReplicas": status.updated_replicas,
        "availableReplicas": status.available_replicas,
    }
    yield from validate_at_most(parts, status.replicas, MORE_THAN_REPLICAS)
    available = {"availableReplicas": status.available_replicas}
    yield from validate_at_most(available, status.ready_replicas, "cannot be greater than status.readyReplicas")

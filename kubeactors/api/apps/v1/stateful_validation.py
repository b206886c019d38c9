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
from kubeactors.api.core.v1.storage_advice import warn_of_claim_spec
from kubeactors.api.core.v1.validation.claims import validate_claim_spec
from kubeactors.api.core.v1.validation.common import label
from kubeactors.api.core.v1.validation.pods import validate_pod_template_spec
from kubeactors.api.core.v1.volume import PersistentVolumeClaimVolumeSource, Volume
from kubeactors.api.validation import validate_count
from kubeactors.api.workloads import (
    MORE_THAN_REPLICAS,
    number_of,
    validate_at_most,
    validate_at_most_all,
    validate_collisions,
    validate_counts,
    validate_number_or_percent,
)
from kubeactors.apimachinery import labels
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.meta import LabelSelector

_FROZEN = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


def validate_stateful_set(found: StatefulSet) -> Iterator[FieldError]:
    """The selector matches the template, an update can make progress, and the claims are valid."""
    spec = found.spec
    yield from _validate_progress(spec)
    if spec.service_name:
        yield from label("spec.serviceName", spec.service_name)
    yield from _validate_pods(spec)
    for i, claim in enumerate(spec.volume_claim_templates):
        yield from validate_claim_spec(claim.spec, f"spec.volumeClaimTemplates[{i}].spec")
    yield from _validate_lifetime(spec.template)


def validate_stateful_set_update(new: StatefulSet, old: StatefulSet) -> Iterator[FieldError]:
    """Most of the spec is immutable. What older versions accepted in immutable fields and the template may stay."""
    spec = new.spec
    yield from _validate_progress(spec)
    keeps_template = spec.template == old.spec.template or any(validate_stateful_set(old))
    yield from _validate_pods(spec, checks_template=not keeps_template)
    yield from _validate_lifetime(spec.template)
    if _frozen_part(spec, old.spec) != old.spec:
        yield forbidden("spec", _FROZEN)


def validate_stateful_set_status(new: StatefulSet, old: StatefulSet) -> Iterator[FieldError]:
    """Counts are consistent, and the collision count does not decrease."""
    status = new.status
    yield from _validate_status(status)
    yield from validate_collisions(status.collision_count, old.status.collision_count)


def warn_of_stateful_set(new: StatefulSet, old: StatefulSet | None) -> Iterator[str]:
    """The warnings about the template and the claims; an unlimited history."""
    if old is None or new.spec != old.spec:
        yield from warn_of_pod_template(new.spec.template, "spec.template")
    if old is None:
        for i, claim in enumerate(new.spec.volume_claim_templates):
            yield from warn_of_claim_spec(claim.spec, f"spec.volumeClaimTemplates[{i}]")
    if (new.spec.revision_history_limit or 0) < 0:
        yield (
            "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
        )


def _validate_progress(spec: StatefulSetSpec) -> Iterator[FieldError]:
    """How pods are created, replaced and counted."""
    yield from _validate_management(spec.pod_management_policy)
    yield from _validate_strategy(spec.update_strategy)
    policy = spec.persistent_volume_claim_retention_policy
    if policy is not None:
        yield from _validate_retention(policy)
    yield from validate_count(spec.replicas, "spec.replicas")
    yield from validate_count(spec.min_ready_seconds, "spec.minReadySeconds")
    if spec.ordinals is not None:
        yield from validate_count(spec.ordinals.start, "spec.ordinals.start")


def _validate_pods(spec: StatefulSetSpec, *, checks_template: bool = True) -> Iterator[FieldError]:
    """The selector, and the template with the volumes of the claims."""
    yield from _validate_selector(spec.selector)
    try:
        selector = labels.of_object(spec.selector)
    except labels.SelectorError:
        yield invalid("spec.selector", spec.selector)
        return
    found = spec.template.metadata.labels
    if not selector.empty and not selector.matches(found):
        yield invalid("spec.template.metadata.labels", found, "`selector` does not match template `labels`")
    if checks_template:
        yield from validate_pod_template_spec(_with_claims(spec), "spec.template")


def _with_claims(spec: StatefulSetSpec) -> PodTemplateSpec:
    """The template as the controller completes it: a claim replaces the volume of its name."""
    names = tuple(claim.metadata.name for claim in spec.volume_claim_templates)
    if not names:
        return spec.template
    pods = spec.template.spec
    claimed = (
        Volume(name=name, persistent_volume_claim=PersistentVolumeClaimVolumeSource(claim_name=name)) for name in names
    )
    others = (volume for volume in pods.volumes if volume.name not in names)
    return replace(spec.template, spec=replace(pods, volumes=(*others, *claimed)))


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

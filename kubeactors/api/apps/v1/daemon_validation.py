"""Validation of DaemonSets.

Source: ValidateDaemonSetSpec, ValidateRollingUpdateDaemonSet in pkg/apis/apps/validation/validation.go,
pkg/registry/apps/daemonset/strategy.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.apps.v1.daemonset import DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy, RollingUpdateDaemonSet
from kubeactors.api.core.v1.advice import warn_of_pod_template
from kubeactors.api.core.v1.validation import validate_pod_template_spec
from kubeactors.api.validation import validate_count
from kubeactors.api.workloads import (
    number_of,
    validate_at_most_all,
    validate_collisions,
    validate_counts,
    validate_number_or_percent,
    warn_of_name,
)
from kubeactors.apimachinery import labels
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.objectmeta import validate_immutable


def validate_daemon_set(found: DaemonSet) -> Iterator[FieldError]:
    """The selector matches the template, and an update can make progress."""
    spec = found.spec
    yield from _validate_selector(spec)
    yield from validate_pod_template_spec(spec.template, "spec.template")
    yield from _validate_disks(spec)
    policy = spec.template.spec.restart_policy
    if policy != "Always":
        yield not_supported("spec.template.spec.restartPolicy", policy, ("Always",))
    if spec.template.spec.active_deadline_seconds is not None:
        why = "activeDeadlineSeconds in DaemonSet is not Supported"
        yield forbidden("spec.template.spec.activeDeadlineSeconds", why)
    yield from validate_count(spec.min_ready_seconds, "spec.minReadySeconds")
    yield from _validate_strategy(spec.update_strategy)
    yield from validate_count(spec.revision_history_limit, "spec.revisionHistoryLimit")


def validate_daemon_set_update(new: DaemonSet, old: DaemonSet) -> Iterator[FieldError]:
    """The selector is immutable."""
    yield from validate_daemon_set(new)
    yield from validate_immutable(new.spec.selector, old.spec.selector, "spec.selector")


def validate_daemon_set_status(new: DaemonSet, old: DaemonSet) -> Iterator[FieldError]:
    """Counts are not negative, and the collision count does not decrease."""
    status = new.status
    yield from validate_counts(
        {
            "currentNumberScheduled": status.current_number_scheduled,
            "numberMisscheduled": status.number_misscheduled,
            "desiredNumberScheduled": status.desired_number_scheduled,
            "numberReady": status.number_ready,
            "observedGeneration": status.observed_generation,
            "updatedNumberScheduled": status.updated_number_scheduled,
            "numberAvailable": status.number_available,
            "numberUnavailable": status.number_unavailable,
            "collisionCount": status.collision_count,
        }
    )
    yield from validate_collisions(status.collision_count, old.status.collision_count)


def warn_of_daemon_set(new: DaemonSet, old: DaemonSet | None) -> Iterator[str]:
    """A name that is not a valid host name; and the warnings about the template."""
    if old is None:
        yield from warn_of_name(new.metadata.name)
    if old is None or new.spec != old.spec:
        yield from warn_of_pod_template(new.spec.template, "spec.template")


def _validate_selector(spec: DaemonSetSpec) -> Iterator[FieldError]:
    selector, template_labels = spec.selector, spec.template.metadata.labels
    yield from labels.validate_selector(selector, "spec.selector")
    try:
        matches = labels.of_object(selector).matches(template_labels)
    except labels.SelectorError:
        matches = True  # what is wrong with it has been said
    if not matches:
        why = "`selector` does not match template `labels`"
        yield invalid("spec.template.metadata.labels", template_labels, why)
    if selector is not None and not selector.match_labels and not selector.match_expressions:
        yield invalid("spec.selector", selector, "empty selector is invalid for daemonset")


def _validate_disks(spec: DaemonSetSpec) -> Iterator[FieldError]:
    """Daemons run on many nodes, so cloud disks must be read-only."""
    for i, volume in enumerate(spec.template.spec.volumes):
        disk = volume.gce_persistent_disk
        if disk is not None and not disk.read_only:
            why = (
                "must be true for replicated pods > 1; GCE PD can only be mounted on multiple machines if it is "
                "read-only"
            )
            yield invalid(f"spec.template.spec.volumes[{i}].gcePersistentDisk.readOnly", False, why)


def _validate_strategy(strategy: DaemonSetUpdateStrategy) -> Iterator[FieldError]:
    path = "spec.updateStrategy"
    match strategy.type:
        case "OnDelete":
            return
        case "RollingUpdate":
            if strategy.rolling_update is None:
                yield required(f"{path}.rollingUpdate")
            else:
                yield from _validate_rolling_update(strategy.rolling_update, f"{path}.rollingUpdate")
        case _:
            yield not_supported(path, strategy, ("RollingUpdate", "OnDelete"))


def _validate_rolling_update(rolling: RollingUpdateDaemonSet, path: str) -> Iterator[FieldError]:
    unavailable, surge = rolling.max_unavailable or 0, rolling.max_surge or 0
    for value, at in ((unavailable, f"{path}.maxUnavailable"), (surge, f"{path}.maxSurge")):
        yield from validate_number_or_percent(value, at)
        yield from validate_at_most_all(value, at)
    if number_of(unavailable) and number_of(surge):
        yield invalid(f"{path}.maxSurge", surge, "may not be set when maxUnavailable is non-zero")
    if not number_of(unavailable) and not number_of(surge):
        yield required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0")

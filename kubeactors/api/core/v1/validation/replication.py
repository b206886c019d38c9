"""Validation of ReplicationControllers.

Source: ValidateReplicationControllerSpec, ValidateReplicationControllerStatus (v1.36).
"""

from collections.abc import Iterator, Mapping

from kubeactors.api.core.v1.advice import warn_of_pod_template
from kubeactors.api.core.v1.pod import PodTemplateSpec
from kubeactors.api.core.v1.replicationcontroller import ReplicationController
from kubeactors.api.core.v1.validation.pods import validate_pod_template_spec
from kubeactors.api.validation import validate_count
from kubeactors.api.workloads import (
    MORE_THAN_READY,
    MORE_THAN_REPLICAS,
    validate_at_most,
    validate_counts,
    warn_of_name,
)
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, not_supported, required


def validate_replication_controller(controller: ReplicationController) -> Iterator[FieldError]:
    """The selector matches the template."""
    spec = controller.spec
    yield from validate_count(spec.min_ready_seconds, "spec.minReadySeconds")
    if not spec.selector:
        yield required("spec.selector")
    if spec.replicas is None:
        yield required("spec.replicas")
    else:
        yield from validate_count(spec.replicas, "spec.replicas")
    if spec.template is None:
        yield required("spec.template")
    else:
        yield from _validate_template(spec.template, spec.selector)


def validate_replication_controller_update(
    new: ReplicationController, _old: ReplicationController
) -> Iterator[FieldError]:
    """Everything is mutable."""
    yield from validate_replication_controller(new)


def validate_replication_controller_status(
    new: ReplicationController, _old: ReplicationController
) -> Iterator[FieldError]:
    """Counts are consistent."""
    status = new.status
    yield from validate_counts(
        {
            "replicas": status.replicas,
            "fullyLabeledReplicas": status.fully_labeled_replicas,
            "readyReplicas": status.ready_replicas,
            "availableReplicas": status.available_replicas,
            "observedGeneration": status.observed_generation,
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


def warn_of_replication_controller(new: ReplicationController, old: ReplicationController | None) -> Iterator[str]:
    """A name that is not a valid host name; and the warnings about the template."""
    if old is None:
        yield from warn_of_name(new.metadata.name)
    if new.spec.template is not None and (old is None or new.spec != old.spec):
        yield from warn_of_pod_template(new.spec.template, "spec.template")


def _validate_template(template: PodTemplateSpec, selector: Mapping[str, str]) -> Iterator[FieldError]:
    """The template restarts its pods always, and the selector matches it."""
    labels = template.metadata.labels
    if not selector.items() <= labels.items():
        yield invalid("spec.template.metadata.labels", labels or None, "`selector` does not match template `labels`")
    yield from validate_pod_template_spec(template, "spec.template")
    policy = template.spec.restart_policy
    if policy != "Always":
        yield not_supported("spec.template.spec.restartPolicy", policy, ("Always",))
    if template.spec.active_deadline_seconds is not None:
        yield forbidden(
            "spec.template.spec.activeDeadlineSeconds",
            "activeDeadlineSeconds in ReplicationController is not Supported",
        )

"""Defaults of replication controllers.

Source: pkg/apis/core/v1/defaults.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.core.v1.defaults.common import filled, optional
from kubeactors.api.core.v1.defaults.pods import default_pod_template_spec
from kubeactors.api.core.v1.replicationcontroller import ReplicationController


def default_replication_controller(controller: ReplicationController) -> ReplicationController:
    """One replica; labels and selector are those of the template."""
    spec, metadata = controller.spec, controller.metadata
    labels = spec.template.metadata.labels if spec.template is not None else {}
    if labels and not metadata.labels:
        metadata = replace(metadata, labels=labels)
    made = filled(
        spec,
        replicas=1 if spec.replicas is None else spec.replicas,
        selector=spec.selector or labels or spec.selector,
        template=optional(spec.template, default_pod_template_spec),
    )
    return filled(controller, spec=made, metadata=metadata)

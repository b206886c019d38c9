"""Validation of the core group, with Kubernetes' messages in Kubernetes' order.

One file per noun. The functions here are what kinds register; metadata has rules of its own, the same for all kinds.

Source: pkg/apis/core/validation (v1.36).
"""

from kubeactors.api.core.v1.validation.nodes import validate_node, validate_node_update
from kubeactors.api.core.v1.validation.pod_updates import (
    validate_ephemeral_containers_update,
    validate_pod_resize,
    validate_pod_update,
)
from kubeactors.api.core.v1.validation.pods import (
    validate_binding,
    validate_pod,
    validate_pod_template,
    validate_pod_template_spec,
    validate_pod_template_update,
)
from kubeactors.api.core.v1.validation.podspec import validate_pod_spec
from kubeactors.api.core.v1.validation.podstatus import validate_pod_status_update

__all__ = [
    "validate_binding",
    "validate_ephemeral_containers_update",
    "validate_node",
    "validate_node_update",
    "validate_pod",
    "validate_pod_resize",
    "validate_pod_spec",
    "validate_pod_status_update",
    "validate_pod_template",
    "validate_pod_template_spec",
    "validate_pod_template_update",
    "validate_pod_update",
]

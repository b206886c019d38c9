"""Defaults of the core group.

Every function returns the very object it was given if nothing is absent. So a template is defaulted once, and the
thousands of pods made from it keep sharing its parts.

Source: pkg/apis/core/v1/defaults.go, zz_generated.defaults.go (v1.36).
"""

from kubeactors.api.core.v1.defaults.nodes import default_node
from kubeactors.api.core.v1.defaults.pods import (
    default_pod,
    default_pod_spec,
    default_pod_template,
    default_pod_template_spec,
)

__all__ = ["default_node", "default_pod", "default_pod_spec", "default_pod_template", "default_pod_template_spec"]

"""DynamicResources: devices that pods claim.

Source: pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go (v1.36).
"""

from kubeactors.scheduler.framework import Diagnosis
from kubeactors.scheduler.pod_info import PodInfo


class DynamicResources:
    """There are no claims in this cluster, and after a failure the plugin says so."""

    name = "DynamicResources"

    def post_filter(self, pod: PodInfo, diagnosis: Diagnosis) -> str:
        """No claim stands in the way."""
        return "no new claims to deallocate"

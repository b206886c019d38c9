"""DynamicResources: devices that pods claim.

Source: pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go (v1.36).
"""

from kubeactors.scheduler.framework import Diagnosis, PostFilterResult, Trial
from kubeactors.scheduler.pod_info import PodInfo


class DynamicResources:
    """There are no claims in this cluster, and after a failure the plugin says so."""

    name = "DynamicResources"

    def post_filter(self, pod: PodInfo, diagnosis: Diagnosis, trial: Trial) -> PostFilterResult:
        """No claim stands in the way."""
        del pod, diagnosis, trial
        return PostFilterResult(message="no new claims to deallocate")

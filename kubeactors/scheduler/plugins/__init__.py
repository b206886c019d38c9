"""kube-scheduler's plugins, one file each, under its names.

`default_plugins` returns them in the order in which they run. The first filter that rejects a node ends filtering, so
the order shows in messages.

Source: pkg/scheduler/apis/config/v1/default_plugins.go (v1.36).
"""

from kubeactors.scheduler.framework import Plugin
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.plugins.coscheduling import Coscheduling
from kubeactors.scheduler.plugins.default_binder import DefaultBinder
from kubeactors.scheduler.plugins.default_preemption import DefaultPreemption
from kubeactors.scheduler.plugins.dynamic_resources import DynamicResources
from kubeactors.scheduler.plugins.image_locality import ImageLocality
from kubeactors.scheduler.plugins.inter_pod_affinity import InterPodAffinity
from kubeactors.scheduler.plugins.node_affinity import NodeAffinity
from kubeactors.scheduler.plugins.node_name import NodeName
from kubeactors.scheduler.plugins.node_ports import NodePorts
from kubeactors.scheduler.plugins.node_resources_balanced_allocation import NodeResourcesBalancedAllocation
from kubeactors.scheduler.plugins.node_resources_fit import NodeResourcesFit
from kubeactors.scheduler.plugins.node_unschedulable import NodeUnschedulable
from kubeactors.scheduler.plugins.node_volume_limits import NodeVolumeLimits
from kubeactors.scheduler.plugins.pod_topology_spread import PodTopologySpread
from kubeactors.scheduler.plugins.priority_sort import PrioritySort
from kubeactors.scheduler.plugins.scheduling_gates import SchedulingGates
from kubeactors.scheduler.plugins.taint_toleration import TaintToleration
from kubeactors.scheduler.plugins.volume_binding import VolumeBinding
from kubeactors.scheduler.plugins.volume_restrictions import VolumeRestrictions
from kubeactors.scheduler.plugins.volume_zone import VolumeZone

__all__ = [
    "Coscheduling",
    "DefaultBinder",
    "DefaultPreemption",
    "DynamicResources",
    "ImageLocality",
    "InterPodAffinity",
    "NodeAffinity",
    "NodeName",
    "NodePorts",
    "NodeResourcesBalancedAllocation",
    "NodeResourcesFit",
    "NodeUnschedulable",
    "NodeVolumeLimits",
    "PodTopologySpread",
    "PrioritySort",
    "SchedulingGates",
    "TaintToleration",
    "VolumeBinding",
    "VolumeRestrictions",
    "VolumeZone",
    "default_plugins",
]


def default_plugins(handle: Handle) -> tuple[Plugin, ...]:
    """The default plugins, in order."""
    return (
        SchedulingGates(),
        PrioritySort(),
        NodeUnschedulable(),
        NodeName(),
        TaintToleration(),
        NodeAffinity(),
        NodePorts(),
        NodeResourcesFit(),
        VolumeRestrictions(handle),
        NodeVolumeLimits(handle),
        VolumeBinding(handle),
        VolumeZone(handle),
        PodTopologySpread(handle),
        InterPodAffinity(handle),
        DynamicResources(handle),
        DefaultPreemption(handle),
        NodeResourcesBalancedAllocation(),
        ImageLocality(handle),
        DefaultBinder(handle.client),
    )

"""The scheduler's plugins, one file each, with kube-scheduler's names.

`default_plugins` gives them in the order in which they are asked. A filter's refusal ends the asking, so the order
shows in messages. Affinity between pods and topology spread are not among them.

Source: pkg/scheduler/apis/config/v1/default_plugins.go (v1.36).
"""

from kubeactors.client import Client
from kubeactors.scheduler.framework import Plugin
from kubeactors.scheduler.plugins.default_binder import DefaultBinder
from kubeactors.scheduler.plugins.default_preemption import DefaultPreemption
from kubeactors.scheduler.plugins.dynamic_resources import DynamicResources
from kubeactors.scheduler.plugins.node_affinity import NodeAffinity
from kubeactors.scheduler.plugins.node_name import NodeName
from kubeactors.scheduler.plugins.node_ports import NodePorts
from kubeactors.scheduler.plugins.node_resources_balanced_allocation import NodeResourcesBalancedAllocation
from kubeactors.scheduler.plugins.node_resources_fit import NodeResourcesFit
from kubeactors.scheduler.plugins.node_unschedulable import NodeUnschedulable
from kubeactors.scheduler.plugins.scheduling_gates import SchedulingGates
from kubeactors.scheduler.plugins.taint_toleration import TaintToleration

__all__ = [
    "DefaultBinder",
    "DefaultPreemption",
    "DynamicResources",
    "NodeAffinity",
    "NodeName",
    "NodePorts",
    "NodeResourcesBalancedAllocation",
    "NodeResourcesFit",
    "NodeUnschedulable",
    "SchedulingGates",
    "TaintToleration",
    "default_plugins",
]


def default_plugins(client: Client) -> tuple[Plugin, ...]:
    """All plugins, in order; the client is for those that write."""
    return (
        SchedulingGates(),
        NodeUnschedulable(),
        NodeName(),
        TaintToleration(),
        NodeAffinity(),
        NodePorts(),
        NodeResourcesFit(),
        DynamicResources(),
        DefaultPreemption(),
        NodeResourcesBalancedAllocation(),
        DefaultBinder(client),
    )

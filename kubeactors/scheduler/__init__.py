"""The scheduler: assigns pods to nodes.

    scheduler.py           the actor: scheduling, binding cycles messages.py          its messages
    event_handlers.py      applies changes of nodes and pods     reporter.py          events, conditions, preemption
    queue.py               activeQ, backoffQ, unschedulable pods queued_pod.py        a pod in the queue, its backoff
    cluster_event.py       events that may make pods schedulable queueing_hints.py    which events plugins wait for

    framework.py           extension points                      results.py           what plugins return there
    profile.py             plugins up to the choice of a node    binding.py           plugins in the binding cycle
    plugins/               kube-scheduler's plugins              plain.py             plugins of users
    registry.py            plugins by name                       plugin_set.py        plugins and weights of a profile
    handle.py              what plugins are given                extension_points.py  the ones that a plugin has
    waiting.py             pods that wait for Permit plugins     nominations.py       nominated pods for plugins
    preemption.py          victims on a node, best candidate     candidates.py        the same, kept for all nodes
    verdicts.py            filter and score results by signature views.py             results about many nodes

    cache.py               nodes and pods, also assumed ones     node_info.py         a node and its totals
    node_table.py          the same of all nodes, as arrays      node_masks.py        which nodes satisfy a rule
    changes.py             a log of changed rows                 pod_info.py          what is derived from a pod
    terms.py               affinity terms, comparable            population.py        the pods on nodes by selectors
    headcount.py           their counts by row and by domain     storage_users.py     claims and disks in use by node
    disks.py               the claims and disks of a pod         volume_binder.py     where claims can be bound
    csi.py                 CSI drivers and handles of volumes    devices.py           devices, which ones requests match
    device_allocation.py   which of them claims get              device_book.py       devices by node, their holders
    device_claims.py       the ResourceClaims of a pod           workloads.py         selectors of Services and owners
    budgets.py             disruption budgets                    surroundings.py      informers besides pods and nodes

    config.py              from a KubeSchedulerConfiguration     configuration.py     the configuration file
    configuration_rules.py its validation                        extender.py          HTTP extenders: the protocol
    extended.py            scheduling with extenders             diagnosis.py         the message when no node fits
    explanation.py         what each plugin says about nodes     picture.py           explanations from objects alone

It receives changes from informers (pods, nodes, namespaces, services, owners of pods, disruption budgets, volumes,
claims, storage classes, devices and their claims, CSI drivers and their nodes). It sends bindings, conditions and
deletions of pods, and volume reservations, to the API server; events to the event sink; and requests to extenders.
Source: pkg/scheduler (v1.36), with all nodes evaluated and none sampled.
"""

from kubeactors.scheduler.config import DEFAULT_CONFIG, SchedulerConfig
from kubeactors.scheduler.explanation import ExplainScheduling, Explanation, NodeVerdict
from kubeactors.scheduler.handle import Budget, Devices, Handle, Volumes
from kubeactors.scheduler.messages import SchedulerMessage
from kubeactors.scheduler.plugin_set import PluginFactory, PluginSet
from kubeactors.scheduler.reporter import DEFAULT_SCHEDULER
from kubeactors.scheduler.scheduler import Scheduler
from kubeactors.scheduler.surroundings import Surroundings
from kubeactors.scheduler.workloads import Owners

__all__ = [
    "DEFAULT_CONFIG",
    "DEFAULT_SCHEDULER",
    "Budget",
    "Devices",
    "ExplainScheduling",
    "Explanation",
    "Handle",
    "NodeVerdict",
    "Owners",
    "PluginFactory",
    "PluginSet",
    "Scheduler",
    "SchedulerConfig",
    "SchedulerMessage",
    "Surroundings",
    "Volumes",
]

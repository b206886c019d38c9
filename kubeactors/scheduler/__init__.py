"""The scheduler: which node each pod runs on.

    scheduler.py    the actor: follows pods and nodes, places, binds, preempts
    messages.py     what it is told                                        reporter.py      what people are told
    queue.py        pods that wait, and the events that wake them          cluster_event.py  what those events are
    cache.py        nodes, pods on them, pods just placed or nominated     changes.py        which rows changed
    node_info.py    one node and its sums                                  node_table.py     all nodes' numbers side by side
    node_masks.py   which nodes hold to a rule                             budgets.py        disruption budgets
    pod_info.py     what is derived from a pod; its signature              terms.py          its affinity, in comparable form
    disks.py        its claims and disks                                   volume_binder.py  where claims can be met
    devices.py      devices, and which of them requests mean               device_allocation.py  which of them claims get
    device_book.py  devices by node, and who has them                      device_claims.py  claims of devices that a pod names
    csi.py          by which driver a volume is attached                   storage_users.py  what the pods of a node use
    population.py   the pods on nodes by what selects them                 headcount.py      counts by row and by domain
    framework.py    extension points and statuses                          extension_points.py  which of them a plugin has
    handle.py       what plugins are given
    verdicts.py     filter and score node by node, by signature            views.py          what is kept about many nodes
    profile.py      plugins together, up to the choice of a node           plain.py          plugins of users
    binding.py      plugins together, from then on                         waiting.py        pods that a plugin holds up
    nominations.py  those for whom room is being made, as other pods find them
    preemption.py   victims on one node, and which node is best            candidates.py     the same for all nodes
    workloads.py    what selects a pod                                     surroundings.py   informers beside pods and nodes
    extender.py     another program over HTTP: its words                   extended.py       placing with such programs
    diagnosis.py    what people read when no node fits                     explanation.py    what each plugin says of each node
    config.py       profiles from a KubeSchedulerConfiguration             registry.py       plugins by name
    configuration.py  that file                                            configuration_rules.py  what it must hold to
    plugin_set.py   which plugins a profile has, where                     plugins/          kube-scheduler's plugins
    picture.py      a cluster as its objects show it, for people

Who sends to it: informers (pods, nodes, namespaces, services, sets that own pods, disruption budgets, volumes, claims,
storage classes, devices and claims of them, what CSI drivers say of themselves and of nodes) tell it what changed.
What it sends: bindings, conditions and deletions of pods, and reservations of volumes, to the API server; events to an
event sink; questions of extenders to whom it is given for that.
Where its behaviour comes from: kube-scheduler (pkg/scheduler, v1.36), with all nodes evaluated and none sampled.
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

"""The scheduler: which node each pod runs on.

    scheduler.py    the actor: follows pods and nodes, places, binds, preempts, reports
    queue.py        pods that wait, and the events that wake them          cluster_event.py  what those events are
    cache.py        nodes, pods on them, pods just placed or nominated     changes.py        which rows changed
    node_info.py    one node and its sums                                  node_table.py     all nodes' numbers side by side
    pod_info.py     what is derived from a pod; its signature              terms.py          its affinity, in comparable form
    population.py   the pods on nodes by what selects them                 headcount.py      counts by row and by domain
    framework.py    extension points and statuses                          handle.py         what plugins are given
    verdicts.py     filter and score node by node, by signature            views.py          what is kept about many nodes
    profile.py      plugins together                                       explanation.py    what each plugin says of each node
    preemption.py   victims on one node, and which node is best            candidates.py     the same for all nodes
    workloads.py    what selects a pod                                     diagnosis.py      what people read when no node fits
    config.py       profiles from a KubeSchedulerConfiguration             plugins/          kube-scheduler's plugins

Who sends to it: informers (pods, nodes, namespaces, services, replica sets) tell it what changed.
What it sends: bindings, conditions and deletions of pods to the API server; events to an event sink.
Where its behaviour comes from: kube-scheduler (pkg/scheduler, v1.36), with all nodes evaluated and none sampled.
"""

from kubeactors.scheduler.explanation import ExplainScheduling, Explanation, NodeVerdict
from kubeactors.scheduler.handle import Budget, Handle
from kubeactors.scheduler.scheduler import (
    DEFAULT_PROFILES,
    DEFAULT_SCHEDULER,
    PluginFactory,
    Scheduler,
    SchedulerMessage,
    Surroundings,
)

__all__ = [
    "DEFAULT_PROFILES",
    "DEFAULT_SCHEDULER",
    "Budget",
    "ExplainScheduling",
    "Explanation",
    "Handle",
    "NodeVerdict",
    "PluginFactory",
    "Scheduler",
    "SchedulerMessage",
    "Surroundings",
]

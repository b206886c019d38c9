"""The scheduler: which node each pod runs on.

    scheduler.py    the actor: follows pods and nodes, places, binds, reports
    queue.py        pods that wait, and the events that wake them          cluster_event.py  what those events are
    cache.py        nodes, pods on them, pods just placed                  changes.py        which rows changed
    node_info.py    one node and its sums                                  node_table.py     all nodes' numbers side by side
    pod_info.py     what is derived from a pod; its signature              verdicts.py       filter and score, by signature
    framework.py    extension points and statuses                          profile.py        plugins together
    diagnosis.py    what people read when no node fits                     plugins/          kube-scheduler's plugins

Who sends to it: informers (pods, nodes) tell it what changed.
What it sends: bindings and conditions of pods to the API server; events to an event sink.
Where its behaviour comes from: kube-scheduler (pkg/scheduler, v1.36), with all nodes evaluated and none sampled.
"""

from kubeactors.scheduler.scheduler import DEFAULT_SCHEDULER, Scheduler, SchedulerMessage

__all__ = ["DEFAULT_SCHEDULER", "Scheduler", "SchedulerMessage"]

"""The kubelet: runs pods on one node, and reports on them and on the node.

    kubelet.py          the actor: watch, admit, step, write statuses      messages.py          what it tells itself
    pod_worker.py       one pod as a state machine                         pod_containers.py    its containers: start, stop
    pod_resize.py       other sizes for them                               container_record.py  one container, all its starts
    pod_materials.py    what it refers to, and when that is read           pod_event.py         what people are told of it
    pod_status.py       the status of a pod                                conditions.py        its conditions
    lifecycle.py        restart policies and phases                        prober.py            probes what is due
    resizing.py         whether there is room to grow                      probes.py            when to probe, what it means
    admission.py        whether the node takes a pod                       ledger.py            what pods take of the node
    allocation_manager.py  who is taken, and who may grow                  alarm.py             when pods are due
    heartbeat.py        Node and Lease                                     node_keeper.py       when they are written
    node_status.py      what the Node says                                 node_events.py       what people are told of it
    renewals.py         the Leases of many nodes at once                   logs.py              reading logs
    static_pods.py      pods that the node has by itself                   hooks.py             after start, before end
    eviction.py         who goes when something runs out                evictor.py        remembers what did
    growth.py           what pods take that nobody knows beforehand    recovery.py          after a new start of the kubelet
    status_manager.py   when the API is told of pods                       status_writer.py     what it is told
    materials_reader.py what pods refer to                                 questions.py         what commands ask
    sessions.py         commands in containers, ports of pods              usage.py             what pods take
    images.py           why an image is not there                          preparation.py       before a container starts
    materials.py        ConfigMaps and Secrets that a pod refers to        fields.py            facts about a pod
    environment.py      variables made of them                             volumes.py           files made of them
    service_links.py    variables that name Services                       names.py             what names stand for
    visits.py           whom requests of commands reach                    tokens.py            of service accounts
    runtimes/           what runs containers
    node_watch.py       the Node as others have written it                 config.py            what it is told about its node
    stages/             KWOK's way to play pods and nodes

Who sends to it: the API server (its own pods only, by the field selector spec.nodeName, and its Node); whoever wants to
read a log, run a command or reach a port.
What it sends: statuses and deletions of pods, its Node and its Lease to the API server, and reads of what pods refer to;
events to an event sink.
Where its behaviour comes from: pkg/kubelet (v1.36).
"""

from kubeactors.kubelet.config import KubeletConfig
from kubeactors.kubelet.kubelet import Kubelet
from kubeactors.kubelet.logs import Log, LogReply, ReadLog
from kubeactors.kubelet.messages import KubeletMessage
from kubeactors.kubelet.sessions import Attach, Exec, FindPort, PortAddress, PortReply, Session, SessionReply

__all__ = [
    "Attach",
    "Exec",
    "FindPort",
    "Kubelet",
    "KubeletConfig",
    "KubeletMessage",
    "Log",
    "LogReply",
    "PortAddress",
    "PortReply",
    "ReadLog",
    "Session",
    "SessionReply",
]

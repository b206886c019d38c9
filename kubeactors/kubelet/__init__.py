"""The kubelet: runs the pods of one node, and reports their status and the node's.

    kubelet.py            the actor: watches, serves requests       messages.py          its messages
    pod_workers.py        runs the pods: from admission to removal  alarm.py             which pods are due
    config.py             the configuration

    pod_worker.py         a pod as a state machine                  pod_containers.py    its containers: start, stop
    container_record.py   a container over all its starts           pod_event.py         an event to record
    lifecycle.py          restart policies and phases               hooks.py             postStart and preStop
    preparation.py        image and environment before a start      images.py            image pulls, their errors
    prober.py             runs the probes that are due              probes.py            when to probe, the result
    pod_status.py         the status of a pod                       conditions.py        its conditions
    recovery.py           containers after a restart                static_pods.py       static pods, their mirrors
    status_manager.py     when statuses are written                 status_writer.py     writes them

    admission.py          whether the node admits a pod             ledger.py            requests, host ports in use
    allocation_manager.py admission and resizes                     resizing.py          whether a resize fits
    pod_resize.py         applies a resize                          growth.py            usage not known in advance
    usage.py              usage of pods                             eviction.py          node pressure and victims
    evictor.py            the eviction manager

    materials.py          objects that pods refer to                materials_reader.py  reads them
    pod_materials.py      those of one pod                          environment.py       environment variables
    claims.py             why a claim cannot be mounted
    fields.py             the downward API                          service_links.py     variables of Services
    volumes.py            contents of volumes                       tokens.py            service account tokens

    node_keeper.py        registration, Lease and status: when      heartbeat.py         the same: what is written
    node_status.py        the Node's status                         node_events.py       events about the Node
    node_watch.py         the Node as others change it              renewals.py          renews many Leases at once

    logs.py               reads logs                                sessions.py          exec, attach, port-forward
    questions.py          serves commands in containers             names.py             resolves names for them
    visits.py             their HTTP requests                       runtimes/            container runtimes
    stages/               KWOK's Stages, played in place of kubelets

It receives watch events from the API server (of its own pods, by the field selector spec.nodeName, and of its Node),
and requests to read logs, run commands and reach ports. It sends statuses and deletions of pods, its Node and its Lease
to the API server, reads of objects that pods refer to, and events to the event sink.
Source: pkg/kubelet (v1.36).
"""

from kubeactors.kubelet.config import KubeletConfig
from kubeactors.kubelet.kubelet import Kubelet
from kubeactors.kubelet.logs import Log, LogReply, ReadLog
from kubeactors.kubelet.messages import CallApiServer, KubeletMessage
from kubeactors.kubelet.sessions import Attach, Exec, FindPort, PortAddress, PortReply, Session, SessionReply

__all__ = [
    "Attach",
    "CallApiServer",
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

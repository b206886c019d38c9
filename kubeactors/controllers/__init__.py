"""Controllers: each looks at one thing, compares it with what it should be, and takes one step towards that.

    manager.py             starts informers and controllers        pods.py, podcontrol.py, live_pods.py, conditions.py, adoption.py,
    deployment/            rolls from template to template           backends.py, known.py: what several of them need; no controller
    replicaset/            so many pods of one template            history.py            templates that there were
    statefulset/           pods with names, in order               daemonset/            a pod on every node that fits
    persistentvolume/      binds volumes to claims, makes some     (and protects what is in use)
    endpoints.py           the addresses behind a service          namespace.py          empties namespaces
    endpointslice/         the same, in pieces                     serviceaccount.py     an account in each of them
    endpointslice_mirroring.py                                     (the same of Endpoints that people write)
    nodeipam/              ranges of addresses for nodes
    nodelifecycle/         conditions and taints of nodes          root_ca.py            the cluster's certificate
    taint_eviction.py      drives pods off tainted nodes           pod_gc.py             pods that nobody looks after
    job/                   pods that run to their end             ttl_after_finished.py deletes jobs some time after it
    cronjob/               a job at each time of a schedule       disruption/           how many pods may be evicted
    garbagecollector/      deletes what has lost its owners       podautoscaler/        sizes that follow metrics
    service_lb.py          addresses for load balancers, of a pool  pod_marks.py        whom a change of a pod concerns
    resourceclaim.py       claims of devices from templates, and what ended pods used of them
    ephemeral_volume.py    claims of pods' ephemeral volumes
    policy_status.py       what does not fit in the expressions of admission policies
    serviceaccount_tokens.py  fills the Secrets that hold a token, as long as its account lives
    clusterrole_aggregation.py  roles that are the sum of others    resourcequota.py  what quotas allow, and what is used
    certificates/          approves and signs requests              custom_kinds.py   which custom kinds there are
    identities.py          who a controller is                      clocks.py         how long until something is due

Who sends to them: their informers (`Notify`), and they themselves. What they send: requests to the API server, and
events to the event sink. They do not address one another, and none imports another.
Each has a pure part that plans and a thin `reconcile` that does. All are level-triggered: what a reconcile does follows
from what is there, not from what has happened; it may be repeated, and it may be cut off between any two writes.
Where their behaviour comes from: pkg/controller of Kubernetes v1.36; each names its files.
"""

from kubeactors.controllers.manager import ControllerManager, ControllerManagerConfig
from kubeactors.controllers.nodelifecycle import NodeLifecycleConfig

__all__ = ["ControllerManager", "ControllerManagerConfig", "NodeLifecycleConfig"]

"""The controllers of the controller manager: each moves the actual state of one kind towards the desired state.

    manager.py                    starts the shared informers and the controllers

    deployment/                   rolls out templates by scaling ReplicaSets
    replicaset/                   keeps a number of pods of one template running
    statefulset/                  pods with identities, created and deleted in order
    daemonset/                    one pod on each eligible node
    job/, cronjob/                pods that run to completion; Jobs on a schedule
    ttl_after_finished.py         deletes finished Jobs after a while
    podautoscaler/                scales workloads by metrics
    disruption/                   how many pods of each PodDisruptionBudget may be evicted

    endpoints.py, endpointslice/  the addresses behind each Service
    endpointslice_mirroring.py    EndpointSlices for Endpoints that users write
    service_lb.py                 addresses for Services of type LoadBalancer, from a pool

    nodelifecycle/                conditions and taints of nodes that stop reporting
    taint_eviction.py             evicts pods from nodes with NoExecute taints
    nodeipam/                     pod CIDRs of nodes
    pod_gc.py                     removes pods whose node is gone, and finished pods beyond a limit

    persistentvolume/             binds, provisions, expands and protects volumes
    ephemeral_volume.py           claims for the ephemeral volumes of pods
    resourceclaim.py              ResourceClaims from templates, and their release

    namespace.py                  empties namespaces that are being deleted
    garbagecollector/             deletes objects whose owners are gone
    resourcequota.py              the usage in each ResourceQuota's status
    serviceaccount.py             the default ServiceAccount of each namespace
    serviceaccount_tokens.py      Secrets with service account tokens
    root_ca.py                    the ConfigMap with the cluster's CA certificate in each namespace
    certificates/                 approves, signs and removes CertificateSigningRequests
    clusterrole_aggregation.py    aggregated ClusterRoles
    policy_status.py              type checks of ValidatingAdmissionPolicies

Shared by several of them: pods.py, podcontrol.py, live_pods.py, pod_marks.py (pods), adoption.py (controller
references), history.py (ControllerRevisions), backends.py (pods of Services), custom_kinds.py (informers of custom
kinds), conditions.py, known.py, clocks.py, identities.py (each controller's service account).

They receive changes from their informers (`Notify`) and messages to themselves. They send requests to the API server
and events to the event sink. They never address one another, and none imports another. Each has a pure part that plans
and a thin `reconcile` that acts. All are level-triggered: a reconcile depends on the present state, not on the changes
that led to it; it is idempotent, and may be interrupted between any two writes.
Source: pkg/controller (v1.36); each names its files.
"""

from kubeactors.controllers.manager import ControllerManager, ControllerManagerConfig
from kubeactors.controllers.nodelifecycle import NodeLifecycleConfig

__all__ = ["ControllerManager", "ControllerManagerConfig", "NodeLifecycleConfig"]

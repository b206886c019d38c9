"""The controller manager: starts the shared informers and the controllers.

Source: cmd/kube-controller-manager/app/controllermanager.go (v1.36).
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar, Never

import msgspec

from kubeactors.actor import Actor, Supervision
from kubeactors.api.admissionregistration.v1.validating import ValidatingAdmissionPolicy
from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.api.apps.v1 import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet
from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscaler
from kubeactors.api.batch.v1 import CronJob, Job
from kubeactors.api.certificates.v1.certificatesigningrequest import CertificateSigningRequest
from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import (
    ConfigMap,
    Endpoints,
    Namespace,
    Node,
    PersistentVolumeClaim,
    Pod,
    ReplicationController,
    ResourceQuota,
    Secret,
    Service,
    ServiceAccount,
)
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.api.rbac.v1 import ClusterRole
from kubeactors.api.resource.v1 import ResourceClaim, ResourceClaimTemplate
from kubeactors.api.storage.v1 import StorageClass
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.client import Client, Controller, InformerFactory, RecordEvent
from kubeactors.client.events import sink_of
from kubeactors.client.heartbeats import NEWS, marks_of_lease, marks_of_node
from kubeactors.controllers.certificates import CSRApprover, CSRCleaner, CSRSigner
from kubeactors.controllers.clusterrole_aggregation import ClusterRoleAggregationController
from kubeactors.controllers.cronjob import CronJobController
from kubeactors.controllers.daemonset import DaemonSetController
from kubeactors.controllers.deployment import DeploymentController
from kubeactors.controllers.disruption import DisruptionController
from kubeactors.controllers.endpoints import EndpointsController
from kubeactors.controllers.endpointslice import EndpointSliceController
from kubeactors.controllers.endpointslice_mirroring import EndpointSliceMirroringController
from kubeactors.controllers.ephemeral_volume import EphemeralVolumeController
from kubeactors.controllers.garbagecollector import GarbageCollector
from kubeactors.controllers.identities import acting_as_itself
from kubeactors.controllers.job import JobController
from kubeactors.controllers.namespace import NamespaceController
from kubeactors.controllers.nodeipam import NodeIpamController
from kubeactors.controllers.nodelifecycle import NodeLifecycleConfig, NodeLifecycleController
from kubeactors.controllers.persistentvolume import (
    ExpandController,
    PersistentVolumeClaimProtectionController,
    PersistentVolumeController,
    PersistentVolumeProtectionController,
    Provisioner,
)
from kubeactors.controllers.pod_gc import PodGCController
from kubeactors.controllers.pod_marks import marks_of
from kubeactors.controllers.podautoscaler import HorizontalController, MetricsSource, NoMetrics
from kubeactors.controllers.policy_status import ValidatingAdmissionPolicyStatusController
from kubeactors.controllers.replicaset import ReplicaSetController, ReplicationManager
from kubeactors.controllers.resourceclaim import ResourceClaimController
from kubeactors.controllers.resourcequota import ResourceQuotaController
from kubeactors.controllers.root_ca import RootCAPublisher
from kubeactors.controllers.service_lb import ServiceLBController
from kubeactors.controllers.serviceaccount import ServiceAccountController
from kubeactors.controllers.serviceaccount_tokens import SignToken, TokensController
from kubeactors.controllers.statefulset import StatefulSetController
from kubeactors.controllers.taint_eviction import TaintEvictionController
from kubeactors.controllers.ttl_after_finished import TTLAfterFinishedController
from kubeactors.message import Recipient


class ControllerManagerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the controllers. The defaults are those of a cluster made by kubeadm."""

    root_ca: str = ""
    """PEM of the CA certificate with which pods verify the API server's."""
    signing_key: bytes = b""
    """PEM of the CA's private key; it signs the certificates of CertificateSigningRequests."""
    sign_token: SignToken | None = None
    """Signs the service account tokens in Secrets; without it such Secrets stay empty."""
    node_lifecycle: NodeLifecycleConfig = NodeLifecycleConfig()
    terminated_pod_threshold: int = 12500
    """How many finished pods are kept; 0 keeps all."""
    metrics: MetricsSource = NoMetrics()
    """The source of the pod metrics that autoscalers use."""
    cluster_cidr: str = ""
    """The range from which pod CIDRs are allocated to nodes that have none; empty: none are allocated."""
    local_path: str = "/var/local/kubeactors"
    """The directory that holds local-path volumes."""
    load_balancer_pool: str = ""
    """The address range for Services of type LoadBalancer; empty: they are left to another controller."""
    events: bool = True
    """Whether controllers record events."""
    without: tuple[str, ...] = ()
    """Names of controllers that are not started, such as `replicaset`."""


class ControllerManager(Actor[Never], deterministic=True):
    """Supervises the informers, the event sink and the controllers, one for one: a failed child restarts alone."""

    supervision: ClassVar[Supervision] = Supervision(max_restarts=100, within_seconds=60.0, backoff_seconds=0.1)

    def __init__(self, client: Client, config: ControllerManagerConfig) -> None:
        self._client = client
        self._config = config
        self._without = (*config.without, *_idle(config))

    def started(self) -> None:
        """Start the children, informers first so that they stop last."""
        sink = sink_of(self.ctx, self._client, wanted=self._config.events)
        informers = InformerFactory(self.ctx, self._client)
        for name, factory in _factories(self._client, sink, self._config, informers).items():
            if name not in self._without:
                self.ctx.spawn(acting_as_itself(name, factory), name=name)


def _factories(
    client: Client, events: Recipient[RecordEvent], config: ControllerManagerConfig, informers: InformerFactory
) -> dict[str, Callable[[], Controller]]:
    """A factory for each controller, by name. Requesting an informer starts it."""
    pods, nodes, services = informers.of(Pod), informers.of(Node), informers.of(Service)
    leases = informers.of(Lease)
    pods.mark_by(marks_of)
    nodes.mark_by(marks_of_node, NEWS)
    leases.mark_by(marks_of_lease, NEWS)
    replica_sets, namespaces = informers.of(ReplicaSet), informers.of(Namespace)
    jobs = informers.of(Job)
    claims, volumes = informers.of(PersistentVolumeClaim), informers.of(PersistentVolume)
    classes = informers.of(StorageClass)
    requests = informers.of(CertificateSigningRequest)
    config_maps, accounts = informers.of(ConfigMap), informers.of(ServiceAccount)
    return {
        "deployment": partial(
            DeploymentController,
            client,
            events,
            deployments=informers.of(Deployment),
            replica_sets=replica_sets,
            pods=pods,
        ),
        "replicaset": partial(ReplicaSetController, client, events, pods=pods, owners=replica_sets),
        "replicationcontroller": partial(
            ReplicationManager, client, events, pods=pods, owners=informers.of(ReplicationController)
        ),
        "clusterrole-aggregation": partial(ClusterRoleAggregationController, client, roles=informers.of(ClusterRole)),
        "daemonset": partial(
            DaemonSetController,
            client,
            events,
            daemon_sets=informers.of(DaemonSet),
            pods=pods,
            nodes=nodes,
            revisions=informers.of(ControllerRevision),
        ),
        "statefulset": partial(
            StatefulSetController,
            client,
            events,
            stateful_sets=informers.of(StatefulSet),
            pods=pods,
            claims=claims,
            revisions=informers.of(ControllerRevision),
        ),
        "persistentvolume-binder": partial(
            PersistentVolumeController, client, events, claims=claims, volumes=volumes, classes=classes
        ),
        "persistentvolume-provisioner": partial(
            Provisioner, client, events, config.local_path, claims=claims, volumes=volumes, classes=classes
        ),
        "persistentvolume-expander": partial(ExpandController, client, events, claims=claims, volumes=volumes),
        "persistentvolumeclaim-protection": partial(
            PersistentVolumeClaimProtectionController, client, claims=claims, pods=pods
        ),
        "persistentvolume-protection": partial(PersistentVolumeProtectionController, client, volumes=volumes),
        "job": partial(JobController, client, events, jobs=jobs, pods=pods),
        "cronjob": partial(CronJobController, client, events, cron_jobs=informers.of(CronJob), jobs=jobs),
        "certificatesigningrequest-approving": partial(CSRApprover, client, requests=requests),
        "certificatesigningrequest-cleaner": partial(CSRCleaner, client, requests=requests),
        "certificatesigningrequest-signing": partial(
            CSRSigner, client, (config.root_ca, config.signing_key), requests=requests
        ),
        "disruption": partial(
            DisruptionController,
            client,
            events,
            budgets=informers.of(PodDisruptionBudget),
            pods=pods,
            replica_sets=replica_sets,
            deployments=informers.of(Deployment),
            stateful_sets=informers.of(StatefulSet),
            replication_controllers=informers.of(ReplicationController),
        ),
        "horizontalpodautoscaler": partial(
            HorizontalController,
            client,
            events,
            config.metrics,
            autoscalers=informers.of(HorizontalPodAutoscaler),
            pods=pods,
        ),
        "ttl-after-finished": partial(TTLAfterFinishedController, client, jobs=jobs),
        "namespace": partial(NamespaceController, client, namespaces=namespaces),
        "serviceaccount": partial(ServiceAccountController, client, namespaces=namespaces, accounts=accounts),
        "serviceaccount-token": partial(
            TokensController,
            client,
            config.sign_token,
            config.root_ca,
            accounts=accounts,
            secrets=informers.of(Secret),
        ),
        "root-ca-certificate-publisher": partial(
            RootCAPublisher, client, config.root_ca, namespaces=namespaces, config_maps=config_maps
        ),
        "ephemeral-volume": partial(EphemeralVolumeController, client, events, pods=pods, claims=claims),
        "resourceclaim": partial(
            ResourceClaimController,
            client,
            events,
            pods=pods,
            claims=informers.of(ResourceClaim),
            templates=informers.of(ResourceClaimTemplate),
        ),
        "endpoints": partial(
            EndpointsController, client, events, services=services, pods=pods, endpoints=informers.of(Endpoints)
        ),
        "endpointslice": partial(
            EndpointSliceController,
            client,
            events,
            services=services,
            pods=pods,
            nodes=nodes,
            slices=informers.of(EndpointSlice),
        ),
        "endpointslicemirroring": partial(
            EndpointSliceMirroringController,
            client,
            services=services,
            endpoints=informers.of(Endpoints),
            slices=informers.of(EndpointSlice),
        ),
        "node-ipam": partial(NodeIpamController, client, events, config.cluster_cidr, nodes=nodes),
        "nodelifecycle": partial(
            NodeLifecycleController,
            client,
            events,
            config.node_lifecycle,
            reader=client,
            nodes=nodes,
            leases=leases,
            pods=pods,
        ),
        "taint-eviction": partial(TaintEvictionController, client, events, nodes=nodes, pods=pods),
        "service-lb": partial(ServiceLBController, client, events, config.load_balancer_pool, services=services),
        "podgc": partial(PodGCController, client, config.terminated_pod_threshold, pods=pods, nodes=nodes),
        "resourcequota": partial(
            ResourceQuotaController,
            client,
            quotas=informers.of(ResourceQuota),
            counted=[informers.of(kind.type) for kind in client.scheme if kind.namespaced and _is_collected(kind)],
            definitions=informers.of(CustomResourceDefinition),
        ),
        "validatingadmissionpolicy-status": partial(
            ValidatingAdmissionPolicyStatusController, client, policies=informers.of(ValidatingAdmissionPolicy)
        ),
        "garbagecollector": partial(
            GarbageCollector,
            client,
            events,
            informers=[informers.of(kind.type) for kind in client.scheme if _is_collected(kind)],
            definitions=informers.of(CustomResourceDefinition),
        ),
    }


def _idle(config: ControllerManagerConfig) -> Iterator[str]:
    """The controllers that have nothing to allocate from."""
    if not config.load_balancer_pool:
        yield "service-lb"
    if not config.cluster_cidr:
        yield "node-ipam"


def _is_collected(kind: Kind[TypedObject]) -> bool:
    """Whether objects of this kind take part in garbage collection and quota. Events do not: they expire by themselves.

    Custom kinds come and go, so the controllers that cover all kinds follow their definitions themselves.
    """
    return kind.kind != "Event" and kind.stored and not kind.custom and {"list", "watch", "delete"}.issubset(kind.verbs)

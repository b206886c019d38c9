"""Table printers: the columns of `kubectl get`.

The API server asks here when a client accepts a Table: `columns` once for an answer, `row` for each object.
Every kind has its printer; kinds without one get a table of names and creation times.

Source: pkg/printers/internalversion/printers.go, apiserver/pkg/registry/rest/table.go (v1.36).
"""

from typing import cast

from kubeactors.api.admissionregistration.v1.mutating import MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding
from kubeactors.api.admissionregistration.v1.validating import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
)
from kubeactors.api.admissionregistration.v1.webhooks import (
    MutatingWebhookConfiguration,
    ValidatingWebhookConfiguration,
)
from kubeactors.api.apiregistration.v1.apiservice import APIService
from kubeactors.api.apps.v1.controllerrevision import ControllerRevision
from kubeactors.api.apps.v1.daemonset import DaemonSet
from kubeactors.api.apps.v1.deployment import Deployment
from kubeactors.api.apps.v1.replicaset import ReplicaSet
from kubeactors.api.apps.v1.statefulset import StatefulSet
from kubeactors.api.autoscaling.v1.autoscaler import HorizontalPodAutoscaler as HorizontalPodAutoscalerV1
from kubeactors.api.autoscaling.v1.scale import Scale
from kubeactors.api.autoscaling.v2.autoscaler import HorizontalPodAutoscaler
from kubeactors.api.batch.v1.cronjob import CronJob
from kubeactors.api.batch.v1.job import Job
from kubeactors.api.certificates.v1.certificatesigningrequest import CertificateSigningRequest
from kubeactors.api.coordination.v1.lease import Lease
from kubeactors.api.core.v1.componentstatus import ComponentStatus
from kubeactors.api.core.v1.configmap import ConfigMap
from kubeactors.api.core.v1.endpoints import Endpoints
from kubeactors.api.core.v1.event import Event
from kubeactors.api.core.v1.namespace import Namespace
from kubeactors.api.core.v1.node import Node
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.core.v1.persistentvolumeclaim import PersistentVolumeClaim
from kubeactors.api.core.v1.pod import Pod, PodTemplate
from kubeactors.api.core.v1.replicationcontroller import ReplicationController
from kubeactors.api.core.v1.resourcequota import ResourceQuota
from kubeactors.api.core.v1.secret import Secret
from kubeactors.api.core.v1.service import Service
from kubeactors.api.core.v1.serviceaccount import ServiceAccount
from kubeactors.api.discovery.v1.endpointslice import EndpointSlice
from kubeactors.api.events.v1 import event as newer
from kubeactors.api.flowcontrol.v1.flowschema import FlowSchema
from kubeactors.api.flowcontrol.v1.prioritylevel import PriorityLevelConfiguration
from kubeactors.api.networking.v1.ingress import Ingress
from kubeactors.api.networking.v1.ingressclass import IngressClass
from kubeactors.api.networking.v1.ipaddress import IPAddress
from kubeactors.api.networking.v1.networkpolicy import NetworkPolicy
from kubeactors.api.networking.v1.servicecidr import ServiceCIDR
from kubeactors.api.node.v1.runtimeclass import RuntimeClass
from kubeactors.api.policy.v1.poddisruptionbudget import PodDisruptionBudget
from kubeactors.api.printers import (
    admission,
    autoscalers,
    bindings,
    budgets,
    cluster,
    events,
    jobs,
    networking,
    nodes,
    others,
    pods,
    services,
    storage,
    workloads,
)
from kubeactors.api.printers.table import NAME, Cells, Column, Printer, RowCondition
from kubeactors.api.rbac.v1 import ClusterRoleBinding, RoleBinding
from kubeactors.api.resource.v1.deviceclass import DeviceClass
from kubeactors.api.resource.v1.resourceclaim import ResourceClaim, ResourceClaimTemplate
from kubeactors.api.resource.v1.resourceslice import ResourceSlice
from kubeactors.api.scheduling.v1.priorityclass import PriorityClass
from kubeactors.api.storage.v1.csidriver import CSIDriver
from kubeactors.api.storage.v1.csinode import CSINode
from kubeactors.api.storage.v1.storageclass import StorageClass
from kubeactors.api.storage.v1.volumeattachment import VolumeAttachment
from kubeactors.api.storage.v1.volumeattributesclass import VolumeAttributesClass
from kubeactors.apimachinery.meta import HasMeta, TypedObject
from kubeactors.apimachinery.scheme import Kind

__all__ = ["Cells", "Column", "Printer", "RowCondition", "columns", "of", "of_type", "row", "row_conditions"]


def of(kind: Kind[TypedObject]) -> Printer[HasMeta]:
    """The printer of a kind."""
    return of_type(kind.type) if kind.printer is None else cast("Printer[HasMeta]", kind.printer)


def of_type(type_: type[object]) -> Printer[HasMeta]:
    """The printer of a Struct's kind."""
    return cast("Printer[HasMeta]", _PRINTERS.get(type_, _DEFAULT))


def columns(type_: type[object]) -> tuple[Column, ...]:
    """The columns of a kind's table, by its Struct.

    >>> [column.name for column in columns(Lease)]
    ['Name', 'Holder', 'Age']
    """
    return of_type(type_).columns


def row(object_: HasMeta, now_ns: int) -> Cells:
    """The cells of an object's row, one for each column. `now_ns` is the time in nanoseconds since 1970."""
    return of_type(type(object_)).cells(object_, now_ns)


def row_conditions(object_: HasMeta) -> tuple[RowCondition, ...]:
    """The conditions of a row: whether a pod is completed."""
    return of_type(type(object_)).conditions(object_)


def _cells(object_: HasMeta, _now_ns: int) -> Cells:
    return object_.metadata.name, object_.metadata.creation_timestamp or ""


_DEFAULT: Printer[HasMeta] = Printer(
    columns=(NAME, Column(name="Created At", type="date", description="When the object was created.")), cells=_cells
)

_PRINTERS: dict[type[object], object] = {
    ClusterRoleBinding: bindings.BINDING,
    ConfigMap: others.CONFIG_MAP,
    CronJob: jobs.CRON_JOB,
    ControllerRevision: workloads.CONTROLLER_REVISION,
    DaemonSet: workloads.DAEMON_SET,
    Deployment: workloads.DEPLOYMENT,
    EndpointSlice: services.ENDPOINT_SLICE,
    Endpoints: services.ENDPOINTS,
    Event: events.EVENT,
    HorizontalPodAutoscaler: autoscalers.HORIZONTAL_POD_AUTOSCALER,
    HorizontalPodAutoscalerV1: autoscalers.HORIZONTAL_POD_AUTOSCALER_V1,
    Job: jobs.JOB,
    Lease: others.LEASE,
    Namespace: others.NAMESPACE,
    Node: nodes.PRINTER,
    PersistentVolume: storage.VOLUME,
    PersistentVolumeClaim: storage.CLAIM,
    Pod: pods.PRINTER,
    PodDisruptionBudget: budgets.POD_DISRUPTION_BUDGET,
    PodTemplate: workloads.POD_TEMPLATE,
    PriorityClass: others.PRIORITY_CLASS,
    ReplicaSet: workloads.REPLICA_SET,
    ReplicationController: workloads.REPLICATION_CONTROLLER,
    ResourceQuota: others.RESOURCE_QUOTA,
    RoleBinding: bindings.BINDING,
    Scale: workloads.SCALE,
    Secret: others.SECRET,
    Service: services.SERVICE,
    ServiceAccount: others.SERVICE_ACCOUNT,
    StatefulSet: workloads.STATEFUL_SET,
    StorageClass: storage.STORAGE_CLASS,
    APIService: admission.API_SERVICE,
    CSIDriver: storage.CSI_DRIVER,
    CSINode: storage.CSI_NODE,
    CertificateSigningRequest: cluster.CSR,
    ComponentStatus: cluster.COMPONENT_STATUS,
    DeviceClass: cluster.DEVICE_CLASS,
    FlowSchema: cluster.FLOW_SCHEMA,
    IPAddress: networking.IP_ADDRESS,
    Ingress: networking.INGRESS,
    IngressClass: networking.INGRESS_CLASS,
    MutatingAdmissionPolicy: admission.MUTATING_POLICY,
    MutatingAdmissionPolicyBinding: admission.BINDING,
    MutatingWebhookConfiguration: admission.WEBHOOKS,
    NetworkPolicy: networking.NETWORK_POLICY,
    PriorityLevelConfiguration: cluster.PRIORITY_LEVEL,
    ResourceClaim: cluster.RESOURCE_CLAIM,
    ResourceClaimTemplate: cluster.RESOURCE_CLAIM_TEMPLATE,
    ResourceSlice: cluster.RESOURCE_SLICE,
    RuntimeClass: cluster.RUNTIME_CLASS,
    ServiceCIDR: networking.SERVICE_CIDR,
    ValidatingAdmissionPolicy: admission.VALIDATING_POLICY,
    ValidatingAdmissionPolicyBinding: admission.BINDING,
    ValidatingWebhookConfiguration: admission.WEBHOOKS,
    VolumeAttachment: storage.ATTACHMENT,
    VolumeAttributesClass: storage.ATTRIBUTES_CLASS,
    newer.Event: events.NEWER_EVENT,
}

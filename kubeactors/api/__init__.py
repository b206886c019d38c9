"""The built-in kinds as Structs: fields, defaults, validation, tables. Pure; nobody is asked and nothing is sent.

`SCHEME` holds them all. The API server defaults and validates by it, the client finds resources in it, and the
modules of groups and versions (`core/v1`, `apps/v1`, ...) give their Structs to everyone above.

Source: kubernetes/api and pkg/apis of Kubernetes v1.36; each module names its files.
"""

from collections.abc import Iterable
from typing import cast

from kubeactors.api.apps.v1 import controllerrevision, daemon_validation, stateful_validation
from kubeactors.api.apps.v1 import defaults as apps_defaults
from kubeactors.api.apps.v1 import validation as apps
from kubeactors.api.apps.v1.daemonset import DaemonSet
from kubeactors.api.apps.v1.deployment import Deployment
from kubeactors.api.apps.v1.replicaset import ReplicaSet
from kubeactors.api.apps.v1.statefulset import StatefulSet
from kubeactors.api.authentication.v1.kinds import KINDS as _AUTHENTICATION
from kubeactors.api.authorization.v1.kinds import KINDS as _AUTHORIZATION
from kubeactors.api.autoscaling.v2.kinds import KINDS as _AUTOSCALING
from kubeactors.api.batch.v1.kinds import KINDS as _BATCH
from kubeactors.api.coordination.v1 import lease
from kubeactors.api.core.v1 import (
    configmap,
    endpoints,
    event,
    limitrange,
    namespace,
    persistentvolume,
    persistentvolumeclaim,
    resourcequota,
    secret,
    service,
)
from kubeactors.api.core.v1.advice import warn_of_pod
from kubeactors.api.core.v1.defaults import default_node, default_pod, default_pod_template
from kubeactors.api.core.v1.defaults.claims import default_claim, default_volume_object
from kubeactors.api.core.v1.defaults.replication import default_replication_controller
from kubeactors.api.core.v1.defaults.service import default_service
from kubeactors.api.core.v1.node import Node, node_fields
from kubeactors.api.core.v1.pod import Pod, PodTemplate, pod_fields
from kubeactors.api.core.v1.replicationcontroller import ReplicationController, replication_controller_fields
from kubeactors.api.core.v1.service_advice import warn_of_service
from kubeactors.api.core.v1.serviceaccount import ServiceAccount
from kubeactors.api.core.v1.validation import (
    validate_node,
    validate_node_update,
    validate_pod,
    validate_pod_status_update,
    validate_pod_template,
    validate_pod_template_update,
    validate_pod_update,
)
from kubeactors.api.core.v1.validation.limitrange import validate_limit_range, validate_limit_range_update
from kubeactors.api.core.v1.validation.persistent_volumes import (
    validate_persistent_volume,
    validate_persistent_volume_update,
    warn_of_persistent_volume,
)
from kubeactors.api.core.v1.validation.replication import (
    validate_replication_controller,
    validate_replication_controller_status,
    validate_replication_controller_update,
    warn_of_replication_controller,
)
from kubeactors.api.core.v1.validation.resourcequota import (
    validate_resource_quota,
    validate_resource_quota_status,
    validate_resource_quota_update,
)
from kubeactors.api.core.v1.validation.service import validate_service, validate_service_status, validate_service_update
from kubeactors.api.core.v1.validation.volume_claims import (
    validate_claim,
    validate_claim_status,
    validate_claim_update,
)
from kubeactors.api.discovery.v1 import endpointslice
from kubeactors.api.discovery.v1 import validation as discovery
from kubeactors.api.policy.v1.poddisruptionbudget import KINDS as _POLICY
from kubeactors.api.rbac.v1.kinds import KINDS as _RBAC
from kubeactors.api.scheduling.v1 import priorityclass
from kubeactors.api.storage.v1 import storageclass
from kubeactors.apimachinery import names
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import STANDARD_VERBS, Kind, Scheme

__all__ = ["SCHEME"]

_CORE = (
    Kind(
        type=configmap.ConfigMap,
        kind="ConfigMap",
        resource="configmaps",
        singular="configmap",
        short_names=("cm",),
        validate=configmap.validate_config_map,
        validate_update=configmap.validate_config_map_update,
    ),
    Kind(
        type=endpoints.Endpoints,
        kind="Endpoints",
        resource="endpoints",
        singular="endpoints",
        short_names=("ep",),
        deprecation=endpoints.DEPRECATION,
        default=endpoints.default_endpoints,
        validate=endpoints.validate_endpoints,
        validate_update=endpoints.validate_endpoints_update,
    ),
    Kind(
        type=event.Event,
        kind="Event",
        resource="events",
        singular="event",
        short_names=("ev",),
        name_rule=names.name_is_path_segment,
        validate=event.validate_event,
        validate_update=event.validate_event_update,
        fields=event.event_fields,
    ),
    Kind(
        type=limitrange.LimitRange,
        kind="LimitRange",
        resource="limitranges",
        singular="limitrange",
        short_names=("limits",),
        default=limitrange.default_limit_range,
        validate=validate_limit_range,
        validate_update=validate_limit_range_update,
    ),
    Kind(
        type=namespace.Namespace,
        kind="Namespace",
        resource="namespaces",
        singular="namespace",
        short_names=("ns",),
        namespaced=False,
        verbs=tuple(verb for verb in STANDARD_VERBS if verb != "deletecollection"),
        subresources=("finalize", "status"),
        name_rule=names.name_is_dns_label,
        default=namespace.default_namespace,
        validate=namespace.validate_namespace,
        validate_status_update=namespace.validate_namespace_status,
        fields=namespace.namespace_fields,
    ),
    Kind(
        type=Node,
        kind="Node",
        resource="nodes",
        singular="node",
        short_names=("no",),
        namespaced=False,
        subresources=("proxy", "status"),
        default=default_node,
        validate=validate_node,
        validate_update=validate_node_update,
        validate_status_update=validate_node_update,
        fields=node_fields,
    ),
    Kind(
        type=persistentvolume.PersistentVolume,
        kind="PersistentVolume",
        resource="persistentvolumes",
        singular="persistentvolume",
        short_names=("pv",),
        namespaced=False,
        subresources=("status",),
        default=default_volume_object,
        validate=validate_persistent_volume,
        validate_update=validate_persistent_volume_update,
        warn=warn_of_persistent_volume,
        fields=persistentvolume.persistent_volume_fields,
    ),
    Kind(
        type=persistentvolumeclaim.PersistentVolumeClaim,
        kind="PersistentVolumeClaim",
        resource="persistentvolumeclaims",
        singular="persistentvolumeclaim",
        short_names=("pvc",),
        subresources=("status",),
        default=default_claim,
        validate=validate_claim,
        validate_update=validate_claim_update,
        validate_status_update=validate_claim_status,
        fields=persistentvolumeclaim.persistent_volume_claim_fields,
    ),
    Kind(
        type=Pod,
        kind="Pod",
        resource="pods",
        singular="pod",
        short_names=("po",),
        categories=("all",),
        subresources=(
            "attach",
            "binding",
            "ephemeralcontainers",
            "eviction",
            "exec",
            "log",
            "portforward",
            "proxy",
            "resize",
            "status",
        ),
        default=default_pod,
        validate=validate_pod,
        validate_update=validate_pod_update,
        validate_status_update=validate_pod_status_update,
        warn=warn_of_pod,
        fields=pod_fields,
    ),
    Kind(
        type=PodTemplate,
        kind="PodTemplate",
        resource="podtemplates",
        singular="podtemplate",
        default=default_pod_template,
        validate=validate_pod_template,
        validate_update=validate_pod_template_update,
    ),
    Kind(
        type=ReplicationController,
        kind="ReplicationController",
        resource="replicationcontrollers",
        singular="replicationcontroller",
        short_names=("rc",),
        categories=("all",),
        subresources=("scale", "status"),
        default=default_replication_controller,
        validate=validate_replication_controller,
        validate_update=validate_replication_controller_update,
        validate_status_update=validate_replication_controller_status,
        warn=warn_of_replication_controller,
        fields=replication_controller_fields,
    ),
    Kind(
        type=resourcequota.ResourceQuota,
        kind="ResourceQuota",
        resource="resourcequotas",
        singular="resourcequota",
        short_names=("quota",),
        subresources=("status",),
        validate=validate_resource_quota,
        validate_update=validate_resource_quota_update,
        validate_status_update=validate_resource_quota_status,
    ),
    Kind(
        type=secret.Secret,
        kind="Secret",
        resource="secrets",
        singular="secret",
        default=secret.default_secret,
        validate=secret.validate_secret,
        validate_update=secret.validate_secret_update,
        fields=secret.secret_fields,
    ),
    Kind(
        type=service.Service,
        kind="Service",
        resource="services",
        singular="service",
        short_names=("svc",),
        categories=("all",),
        subresources=("proxy", "status"),
        name_rule=names.name_is_dns_label,
        default=default_service,
        validate=validate_service,
        validate_update=validate_service_update,
        validate_status_update=validate_service_status,
        warn=warn_of_service,
        fields=service.service_fields,
    ),
    Kind(
        type=ServiceAccount,
        kind="ServiceAccount",
        resource="serviceaccounts",
        singular="serviceaccount",
        short_names=("sa",),
        subresources=("token",),
    ),
)

_APPS = (
    Kind(
        type=controllerrevision.ControllerRevision,
        group="apps",
        kind="ControllerRevision",
        resource="controllerrevisions",
        singular="controllerrevision",
        validate=controllerrevision.validate_controller_revision,
        validate_update=controllerrevision.validate_controller_revision_update,
    ),
    Kind(
        type=DaemonSet,
        group="apps",
        kind="DaemonSet",
        resource="daemonsets",
        singular="daemonset",
        short_names=("ds",),
        categories=("all",),
        subresources=("status",),
        default=apps_defaults.default_daemon_set,
        validate=daemon_validation.validate_daemon_set,
        validate_update=daemon_validation.validate_daemon_set_update,
        validate_status_update=daemon_validation.validate_daemon_set_status,
        warn=daemon_validation.warn_of_daemon_set,
    ),
    Kind(
        type=Deployment,
        group="apps",
        kind="Deployment",
        resource="deployments",
        singular="deployment",
        short_names=("deploy",),
        categories=("all",),
        subresources=("scale", "status"),
        default=apps_defaults.default_deployment,
        validate=apps.validate_deployment,
        validate_update=apps.validate_deployment_update,
        validate_status_update=apps.validate_deployment_status,
        warn=apps.warn_of_deployment,
    ),
    Kind(
        type=ReplicaSet,
        group="apps",
        kind="ReplicaSet",
        resource="replicasets",
        singular="replicaset",
        short_names=("rs",),
        categories=("all",),
        subresources=("scale", "status"),
        default=apps_defaults.default_replica_set,
        validate=apps.validate_replica_set,
        validate_update=apps.validate_replica_set_update,
        validate_status_update=apps.validate_replica_set_status,
        warn=apps.warn_of_replica_set,
    ),
    Kind(
        type=StatefulSet,
        group="apps",
        kind="StatefulSet",
        resource="statefulsets",
        singular="statefulset",
        short_names=("sts",),
        categories=("all",),
        subresources=("scale", "status"),
        default=apps_defaults.default_stateful_set,
        validate=stateful_validation.validate_stateful_set,
        validate_update=stateful_validation.validate_stateful_set_update,
        validate_status_update=stateful_validation.validate_stateful_set_status,
        warn=stateful_validation.warn_of_stateful_set,
    ),
)

_OTHERS = (
    Kind(
        type=storageclass.StorageClass,
        group="storage.k8s.io",
        kind="StorageClass",
        resource="storageclasses",
        singular="storageclass",
        short_names=("sc",),
        namespaced=False,
        default=storageclass.default_storage_class,
        validate=storageclass.validate_storage_class,
        validate_update=storageclass.validate_storage_class_update,
    ),
    Kind(
        type=priorityclass.PriorityClass,
        group="scheduling.k8s.io",
        kind="PriorityClass",
        resource="priorityclasses",
        singular="priorityclass",
        short_names=("pc",),
        namespaced=False,
        default=priorityclass.default_priority_class,
        validate=priorityclass.validate_priority_class,
        validate_update=priorityclass.validate_priority_class_update,
    ),
    Kind(
        type=lease.Lease,
        group="coordination.k8s.io",
        kind="Lease",
        resource="leases",
        singular="lease",
        default=lease.default_lease,
        validate=lease.validate_lease,
        validate_update=lease.validate_lease_update,
    ),
    Kind(
        type=endpointslice.EndpointSlice,
        group="discovery.k8s.io",
        kind="EndpointSlice",
        resource="endpointslices",
        singular="endpointslice",
        default=discovery.default_endpoint_slice,
        validate=discovery.validate_endpoint_slice,
        validate_update=discovery.validate_endpoint_slice_update,
    ),
)

_ACCESS = (*_AUTHENTICATION, *_AUTHORIZATION, *_RBAC)

SCHEME = Scheme(
    cast("Iterable[Kind[TypedObject]]", (*_CORE, *_APPS, *_AUTOSCALING, *_BATCH, *_POLICY, *_OTHERS, *_ACCESS))
)
"""All kinds that are served."""

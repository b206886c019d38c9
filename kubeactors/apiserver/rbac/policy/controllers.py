"""The roles of controllers, each bound to a service account in kube-system.

Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go (v1.36).
"""

from kubeactors.api.rbac.v1 import ClusterRole, PolicyRule
from kubeactors.apiserver.rbac.policy.shorthand import (
    APPS,
    AUTHORIZATION,
    AUTOSCALING,
    BATCH,
    CERTIFICATES,
    DISCOVERY,
    EVENTS_RULE,
    EXTENSIONS,
    NETWORKING,
    POLICY,
    RBAC,
    READ,
    READ_UPDATE,
    RESOURCE,
    STORAGE,
    role,
    rule,
)

PREFIX = "system:controller:"

_ADMISSION = "admissionregistration.k8s.io"
_SIGNERS = tuple(
    f"kubernetes.io/{name}"
    for name in ("legacy-unknown", "kube-apiserver-client", "kube-apiserver-client-kubelet", "kubelet-serving")
)

_RULES: dict[str, tuple[PolicyRule, ...]] = {
    "attachdetach-controller": (
        rule("list watch", "persistentvolumes persistentvolumeclaims"),
        rule(READ, "nodes"),
        rule("patch update", "nodes/status"),
        rule("list watch", "pods"),
        EVENTS_RULE,
        rule("get create delete list watch", "volumeattachments", STORAGE),
        rule(READ, "csidrivers", STORAGE),
        rule(READ, "csinodes", STORAGE),
    ),
    "clusterrole-aggregation-controller": (rule("escalate get list watch update patch", "clusterroles", RBAC),),
    "cronjob-controller": (
        rule("get list watch update", "cronjobs", BATCH),
        rule("get list watch create update delete patch", "jobs", BATCH),
        rule("update", "cronjobs/status", BATCH),
        rule("update", "cronjobs/finalizers", BATCH),
        rule("list watch delete", "pods"),
        EVENTS_RULE,
    ),
    "daemon-set-controller": (
        rule(READ, "daemonsets", EXTENSIONS, APPS),
        rule("update", "daemonsets/status", EXTENSIONS, APPS),
        rule("update", "daemonsets/finalizers", EXTENSIONS, APPS),
        rule("list watch", "nodes"),
        rule("list watch create delete patch", "pods"),
        rule("create", "pods/binding"),
        rule("get list watch create delete update patch", "controllerrevisions", APPS),
        EVENTS_RULE,
    ),
    "deployment-controller": (
        rule("get list watch update", "deployments", EXTENSIONS, APPS),
        rule("update", "deployments/status", EXTENSIONS, APPS),
        rule("update", "deployments/finalizers", EXTENSIONS, APPS),
        rule("get list watch create update patch delete", "replicasets", APPS, EXTENSIONS),
        rule("get list watch update", "pods"),
        EVENTS_RULE,
    ),
    "disruption-controller": (
        rule(READ, "deployments", EXTENSIONS, APPS),
        rule(READ, "replicasets", APPS, EXTENSIONS),
        rule(READ, "replicationcontrollers"),
        rule(READ, "poddisruptionbudgets", POLICY),
        rule(READ, "statefulsets", APPS),
        rule("update", "poddisruptionbudgets/status", POLICY),
        rule("patch update", "pods/status"),
        rule("get", "*/scale", "*"),
        EVENTS_RULE,
    ),
    "endpoint-controller": (
        rule(READ, "services pods"),
        rule("get list watch create update delete", "endpoints"),
        rule("create", "endpoints/restricted"),
        EVENTS_RULE,
    ),
    "endpointslice-controller": (
        rule(READ, "services pods nodes"),
        rule("update", "services/finalizers"),
        rule("get list watch create update delete", "endpointslices", DISCOVERY),
        EVENTS_RULE,
    ),
    "endpointslicemirroring-controller": (
        rule(READ, "services endpoints"),
        rule("update", "services/finalizers"),
        rule("update", "endpoints/finalizers"),
        rule("get list watch create update delete", "endpointslices", DISCOVERY),
        EVENTS_RULE,
    ),
    "expand-controller": (
        rule(READ_UPDATE, "persistentvolumes"),
        rule("update patch", "persistentvolumeclaims/status"),
        rule(READ, "persistentvolumeclaims"),
        EVENTS_RULE,
        rule("get", "services"),
    ),
    "ephemeral-volume-controller": (
        rule(READ, "pods"),
        rule("update", "pods/finalizers"),
        rule("get list watch create", "persistentvolumeclaims"),
        EVENTS_RULE,
    ),
    "resource-claim-controller": (
        rule(READ, "pods"),
        rule("update", "pods/finalizers"),
        rule("get list watch create delete", "resourceclaims", RESOURCE),
        rule("update patch", "resourceclaims resourceclaims/status", RESOURCE),
        rule("update patch", "pods/status"),
        EVENTS_RULE,
    ),
    "generic-garbage-collector": (rule("get list watch patch update delete", "*", "*"), EVENTS_RULE),
    "horizontal-pod-autoscaler": (
        rule(READ, "horizontalpodautoscalers", AUTOSCALING),
        rule("update", "horizontalpodautoscalers/status", AUTOSCALING),
        rule("get update", "*/scale", "*"),
        rule("list watch", "pods"),
        rule("list watch", "pods", "metrics.k8s.io"),
        rule(READ, "*", "custom.metrics.k8s.io"),
        rule(READ, "*", "external.metrics.k8s.io"),
        EVENTS_RULE,
    ),
    "job-controller": (
        rule(READ_UPDATE, "jobs", BATCH),
        rule("update", "jobs/status", BATCH),
        rule("update", "jobs/finalizers", BATCH),
        rule("list watch create delete patch", "pods"),
        EVENTS_RULE,
    ),
    "namespace-controller": (
        rule("get list watch delete", "namespaces"),
        rule("update", "namespaces/finalize namespaces/status"),
        rule("get list watch delete deletecollection", "*", "*"),
    ),
    "node-controller": (
        rule("get list watch update delete patch", "nodes"),
        rule("patch update", "nodes/status"),
        rule("patch update", "pods/status"),
        rule("list watch get delete", "pods"),
        EVENTS_RULE,
    ),
    "persistent-volume-binder": (
        rule("get list watch update create delete", "persistentvolumes"),
        rule("update", "persistentvolumes/status"),
        rule("get list watch update", "persistentvolumeclaims"),
        rule("update", "persistentvolumeclaims/status"),
        rule("list watch get create delete", "pods"),
        rule(READ, "storageclasses", STORAGE),
        rule("list watch", "nodes"),
        EVENTS_RULE,
        rule("watch", "events"),
        rule("get", "services"),
    ),
    "pod-garbage-collector": (
        rule("list watch delete", "pods"),
        rule(READ, "nodes"),
        rule("patch", "pods/status"),
    ),
    "replicaset-controller": (
        rule("get list watch update", "replicasets", APPS, EXTENSIONS),
        rule("update", "replicasets/status", APPS, EXTENSIONS),
        rule("update", "replicasets/finalizers", APPS, EXTENSIONS),
        rule("list watch patch create delete", "pods"),
        EVENTS_RULE,
    ),
    "replication-controller": (
        rule("get list watch update", "replicationcontrollers"),
        rule("update", "replicationcontrollers/status"),
        rule("update", "replicationcontrollers/finalizers"),
        rule("list watch patch create delete", "pods"),
        EVENTS_RULE,
    ),
    "resourcequota-controller": (
        rule("list watch", "*", "*"),
        rule("update", "resourcequotas/status"),
        EVENTS_RULE,
    ),
    "route-controller": (rule("list watch", "nodes"), rule("patch", "nodes/status"), EVENTS_RULE),
    "service-account-controller": (rule("create", "serviceaccounts"), EVENTS_RULE),
    "service-controller": (
        rule(READ, "services"),
        rule("patch update", "services/status"),
        rule("list watch", "nodes"),
        EVENTS_RULE,
    ),
    "service-cidrs-controller": (
        rule(READ_UPDATE, "servicecidrs", NETWORKING),
        rule("patch update", "servicecidrs/finalizers", NETWORKING),
        rule("patch update", "servicecidrs/status", NETWORKING),
        rule(READ, "ipaddresses", NETWORKING),
        EVENTS_RULE,
    ),
    "statefulset-controller": (
        rule("list watch", "pods"),
        rule(READ, "statefulsets", APPS),
        rule("update", "statefulsets/status", APPS),
        rule("update", "statefulsets/finalizers", APPS),
        rule("get create delete update patch", "pods"),
        rule("get create delete update patch list watch", "controllerrevisions", APPS),
        rule("get create list watch", "persistentvolumeclaims"),
        rule("update delete", "persistentvolumeclaims"),
        rule("update", "pods/finalizers"),
        EVENTS_RULE,
    ),
    "ttl-controller": (rule("update patch list watch", "nodes"), EVENTS_RULE),
    "certificate-controller": (
        rule("get list watch delete", "certificatesigningrequests", CERTIFICATES),
        rule("update", "certificatesigningrequests/status certificatesigningrequests/approval", CERTIFICATES),
        rule("approve", "signers", CERTIFICATES, names=("kubernetes.io/kube-apiserver-client-kubelet",)),
        rule("sign", "signers", CERTIFICATES, names=_SIGNERS),
        rule("create", "subjectaccessreviews", AUTHORIZATION),
        EVENTS_RULE,
    ),
    "pvc-protection-controller": (
        rule("get list watch update", "persistentvolumeclaims"),
        rule("list watch get", "pods"),
        EVENTS_RULE,
    ),
    "pv-protection-controller": (rule("get list watch update", "persistentvolumes"), EVENTS_RULE),
    "volumeattributesclass-protection-controller": (
        rule(READ, "persistentvolumeclaims"),
        rule(READ, "persistentvolumes"),
        rule("get list watch update", "volumeattributesclasses", STORAGE),
        EVENTS_RULE,
    ),
    "ttl-after-finished-controller": (rule("get list watch delete", "jobs", BATCH), EVENTS_RULE),
    "root-ca-cert-publisher": (rule("create update", "configmaps"), EVENTS_RULE),
    "validatingadmissionpolicy-status-controller": (
        rule(READ, "validatingadmissionpolicies", _ADMISSION),
        rule("get patch update", "validatingadmissionpolicies/status", _ADMISSION),
        EVENTS_RULE,
    ),
    "legacy-service-account-token-cleaner": (
        rule("get", "configmaps", names=("kube-apiserver-legacy-service-account-token-tracking",)),
        rule("patch delete", "secrets"),
    ),
    "selinux-warning-controller": (
        EVENTS_RULE,
        rule(READ, "persistentvolumes"),
        rule(READ, "persistentvolumeclaims"),
        rule(READ, "pods"),
        rule(READ, "csidrivers", STORAGE),
    ),
}
"""By the name of the service account."""

CONTROLLERS: dict[str, ClusterRole] = {name: role(PREFIX + name, *rules) for name, rules in _RULES.items()}
"""The role of each controller, by the name of its service account."""

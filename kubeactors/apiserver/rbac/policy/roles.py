"""The roles of users, nodes and components.

Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (v1.36).
"""

from kubeactors.apiserver.rbac.policy.shorthand import (
    APPS,
    AUTHENTICATION,
    AUTHORIZATION,
    AUTOSCALING,
    BATCH,
    CERTIFICATES,
    COORDINATION,
    CORE,
    DISCOVERY,
    EVENTS,
    EVENTS_RULE,
    EXTENSIONS,
    NETWORKING,
    POLICY,
    RBAC,
    READ,
    READ_UPDATE,
    READ_WRITE,
    RESOURCE,
    STORAGE,
    WRITE,
    aggregated,
    role,
    rule,
    urls,
)
from kubeactors.apiserver.rbac.rules import FULL_AUTHORITY

_WORKLOADS = (
    "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets "
    "statefulsets/scale"
)
_OLD_WORKLOADS = (
    "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets "
    "replicasets/scale replicationcontrollers/scale"
)
_HEALTH = "/healthz /livez /readyz /version /version/"
_ALL_HEALTH = "/flagz /healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/* /statusz"

NODE_RULES = (
    rule("create", "tokenreviews", AUTHENTICATION),
    rule("create", "subjectaccessreviews localsubjectaccessreviews", AUTHORIZATION),
    rule(READ, "services"),
    rule("create get list watch", "nodes"),
    rule("update patch", "nodes/status"),
    rule("update patch", "nodes"),
    EVENTS_RULE,
    rule(READ, "pods"),
    rule("create delete", "pods"),
    rule("update patch", "pods/status"),
    rule("create", "pods/eviction"),
    rule(READ, "secrets configmaps"),
    rule("get", "persistentvolumeclaims persistentvolumes"),
    rule("get", "endpoints"),
    rule("create get list watch", "certificatesigningrequests", CERTIFICATES),
    rule("get create update patch delete", "leases", COORDINATION),
    rule("get", "volumeattachments", STORAGE),
    rule("create", "serviceaccounts/token"),
    rule("get update patch", "persistentvolumeclaims/status"),
    rule(READ, "csidrivers", STORAGE),
    rule("get create update patch delete", "csinodes", STORAGE),
    rule(READ, "runtimeclasses", "node.k8s.io"),
    rule("get", "resourceclaims", RESOURCE),
    rule("deletecollection", "resourceslices", RESOURCE),
    rule("get", "serviceaccounts"),
)
"""The rules of system:node: what a kubelet may do."""

_USERS = (
    role("cluster-admin", *FULL_AUTHORITY),
    role("system:discovery", urls(f"{_HEALTH} /openapi /openapi/* /api /api/* /apis /apis/*")),
    role("system:monitoring", urls(_ALL_HEALTH), rule("get", "nodes/metrics")),
    role(
        "system:basic-user",
        rule("create", "selfsubjectaccessreviews selfsubjectrulesreviews", AUTHORIZATION),
        rule("create", "selfsubjectreviews", AUTHENTICATION),
    ),
    role("system:public-info-viewer", urls(_HEALTH)),
    aggregated("admin"),
    aggregated("edit", part_of="admin"),
    aggregated("view", part_of="edit"),
    role(
        "system:aggregate-to-admin",
        rule("create", "localsubjectaccessreviews", AUTHORIZATION),
        rule(READ_WRITE, "roles rolebindings", RBAC),
        part_of="admin",
    ),
    role(
        "system:aggregate-to-edit",
        rule(READ, "pods/attach pods/proxy pods/exec pods/portforward secrets services/proxy"),
        rule("impersonate", "serviceaccounts"),
        rule(WRITE, "pods pods/attach pods/proxy pods/exec pods/portforward"),
        rule("create", "pods/eviction"),
        rule(
            WRITE,
            "replicationcontrollers replicationcontrollers/scale serviceaccounts services services/proxy "
            "persistentvolumeclaims configmaps secrets",
        ),
        rule(WRITE, "events", CORE, EVENTS),
        rule("create", "serviceaccounts/token"),
        rule(WRITE, _WORKLOADS, APPS),
        rule(WRITE, "horizontalpodautoscalers", AUTOSCALING),
        rule(WRITE, "jobs cronjobs", BATCH),
        rule(WRITE, _OLD_WORKLOADS, EXTENSIONS),
        rule(WRITE, "poddisruptionbudgets", POLICY),
        rule(WRITE, "networkpolicies ingresses", NETWORKING),
        rule(READ_WRITE, "leases", COORDINATION),
        rule(WRITE, "resourceclaims resourceclaimtemplates", RESOURCE),
        part_of="edit",
    ),
    role(
        "system:aggregate-to-view",
        rule(
            READ,
            "pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status "
            "endpoints persistentvolumeclaims persistentvolumeclaims/status configmaps",
        ),
        rule(
            READ,
            "limitranges resourcequotas bindings pods/status resourcequotas/status namespaces/status "
            "replicationcontrollers/status pods/log",
        ),
        rule(READ, "namespaces"),
        rule(READ, "events", CORE, EVENTS),
        rule(READ, "endpointslices", DISCOVERY),
        rule(
            READ,
            "controllerrevisions statefulsets statefulsets/status statefulsets/scale daemonsets daemonsets/status "
            "deployments deployments/status deployments/scale replicasets replicasets/status replicasets/scale",
            APPS,
        ),
        rule(READ, "horizontalpodautoscalers horizontalpodautoscalers/status", AUTOSCALING),
        rule(READ, "jobs cronjobs cronjobs/status jobs/status", BATCH),
        rule(
            READ,
            "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses "
            "ingresses/status replicasets replicasets/scale replicasets/status replicationcontrollers/scale "
            "networkpolicies",
            EXTENSIONS,
        ),
        rule(READ, "poddisruptionbudgets poddisruptionbudgets/status", POLICY),
        rule(READ, "networkpolicies ingresses ingresses/status", NETWORKING),
        rule(READ, "resourceclaims resourceclaims/status resourceclaimtemplates", RESOURCE),
        part_of="view",
    ),
)

_NODES = (
    role("system:node", *NODE_RULES),
    role("system:node-problem-detector", rule("get", "nodes"), rule("patch", "nodes/status"), EVENTS_RULE),
    role(
        "system:kubelet-api-admin",
        rule(READ, "nodes"),
        rule("proxy", "nodes"),
        rule("*", "nodes/proxy nodes/metrics nodes/stats nodes/log"),
        rule("*", "nodes/configz nodes/healthz nodes/pods"),
    ),
    role("system:node-bootstrapper", rule("create get list watch", "certificatesigningrequests", CERTIFICATES)),
    role(
        "system:node-proxier",
        rule("list watch", "services endpoints"),
        rule(READ, "nodes"),
        EVENTS_RULE,
        rule("list watch", "servicecidrs", NETWORKING),
        rule("list watch", "endpointslices", DISCOVERY),
    ),
)

_CERTIFICATES = (
    role(
        "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
        rule("create", "certificatesigningrequests/nodeclient", CERTIFICATES),
    ),
    role(
        "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
        rule("create", "certificatesigningrequests/selfnodeclient", CERTIFICATES),
    ),
    *(
        role(
            f"system:certificates.k8s.io:{signer}-approver",
            rule("approve", "signers", CERTIFICATES, names=(f"kubernetes.io/{signer}",)),
        )
        for signer in ("legacy-unknown", "kubelet-serving", "kube-apiserver-client", "kube-apiserver-client-kubelet")
    ),
)

_COMPONENTS = (
    role(
        "system:auth-delegator",
        rule("create", "tokenreviews", AUTHENTICATION),
        rule("create", "subjectaccessreviews", AUTHORIZATION),
    ),
    role("system:kube-aggregator", rule(READ, "services endpoints")),
    role("system:heapster", rule(READ, "events pods nodes namespaces"), rule(READ, "deployments", EXTENSIONS)),
    role("system:kube-dns", rule("list watch", "endpoints services")),
    role(
        "system:service-account-issuer-discovery",
        urls("/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/"),
    ),
    role(
        "system:persistent-volume-provisioner",
        rule("get list watch create delete", "persistentvolumes"),
        rule("get list watch update", "persistentvolumeclaims"),
        rule(READ, "storageclasses", STORAGE),
        rule("watch", "events"),
        EVENTS_RULE,
    ),
    role(
        "system:kube-controller-manager",
        EVENTS_RULE,
        rule("create", "leases", COORDINATION),
        rule("get update", "leases", COORDINATION, names=("kube-controller-manager",)),
        rule("create", "secrets serviceaccounts"),
        rule("delete", "secrets"),
        rule("get", "namespaces secrets serviceaccounts configmaps"),
        rule("update", "secrets serviceaccounts"),
        rule("create", "tokenreviews", AUTHENTICATION),
        rule("create", "subjectaccessreviews", AUTHORIZATION),
        rule("list watch", "*", "*"),
        rule("create", "serviceaccounts/token"),
    ),
    role(
        "system:volume-scheduler",
        rule(READ_UPDATE, "persistentvolumes"),
        rule(READ, "storageclasses", STORAGE),
        rule(READ_UPDATE, "persistentvolumeclaims"),
    ),
    role(
        "system:kube-scheduler",
        EVENTS_RULE,
        rule("create", "leases", COORDINATION),
        rule("get list update watch", "leases", COORDINATION, names=("kube-scheduler",)),
        rule(READ_WRITE, "leasecandidates", COORDINATION),
        rule(READ, "nodes"),
        rule("get list watch delete", "pods"),
        rule("create", "pods/binding bindings"),
        rule("patch update", "pods/status"),
        rule(READ, "services replicationcontrollers"),
        rule(READ, "replicasets", APPS, EXTENSIONS),
        rule(READ, "statefulsets", APPS),
        rule(READ, "poddisruptionbudgets", POLICY),
        rule(READ, "persistentvolumeclaims persistentvolumes"),
        rule("create", "tokenreviews", AUTHENTICATION),
        rule("create", "subjectaccessreviews", AUTHORIZATION),
        rule(READ, "csinodes", STORAGE),
        rule(READ, "volumeattachments", STORAGE),
        rule(READ, "namespaces"),
        rule(READ, "csidrivers", STORAGE),
        rule(READ, "csistoragecapacities", STORAGE),
        rule(READ, "deviceclasses", RESOURCE),
        rule(READ_UPDATE, "resourceclaims", RESOURCE),
        rule(READ_UPDATE, "resourceclaims/status", RESOURCE),
        rule(READ_UPDATE, "pods/finalizers"),
        rule(READ, "resourceslices", RESOURCE),
    ),
)

ROLES = (*_USERS, *_NODES, *_CERTIFICATES, *_COMPONENTS)
"""All default ClusterRoles except those of controllers."""

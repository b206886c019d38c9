"""Decisions of RBAC, of the node authorizer, and of a union: tables of accesses."""

import pytest

from kubeactors.api.core.v1 import (
    Container,
    EnvFromSource,
    LocalObjectReference,
    PersistentVolumeClaim,
    PersistentVolumeClaimSpec,
    PersistentVolumeClaimVolumeSource,
    Pod,
    PodSpec,
    SecretEnvSource,
    Volume,
)
from kubeactors.api.rbac.v1 import (
    GROUP,
    ClusterRole,
    ClusterRoleBinding,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
    Subject,
)
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import UserInfo
from kubeactors.apiserver.authorization import Access, Decision, Rules
from kubeactors.apiserver.rbac.rules import compact, described, missing
from tests.apiserver.policy import DEFAULTS, authorizer_with

JANE = UserInfo(name="jane", groups=("readers", "system:authenticated"))
NODE = UserInfo(name="system:node:n1", groups=("system:nodes", "system:authenticated"))
WEB = UserInfo(name="system:serviceaccount:shop:web", groups=("system:serviceaccounts",))


def rule(verbs: str, resources: str, group: str = "", names: str = "") -> PolicyRule:
    return PolicyRule(
        verbs=tuple(verbs.split()),
        api_groups=(group,),
        resources=tuple(resources.split()),
        resource_names=tuple(names.split()),
    )


def role(name: str, *rules: PolicyRule, namespace: str = "shop") -> Role:
    return Role(metadata=ObjectMeta(name=name, namespace=namespace), rules=rules)


def cluster_role(name: str, *rules: PolicyRule) -> ClusterRole:
    return ClusterRole(metadata=ObjectMeta(name=name), rules=rules)


def bound(name: str, kind: str, *subjects: Subject, namespace: str = "shop") -> RoleBinding:
    return RoleBinding(
        metadata=ObjectMeta(name=name, namespace=namespace),
        subjects=subjects,
        role_ref=RoleRef(api_group=GROUP, kind=kind, name=name),
    )


def bound_everywhere(name: str, *subjects: Subject) -> ClusterRoleBinding:
    return ClusterRoleBinding(
        metadata=ObjectMeta(name=name),
        subjects=subjects,
        role_ref=RoleRef(api_group=GROUP, kind="ClusterRole", name=name),
    )


USER_JANE = Subject(kind="User", api_group=GROUP, name="jane")
READERS = Subject(kind="Group", api_group=GROUP, name="readers")
LOCAL_WEB = Subject(kind="ServiceAccount", name="web")
AUTHORIZER = authorizer_with(
    role(
        "pods",
        rule("get list", "pods"),
        rule("get", "pods/log"),
        rule("*", "*/scale", "apps"),
        rule("get", "secrets", names="mine ours"),
    ),
    bound("pods", "Role", USER_JANE, LOCAL_WEB),
    cluster_role("nodes", rule("*", "nodes"), PolicyRule(verbs=("get",), non_resource_urls=("/logs/*", "/metrics"))),
    bound_everywhere("nodes", READERS),
    cluster_role("jobs", rule("create", "*", "batch")),
    bound("jobs", "ClusterRole", READERS),
    bound("nosuch", "Role", USER_JANE, namespace="odd"),
    bound_everywhere("gone", Subject(kind="User", api_group=GROUP, name="joe")),
)


@pytest.mark.parametrize(
    ("user", "question", "allowed"),
    [
        (JANE, "get  pods shop", True),
        (JANE, "get  pods/log shop", True),
        (JANE, "get  pods/status shop", False),
        (JANE, "delete  pods shop", False),
        (JANE, "get  pods other", False),
        (JANE, "get  pods", False),
        (JANE, "get apps deployments/scale shop", True),
        (JANE, "patch apps anything/scale shop", True),
        (JANE, "get apps deployments shop", False),
        (JANE, "get  secrets shop mine", True),
        (JANE, "get  secrets shop theirs", False),
        (JANE, "get  secrets shop", False),
        (JANE, "delete  nodes", True),
        (JANE, "delete  nodes shop", True),
        (JANE, "delete  nodes/status", False),
        (JANE, "create batch jobs shop", True),
        (JANE, "create batch jobs/status shop", True),
        (JANE, "create batch jobs other", False),
        (WEB, "get  pods shop", True),
        (WEB, "create batch jobs shop", False),
        (UserInfo(name="system:serviceaccount:other:web"), "get  pods shop", False),
        (UserInfo(name="joe", groups=("system:masters",)), "escalate x y/z", True),
        (UserInfo(name="joe"), "get  pods shop", False),
    ],
)
def test_roles_allow_what_their_rules_say(user: UserInfo, question: str, allowed: bool) -> None:  # noqa: FBT001
    access = asked(user, question)
    assert AUTHORIZER.allows(access) is allowed
    assert AUTHORIZER.allows(access) is allowed, "the remembered answer is the same"
    assert AUTHORIZER.decide(access).allowed is allowed


def asked(user: UserInfo, question: str, selector: str = "") -> Access:
    verb, group, what, *rest = question.split(" ")
    resource, _, subresource = what.partition("/")
    namespace, name = [*rest, "", ""][:2]
    return Access(
        user=user,
        verb=verb,
        group=group,
        resource=resource,
        subresource=subresource,
        namespace=namespace,
        name=name,
        field_selector=selector,
    )


@pytest.mark.parametrize(
    ("path", "allowed"), [("/metrics", True), ("/metrics/x", False), ("/logs/a", True), ("/logs", False), ("/", False)]
)
def test_paths_are_allowed_by_cluster_roles(path: str, allowed: bool) -> None:  # noqa: FBT001
    assert AUTHORIZER.allows(Access(user=JANE, verb="get", path=path)) is allowed
    assert not AUTHORIZER.allows(Access(user=JANE, verb="post", path=path))


@pytest.mark.parametrize(
    ("user", "question", "decision"),
    [
        (
            JANE,
            "get  pods shop",
            Decision(True, 'RBAC: allowed by RoleBinding "pods/shop" of Role "pods" to User "jane"'),
        ),
        (
            WEB,
            "get  pods shop",
            Decision(True, 'RBAC: allowed by RoleBinding "pods/shop" of Role "pods" to ServiceAccount "web/shop"'),
        ),
        (
            JANE,
            "get  nodes",
            Decision(True, 'RBAC: allowed by ClusterRoleBinding "nodes" of ClusterRole "nodes" to Group "readers"'),
        ),
        (JANE, "get  pods", Decision(False)),
        (JANE, "get  pods odd", Decision(False, 'RBAC: role.rbac.authorization.k8s.io "nosuch" not found')),
        (
            UserInfo(name="joe"),
            "get  pods",
            Decision(False, 'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found'),
        ),
    ],
)
def test_a_decision_has_a_reason(user: UserInfo, question: str, decision: Decision) -> None:
    assert AUTHORIZER.decide(asked(user, question)) == decision


def test_rules_come_from_the_cluster_and_the_namespace() -> None:
    assert AUTHORIZER.rules(WEB, "shop").rules[0] == rule("get list", "pods")
    assert AUTHORIZER.rules(WEB, "other") == Rules()
    assert AUTHORIZER.rules(JANE, "odd").errors == ('role.rbac.authorization.k8s.io "nosuch" not found',)
    assert AUTHORIZER.rules(NODE, "shop").incomplete


POD = Pod(
    metadata=ObjectMeta(name="p", namespace="shop"),
    spec=PodSpec(
        node_name="n1",
        service_account_name="web",
        containers=(Container(name="c", env_from=(EnvFromSource(secret_ref=SecretEnvSource(name="env")),)),),
        image_pull_secrets=(LocalObjectReference(name="pull"),),
        volumes=(Volume(name="v", persistent_volume_claim=PersistentVolumeClaimVolumeSource(claim_name="data")),),
    ),
)
CLAIM = PersistentVolumeClaim(
    metadata=ObjectMeta(name="data", namespace="shop"), spec=PersistentVolumeClaimSpec(volume_name="disk")
)
NODES = authorizer_with(POD, CLAIM)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("get  secrets shop env", None),
        ("list  secrets shop pull", None),
        ("get  secrets shop other", "no relationship found between node 'n1' and this object"),
        ("list  secrets shop", "No Object name found"),
        ("list  secrets", "can only read namespaced object of this type"),
        ("delete  secrets shop env", "can only read resources of this type"),
        ("get  persistentvolumeclaims shop data", None),
        ("get  persistentvolumes  disk", None),
        ("get  persistentvolumes  other", "no relationship found between node 'n1' and this object"),
        ("create  serviceaccounts/token shop web", None),
        ("create  serviceaccounts/token shop other", "no relationship found between node 'n1' and this object"),
        ("update coordination.k8s.io leases kube-node-lease n1", None),
        (
            "update coordination.k8s.io leases kube-node-lease n2",
            "can only access node lease with the same name as the requesting node",
        ),
        (
            "get coordination.k8s.io leases default n1",
            'can only access leases in the "kube-node-lease" system namespace',
        ),
        ("get  nodes  n1", None),
        ("get  nodes  n2", "node 'n1' cannot read 'n2', only its own Node object"),
        ("list  nodes", "node 'n1' cannot read all nodes, only its own Node object"),
        ("delete  nodes  n1", ""),
        ("patch  nodes/status  n1", None),
        ("get  pods shop p", None),
        ("watch  pods", "can only list/watch pods with spec.nodeName field selector"),
        ("patch  pods/status shop p", None),
        ("create  pods/eviction shop p", None),
        ("create  events shop", None),
        ("list  services", None),
        ("delete  services shop s", ""),
    ],
)
def test_what_a_node_may_do(question: str, reason: str | None) -> None:
    assert NODES.decide(asked(NODE, question)) == Decision(reason is None, reason or "")
    assert NODES.allows(asked(NODE, question)) is (reason is None)


def test_a_node_watches_its_own_pods() -> None:
    assert NODES.allows(asked(NODE, "watch  pods", "spec.nodeName=n1"))
    assert not NODES.allows(asked(NODE, "watch  pods", "spec.nodeName=n2"))


def test_public_documents_are_readable_by_everybody() -> None:
    defaults = authorizer_with(*DEFAULTS)
    nobody = UserInfo(name="system:anonymous", groups=("system:unauthenticated",))
    open_to = {
        path: (
            defaults.allows(Access(user=nobody, verb="get", path=path)),
            defaults.allows(Access(user=JANE, verb="get", path=path)),
        )
        for path in ("/healthz", "/version", "/api", "/openapi/v3", "/metrics")
    }
    assert open_to == {
        "/healthz": (True, True),
        "/version": (True, True),
        "/api": (False, True),
        "/openapi/v3": (False, True),
        "/metrics": (False, False),
    }


@pytest.mark.parametrize(
    ("owned", "wanted", "lacking"),
    [
        ((rule("get list", "pods"),), rule("get", "pods"), []),
        ((rule("*", "*", "*"),), rule("delete", "pods", "apps"), []),
        ((rule("get", "*/scale", "*"),), rule("get", "deployments/scale", "apps"), []),
        (
            (rule("get", "pods", names="a"),),
            rule("get", "pods"),
            ['{APIGroups:[""], Resources:["pods"], Verbs:["get"]}'],
        ),
        ((rule("get", "pods"),), rule("get", "pods", names="a"), []),
        (
            (rule("get", "pods"),),
            rule("get delete patch", "pods"),
            ['{APIGroups:[""], Resources:["pods"], Verbs:["delete" "patch"]}'],
        ),
        (
            (PolicyRule(verbs=("get",), non_resource_urls=("/a/*",)),),
            PolicyRule(verbs=("get",), non_resource_urls=("/a/b", "/c")),
            ['{NonResourceURLs:["/c"], Verbs:["get"]}'],
        ),
    ],
)
def test_missing_rules_are_found(owned: tuple[PolicyRule, ...], wanted: PolicyRule, lacking: list[str]) -> None:
    assert [described(one) for one in compact(missing(owned, (wanted,)))] == lacking

"""RBAC in a server: the default policy, and the effect of changes."""

import pytest
from msgspec.structs import replace

from kubeactors.api.authentication.v1 import (
    BoundObjectReference,
    SelfSubjectReview,
    TokenRequest,
    TokenRequestSpec,
    TokenReview,
    TokenReviewSpec,
)
from kubeactors.api.authorization.v1 import (
    LocalSubjectAccessReview,
    NonResourceAttributes,
    ResourceAttributes,
    SelfSubjectRulesReview,
    SelfSubjectRulesReviewSpec,
    SubjectAccessReview,
    SubjectAccessReviewSpec,
    SubjectAccessReviewStatus,
)
from kubeactors.api.core.v1 import Pod, ServiceAccount
from kubeactors.api.rbac.v1 import (
    AUTOUPDATE,
    GROUP,
    AggregationRule,
    ClusterRole,
    ClusterRoleBinding,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
    Subject,
)
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import Create, List, ListResult, Result, Update, UserInfo
from kubeactors.apimachinery.status import Status
from kubeactors.apiserver.rbac.rules import missing
from kubeactors.storage.backends.memory import MemoryBackend
from tests.apiserver.plane import Plane, gvr_of, pod, refusal
from tests.apiserver.test_access import Issuer

JANE = UserInfo(name="jane", groups=("system:authenticated",))
SUBJECT = Subject(kind="User", name="jane")
PODS = PolicyRule(verbs=("get", "list"), api_groups=("",), resources=("pods",))
MAKER = PolicyRule(verbs=("create", "update", "patch"), api_groups=(GROUP,), resources=("roles", "rolebindings"))


def role(name: str, *rules: PolicyRule) -> Role:
    return Role(metadata=ObjectMeta(name=name), rules=rules)


def binding(name: str, *subjects: Subject, kind: str = "Role", role_name: str = "") -> RoleBinding:
    reference = RoleRef(api_group=GROUP, kind=kind, name=role_name or name)
    return RoleBinding(metadata=ObjectMeta(name=name), subjects=subjects, role_ref=reference)


def attempt(plane: Plane, value: TypedObject, user: UserInfo = JANE, namespace: str = "default") -> Result | Status:
    create = Create(resource=gvr_of(type(value)), namespace=namespace, object=value, user=user)
    return plane.sim.ask(plane.server, create)


def listed(plane: Plane, namespace: str) -> bool:
    reply = plane.sim.ask(plane.server, List(resource=gvr_of(Pod), namespace=namespace, user=JANE))
    return isinstance(reply, ListResult)


def test_a_role_applies_in_its_namespace_while_it_is_bound() -> None:
    plane = Plane()
    plane.create(role("reader", PODS))
    assert not listed(plane, "default")
    made = plane.create(binding("reader", SUBJECT))
    assert made.subjects == (replace(SUBJECT, api_group=GROUP),)
    assert [listed(plane, one) for one in ("default", "kube-system", "")] == [True, False, False]
    plane.update(replace(plane.get(Role, "reader"), rules=()))
    assert not listed(plane, "default")
    plane.update(replace(plane.get(Role, "reader"), rules=(PODS,)))
    assert listed(plane, "default")
    plane.delete(RoleBinding, "reader")
    assert not listed(plane, "default")


def test_the_default_policy_is_created_once_and_reconciled() -> None:
    backend = MemoryBackend()
    plane = Plane(backend=backend)
    admin = plane.get(ClusterRole, "cluster-admin")
    names = plane.names(ClusterRole)
    plane.delete(ClusterRole, "view")
    edit = plane.get(ClusterRole, "system:aggregate-to-edit")
    extra = PolicyRule(verbs=("fly",), api_groups=("x",), resources=("y",))
    plane.update(replace(edit, rules=(extra,)))
    left = plane.get(ClusterRole, "system:discovery")
    plane.update(replace(left, metadata=replace(left.metadata, annotations={AUTOUPDATE: "false"}), rules=()))
    bound = plane.get(ClusterRoleBinding, "system:basic-user")
    plane.update(replace(bound, subjects=(SUBJECT,)))

    again = Plane(backend=backend)
    assert again.get(ClusterRole, "cluster-admin") == admin
    assert again.names(ClusterRole) == names
    mended = again.get(ClusterRole, "system:aggregate-to-edit").rules or ()
    assert (mended[:1], missing(mended, edit.rules or ())) == ((extra,), ())
    assert again.get(ClusterRole, "system:discovery").rules is None
    assert [one.name for one in again.get(ClusterRoleBinding, "system:basic-user").subjects] == [
        "jane",
        "system:authenticated",
    ]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (role("a", PODS), ""),
        (
            role("a", replace(PODS, verbs=("get", "delete"))),
            (
                'roles.rbac.authorization.k8s.io "a" is forbidden: user "jane" (groups=["system:authenticated"]) is '
                "attempting to grant RBAC permissions not currently held:\n"
                '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}'
            ),
        ),
        (binding("maker", SUBJECT), ""),
        (binding("a", SUBJECT, role_name="nosuch"), 'rolebindings.rbac.authorization.k8s.io "nosuch" not found'),
        (
            binding("a", SUBJECT, kind="ClusterRole", role_name="system:node-proxier"),
            (
                'rolebindings.rbac.authorization.k8s.io "a" is forbidden: user "jane" '
                '(groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n'
            ),
        ),
    ],
)
def test_a_user_cannot_grant_more_than_it_has(value: TypedObject, why: str) -> None:
    plane = Plane()
    plane.create(role("powers", PODS, MAKER))
    plane.create(binding("powers", SUBJECT))
    plane.create(role("maker", PODS))
    reply = attempt(plane, value)
    if why:
        assert refusal(reply)[2].startswith(why)
    else:
        assert isinstance(reply, Result), reply


@pytest.mark.parametrize(("verb", "resource"), [("escalate", "roles"), ("bind", "roles")])
def test_escalate_and_bind_allow_granting_more(verb: str, resource: str) -> None:
    plane = Plane()
    plane.create(role("target", PolicyRule(verbs=("*",), api_groups=("*",), resources=("*",))))
    power = PolicyRule(verbs=(verb,), api_groups=(GROUP,), resources=(resource,))
    plane.create(role("powers", MAKER, power))
    plane.create(binding("powers", SUBJECT))
    more: TypedObject = role("a", PODS) if verb == "escalate" else binding("target", SUBJECT)
    assert isinstance(attempt(plane, more), Result)


def test_an_aggregation_rule_needs_full_permissions() -> None:
    plane = Plane()
    powers = PolicyRule(verbs=("create",), api_groups=(GROUP,), resources=("clusterroles",))
    plane.create(ClusterRole(metadata=ObjectMeta(name="powers"), rules=(powers,)))
    reference = RoleRef(api_group=GROUP, kind="ClusterRole", name="powers")
    plane.create(ClusterRoleBinding(metadata=ObjectMeta(name="powers"), subjects=(SUBJECT,), role_ref=reference))
    rule = AggregationRule(cluster_role_selectors=(LabelSelector(match_labels={"a": "b"}),))
    reply = attempt(plane, ClusterRole(metadata=ObjectMeta(name="a"), aggregation_rule=rule), namespace="")
    assert refusal(reply)[2] == (
        'clusterroles.rbac.authorization.k8s.io "a" is forbidden: '
        "must have cluster-admin privileges to use the aggregationRule"
    )


def test_a_change_of_finalizers_is_no_escalation() -> None:
    plane = Plane()
    made = plane.create(role("strong", PolicyRule(verbs=("*",), api_groups=("*",), resources=("*",))))
    plane.create(role("powers", MAKER))
    plane.create(binding("powers", SUBJECT))
    metadata = replace(made.metadata, finalizers=("example.com/f",))
    update = Update(
        resource=gvr_of(Role), namespace="default", name="strong", object=replace(made, metadata=metadata), user=JANE
    )
    assert isinstance(plane.sim.ask(plane.server, update), Result)


def test_reviews_are_answered_and_not_stored() -> None:
    plane = Plane()
    plane.create(role("reader", PODS))
    plane.create(binding("reader", SUBJECT))
    pods = ResourceAttributes(namespace="default", verb="list", resource="pods")
    review = LocalSubjectAccessReview(spec=SubjectAccessReviewSpec(user="jane", resource_attributes=pods))
    answer = plane.create(review)
    assert answer.status == SubjectAccessReviewStatus(
        allowed=True, reason='RBAC: allowed by RoleBinding "reader/default" of Role "reader" to User "jane"'
    )
    other = SubjectAccessReviewSpec(user="jane", non_resource_attributes=NonResourceAttributes(path="/x", verb="get"))
    assert plane.create(SubjectAccessReview(spec=other)).status == SubjectAccessReviewStatus()

    mine = plane.object(attempt(plane, SelfSubjectReview(), namespace=""), SelfSubjectReview)
    assert (mine.status.user_info.username, mine.metadata.creation_timestamp) == ("jane", "2026-01-01T00:00:00Z")
    spec = SelfSubjectRulesReviewSpec(namespace="default")
    reply = attempt(plane, SelfSubjectRulesReview(spec=spec), namespace="")
    rules = plane.object(reply, SelfSubjectRulesReview).status
    assert [one.resources for one in rules.resource_rules or ()] == [
        ("selfsubjectaccessreviews", "selfsubjectrulesreviews"),
        ("selfsubjectreviews",),
        ("pods",),
    ]


def test_a_token_review_authenticates_a_token() -> None:
    plane = Plane(tokens=Issuer()).with_account()
    account = plane.get(ServiceAccount, "default")
    plane.act(ServiceAccount, "default", "token", TokenRequest())
    review = plane.create(TokenReview(spec=TokenReviewSpec(token="token 1")))
    assert review.status.authenticated
    assert (review.status.user.username, review.status.user.uid) == (
        "system:serviceaccount:default:default",
        account.metadata.uid,
    )
    unknown = plane.create(TokenReview(spec=TokenReviewSpec(token="token 2")))
    plane.delete(ServiceAccount, "default")
    ended = plane.create(TokenReview(spec=TokenReviewSpec(token="token 1")))
    assert (unknown.status.authenticated, unknown.status.error) == (False, "")
    assert (ended.status.authenticated, ended.status.error) == (False, "invalid bearer token")


def test_a_token_is_bound_to_a_pod_of_its_own_account_only() -> None:
    plane = Plane(tokens=Issuer()).with_account()
    plane.create(ServiceAccount(metadata=ObjectMeta(name="other")))
    plane.create(pod("p"))
    bound = BoundObjectReference(kind="Pod", api_version="v1", name="p")
    request = TokenRequest(spec=TokenRequestSpec(bound_object_ref=bound))
    why = 'cannot bind token for serviceaccount "other" to pod running with different serviceaccount name.'
    assert refusal(plane.act(ServiceAccount, "other", "token", request)) == (400, "BadRequest", why)
    assert isinstance(plane.act(ServiceAccount, "default", "token", request), Result)


def test_the_metadata_of_a_token_request_is_that_of_its_account() -> None:
    plane = Plane(tokens=Issuer()).with_account()
    uid = plane.get(ServiceAccount, "default").metadata.uid
    assert refusal(plane.act(ServiceAccount, "default", "token", TokenRequest(metadata=ObjectMeta(name="other")))) == (
        422,
        "Invalid",
        (
            'TokenRequest.authentication.k8s.io "default" is invalid: metadata.name: Invalid value: "other": '
            "must match the service account name if specified"
        ),
    )
    assert refusal(plane.act(ServiceAccount, "default", "token", TokenRequest(metadata=ObjectMeta(uid="x")))) == (
        409,
        "Conflict",
        (
            'Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "default": '
            f"the UID in the token request (x) does not match the UID of the service account ({uid})"
        ),
    )

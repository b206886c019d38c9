"""Which requests a policy records."""

import pytest
from msgspec.structs import replace

from kubeactors.apimachinery.requests import GroupVersionResource, UserInfo
from kubeactors.apiserver.audit.policy import (
    DEFAULT_POLICY,
    GroupResources,
    Level,
    Policy,
    PolicyRule,
    Recording,
    recording_of,
)
from kubeactors.apiserver.authorization import Access, access_to

JANE = UserInfo(name="jane", groups=("developers", "system:authenticated"))
NOBODY = UserInfo(name="")
PODS = GroupVersionResource("", "v1", "pods")


def request(
    verb: str = "get",
    resource: GroupVersionResource = PODS,
    *,
    user: UserInfo = JANE,
    namespace: str = "ns",
    name: str = "a",
    subresource: str = "",
) -> Access:
    return access_to(user, verb, resource, namespace=namespace, name=name, subresource=subresource)


def path(of: str, *, user: UserInfo = JANE) -> Access:
    return Access(user=user, verb="get", path=of)


def resources(group: str, *named: str, names: tuple[str, ...] = ()) -> PolicyRule:
    return PolicyRule(resources=(GroupResources(group=group, resources=named, resource_names=names),))


NAMESPACE = GroupVersionResource("", "v1", "namespaces")
DEPLOYMENTS = GroupVersionResource("apps", "v1", "deployments")


@pytest.mark.parametrize(
    ("rule", "access", "matches"),
    [
        (PolicyRule(), request(), True),
        (PolicyRule(), path("/version"), True),
        (PolicyRule(), request(user=NOBODY), True),
        (PolicyRule(users=("joe", "jane")), request(), True),
        (PolicyRule(users=("joe",)), request(), False),
        (PolicyRule(users=("joe",)), request(user=NOBODY), False),
        (PolicyRule(user_groups=("admins", "developers")), request(), True),
        (PolicyRule(user_groups=("admins",)), request(), False),
        (PolicyRule(user_groups=("system:authenticated",)), request(user=NOBODY), False),
        (PolicyRule(verbs=("get", "list")), request(), True),
        (PolicyRule(verbs=("list",)), request(), False),
        (PolicyRule(verbs=("get",)), path("/version"), True),
        (PolicyRule(namespaces=("ns",)), request(), True),
        (PolicyRule(namespaces=("other",)), request(), False),
        (PolicyRule(namespaces=("",)), request(namespace=""), True),
        (PolicyRule(namespaces=("",)), request(), False),
        (PolicyRule(namespaces=("a",)), request(resource=NAMESPACE, namespace=""), True),
        (PolicyRule(namespaces=("",)), path("/version"), False),
        (resources(""), request(), True),
        (resources(""), request(resource=DEPLOYMENTS), False),
        (resources("*"), request(resource=DEPLOYMENTS), True),
        (resources("*"), path("/version"), False),
        (resources("", "pods"), request(), True),
        (resources("", "pods"), request(subresource="log"), False),
        (resources("", "pods/log"), request(subresource="log"), True),
        (resources("", "pods/*"), request(subresource="log"), True),
        (resources("", "pods/*"), request(), True),
        (resources("", "*/log"), request(subresource="log"), True),
        (resources("", "*/log"), request(), False),
        (resources("", "*"), request(subresource="log"), True),
        (resources("", "pods", names=("a",)), request(), True),
        (resources("", "pods", names=("b",)), request(), False),
        (resources("", "pods", names=("a",)), request(verb="list", name=""), False),
        (PolicyRule(non_resource_urls=("/version",)), path("/version"), True),
        (PolicyRule(non_resource_urls=("/health*",)), path("/healthz/etcd"), True),
        (PolicyRule(non_resource_urls=("*",)), path("/version"), True),
        (PolicyRule(non_resource_urls=("/version",)), path("/version/x"), False),
        (PolicyRule(non_resource_urls=("*",)), request(), False),
        (PolicyRule(users=("jane",), verbs=("list",)), request(), False),
    ],
)
def test_a_rule_matches_the_requests_that_match_all_its_lists(
    rule: PolicyRule, access: Access, *, matches: bool
) -> None:
    policy = Policy(rules=(replace(rule, level="Metadata"),))
    assert (recording_of(policy, access).level is Level.METADATA) == matches


def test_the_first_matching_rule_decides_and_the_rest_is_not_recorded() -> None:
    policy = Policy(
        rules=(
            PolicyRule(level="None", verbs=("list",)),
            PolicyRule(level="Request", verbs=("list", "get"), omit_managed_fields=False),
            PolicyRule(level="RequestResponse", verbs=("get", "create"), omit_stages=("Panic",)),
        ),
        omit_stages=("RequestReceived",),
        omit_managed_fields=True,
    )
    assert [recording_of(policy, request(verb)) for verb in ("list", "get", "create", "delete")] == [
        Recording(Level.NONE, ("RequestReceived",), omit_managed_fields=True),
        Recording(Level.REQUEST, ("RequestReceived",), omit_managed_fields=False),
        Recording(Level.REQUEST_RESPONSE, ("RequestReceived", "Panic"), omit_managed_fields=True),
        Recording(),
    ]


def test_by_default_each_write_of_an_object_is_recorded_once() -> None:
    once = Recording(Level.REQUEST, ("RequestReceived", "ResponseStarted"))
    verbs = ("create", "update", "patch", "delete", "deletecollection", "get", "list", "watch")
    assert [recording_of(DEFAULT_POLICY, request(verb)) == once for verb in verbs] == [True] * 5 + [False] * 3
    assert recording_of(DEFAULT_POLICY, Access(user=JANE, verb="patch", path="/debug")) == Recording()

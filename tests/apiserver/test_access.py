"""Authorization, and service account tokens."""

import pytest

from kubeactors.api.authentication.v1 import BoundObjectReference, TokenRequest, TokenRequestSpec
from kubeactors.api.core.v1 import ConfigMap, Pod, ServiceAccount
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ANONYMOUS, Create, Get, List, ListResult, UserInfo
from kubeactors.apiserver import Claims
from tests.apiserver.plane import Plane, config_map, gvr_of, refusal

JANE = UserInfo(name="jane", groups=("system:authenticated",))


class Issuer:
    """Records the claims that it is to sign."""

    audiences = ("https://kubernetes.default.svc",)

    def __init__(self) -> None:
        self.issued: list[Claims] = []

    def issue(self, claims: Claims) -> str:
        self.issued.append(claims)
        return f"token {len(self.issued)}"

    def read(self, token: str) -> Claims | None:
        number = int(token.removeprefix("token "))
        return self.issued[number - 1] if number <= len(self.issued) else None


@pytest.mark.parametrize(
    "user",
    [
        UserInfo(name="system:kube-controller-manager"),
        UserInfo(name="system:kube-scheduler"),
        UserInfo(name="system:serviceaccount:kube-system:node-controller"),
        UserInfo(name="anybody", groups=("system:masters",)),
    ],
)
def test_components_have_the_permissions_they_need(user: UserInfo) -> None:
    plane = Plane()
    reply = plane.sim.ask(plane.server, List(resource=gvr_of(Pod), user=user))
    assert isinstance(reply, ListResult)


def test_other_users_have_no_permissions() -> None:
    plane = Plane()
    pods = gvr_of(Pod)
    listing = plane.sim.ask(plane.server, List(resource=pods, namespace="default", user=JANE))
    message = 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"'
    assert refusal(listing) == (403, "Forbidden", message)
    reading = plane.sim.ask(plane.server, Get(resource=pods, namespace="default", name="a", subresource="status"))
    message = (
        f'pods "a" is forbidden: User "{ANONYMOUS.name}" cannot get resource "pods/status" in API group "" '
        'in the namespace "default"'
    )
    assert refusal(reading) == (403, "Forbidden", message)


def test_a_forbidden_write_changes_nothing() -> None:
    plane = Plane()
    create = Create(resource=gvr_of(ConfigMap), namespace="default", object=config_map("a"), user=JANE)
    assert refusal(plane.sim.ask(plane.server, create))[0] == 403
    assert plane.names(ConfigMap) == []


def token(**spec: object) -> TokenRequest:
    return TokenRequest(spec=TokenRequestSpec(**spec))  # type: ignore[arg-type]


def test_a_token_has_the_claims_of_its_account_and_lifetime() -> None:
    issuer = Issuer()
    plane = Plane(tokens=issuer).with_account()
    account = plane.get(ServiceAccount, "default")
    reply = plane.act(ServiceAccount, "default", "token", token(audiences=("example.com",), expiration_seconds=600))
    made = plane.object(reply, TokenRequest)
    assert (made.status.token, made.status.expiration_timestamp) == ("token 1", "2026-01-01T00:10:00Z")
    (claims,) = issuer.issued
    assert claims == Claims(
        id=claims.id,
        namespace="default",
        name="default",
        uid=account.metadata.uid,
        audiences=("example.com",),
        issued=claims.issued,
        expires=claims.issued + 600,
    )
    usual = plane.object(plane.act(ServiceAccount, "default", "token", token()), TokenRequest)
    assert (usual.spec.audiences, usual.spec.expiration_seconds) == (issuer.audiences, 3600)


def test_an_invalid_token_request_is_rejected() -> None:
    plane = Plane(tokens=Issuer()).with_account()
    short = plane.act(ServiceAccount, "default", "token", token(expiration_seconds=5))
    message = (
        'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 5: '
        "may not specify a duration less than 10 minutes"
    )
    assert refusal(short) == (422, "Invalid", message)
    assert refusal(plane.act(ServiceAccount, "nosuch", "token", token()))[2] == 'serviceaccounts "nosuch" not found'
    bound = BoundObjectReference(kind="Pod", api_version="v1", name="nosuch")
    assert (
        refusal(plane.act(ServiceAccount, "default", "token", token(bound_object_ref=bound)))[2]
        == 'pods "nosuch" not found'
    )
    odd = BoundObjectReference(kind="ConfigMap", api_version="v1", name="x")
    reply = plane.act(ServiceAccount, "default", "token", token(bound_object_ref=odd))
    assert refusal(reply) == (400, "BadRequest", "cannot bind token to object of type /v1, Kind=ConfigMap")


def test_a_server_without_an_issuer_has_no_token_subresource() -> None:
    plane = Plane().with_account()
    assert refusal(plane.act(ServiceAccount, "default", "token", token()))[0] == 404


def test_deleting_an_account_returns_it() -> None:
    plane = Plane()
    made = plane.create(ServiceAccount(metadata=ObjectMeta(name="a")))
    assert plane.object(plane.delete(ServiceAccount, "a"), ServiceAccount) == made

"""Service account tokens: signing and authentication."""

import base64
from collections.abc import Iterator
from functools import partial

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from kubeactors.actor import ActorSystem
from kubeactors.api import SCHEME
from kubeactors.api.authentication.v1 import BoundObjectReference, TokenRequest, TokenRequestSpec
from kubeactors.api.core.v1 import Pod, PodSpec, Secret, ServiceAccount
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import ADMIN, Create, GroupVersionResource, Result, UserInfo
from kubeactors.apimachinery.status import Forbidden
from kubeactors.apimachinery.time import format_time, parse_time
from kubeactors.apiserver import ApiServer, ObjectCodec
from kubeactors.apiserver.admission.node_restriction import check_token_request
from kubeactors.apiserver.admission.plugin import CREATE, Attributes
from kubeactors.apiserver.registry.tokens import Claims
from kubeactors.apiserver.tokens import ISSUER, SECOND, AccountAuthenticator, AccountTokens, FindObject, objects_of
from kubeactors.storage import Store
from kubeactors.storage.backends.memory import MemoryBackend
from tests.apiserver.plane import gvr_of

CLAIMS = Claims(
    id="j",
    namespace="shop",
    name="web",
    uid="u",
    audiences=(ISSUER,),
    issued=1000,
    expires=2000,
    bound=BoundObjectReference(kind="Pod", api_version="v1", name="web-0", uid="p"),
)


def new_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


KEY = new_key()
BOUND = BoundObjectReference(kind="Pod", api_version="v1", name="p", uid="up")
RECREATED = (
    "the UID in the bound object reference (x) does not match the UID in record. "
    "The object might have been deleted and then recreated"
)


class Pods:
    """A pod on a node, and one on another."""

    def get(self, resource: GroupVersionResource, namespace: str, name: str) -> Pod | None:
        assert (resource, namespace) == (gvr_of(Pod), "default")
        return next((one for one in self.select(resource) if one.metadata.name == name), None)

    def select(self, resource: GroupVersionResource, namespace: str = "") -> Iterator[Pod]:
        for name, node in (("p", "n1"), ("q", "n2")):
            yield Pod(metadata=ObjectMeta(name=name, uid=f"u{name}"), spec=PodSpec(node_name=node))


def finding(*there: TypedObject) -> FindObject:
    """A lookup with these objects only."""
    known = {(gvr_of(type(one)), one.metadata.namespace, one.metadata.name): one for one in there}

    async def find(resource: GroupVersionResource, namespace: str, name: str) -> TypedObject | None:
        return known.get((resource, namespace, name))

    return find


ACCOUNT = ServiceAccount(metadata=ObjectMeta(name="web", namespace="shop", uid="u"))
POD = Pod(metadata=ObjectMeta(name="web-0", namespace="shop", uid="p"))


async def whose(
    token: str, seconds: int = 1500, account: ServiceAccount | None = ACCOUNT, pod: Pod | None = POD
) -> UserInfo | None:
    find = finding(*(one for one in (account, pod) if one is not None))
    return await AccountAuthenticator(AccountTokens(KEY), find, lambda: seconds * SECOND).authenticate(token)


async def test_a_token_names_its_account() -> None:
    token = AccountTokens(KEY).issue(CLAIMS)
    assert await whose(token) == UserInfo(
        name="system:serviceaccount:shop:web",
        uid="u",
        groups=("system:serviceaccounts", "system:serviceaccounts:shop"),
        extra={
            "authentication.kubernetes.io/credential-id": ("JTI=j",),
            "authentication.kubernetes.io/pod-name": ("web-0",),
            "authentication.kubernetes.io/pod-uid": ("p",),
        },
    )


async def test_a_token_in_a_secret_is_valid_while_the_secret_holds_it() -> None:
    secret = Secret(metadata=ObjectMeta(name="t", namespace="shop"))
    token = AccountTokens(KEY).issue_legacy(ACCOUNT, secret)

    def clock() -> int:
        return 10_000_000_000 * SECOND

    filled = replace(secret, data={"token": token.encode()})
    known = AccountAuthenticator(AccountTokens(KEY), finding(ACCOUNT, filled), clock)
    assert await known.authenticate(token) == UserInfo(
        name="system:serviceaccount:shop:web",
        uid="u",
        groups=("system:serviceaccounts", "system:serviceaccounts:shop"),
    )
    for gone in (finding(ACCOUNT), finding(filled), finding(ACCOUNT, secret)):
        assert await AccountAuthenticator(AccountTokens(KEY), gone, clock).authenticate(token) is None


async def test_a_token_of_a_pod_names_its_node() -> None:
    node = BoundObjectReference(kind="Node", api_version="v1", name="n1", uid="n")
    for claims in (replace(CLAIMS, node=node), replace(CLAIMS, node=replace(node, uid=""), warn_after=1700)):
        token = AccountTokens(KEY).issue(claims)
        assert AccountTokens(KEY).read(token) == claims
        user = await whose(token)
        assert user is not None
        told = {key.rpartition("/")[2]: value for key, value in user.extra.items() if "node" in key}
        assert claims.node is not None
        assert told == {"node-name": ("n1",)} | ({"node-uid": ("n",)} if claims.node.uid else {})


@pytest.mark.parametrize("seconds", [999, 2000])
async def test_a_token_expires(seconds: int) -> None:
    assert await whose(AccountTokens(KEY).issue(CLAIMS), seconds) is None


@pytest.mark.parametrize("account", [None, replace(ACCOUNT, metadata=replace(ACCOUNT.metadata, uid="another"))])
async def test_a_token_ends_with_its_account(account: ServiceAccount | None) -> None:
    assert await whose(AccountTokens(KEY).issue(CLAIMS), account=account) is None


def deleted(seconds: int) -> Pod:
    return replace(POD, metadata=replace(POD.metadata, deletion_timestamp=format_time(seconds * SECOND)))


@pytest.mark.parametrize(
    ("pod", "holds"),
    [
        (None, False),
        (replace(POD, metadata=replace(POD.metadata, uid="another")), False),
        (deleted(1439), False),
        (deleted(1440), True),
        (deleted(1600), True),
    ],
)
async def test_a_token_ends_with_its_pod_or_a_minute_later(pod: Pod | None, *, holds: bool) -> None:
    assert (await whose(AccountTokens(KEY).issue(CLAIMS), 1500, pod=pod) is not None) == holds


async def test_tokens_of_other_issuers_are_rejected() -> None:
    assert await whose(AccountTokens(new_key()).issue(CLAIMS)) is None
    assert await whose(AccountTokens(KEY).issue(replace(CLAIMS, audiences=("example.com",)))) is None


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "...", "x" * 86, "a.b." + "A" * 86])
async def test_a_malformed_token_is_rejected(token: str) -> None:
    assert await whose(token) is None


async def test_a_modified_token_is_rejected() -> None:
    header, payload, signature = AccountTokens(KEY).issue(CLAIMS).split(".")
    plain = base64.urlsafe_b64decode(payload + "==").replace(b'"web"', b'"root"')
    forged = base64.urlsafe_b64encode(plain).rstrip(b"=").decode()
    assert await whose(f"{header}.{forged}.{signature}") is None


async def test_tokens_are_checked_against_the_servers_accounts() -> None:
    async with ActorSystem() as system:
        store = await system.spawn(partial(Store, MemoryBackend(), ObjectCodec(SCHEME)))
        server = await system.spawn(partial(ApiServer, SCHEME, store, tokens=AccountTokens(KEY)))
        account = ServiceAccount(metadata=ObjectMeta(name="web"))
        accounts = gvr_of(ServiceAccount)
        await server.ask(Create(resource=accounts, namespace="default", object=account, user=ADMIN))
        wanted = Create(
            resource=accounts, namespace="default", name="web", subresource="token", object=TokenRequest(), user=ADMIN
        )
        reply = await server.ask(wanted)
        assert isinstance(reply, Result)
        assert isinstance(reply.object, TokenRequest)
        request = reply.object
        assert request.status.expiration_timestamp is not None
        known = AccountAuthenticator(
            AccountTokens(KEY), objects_of(server), lambda: parse_time(request.status.expiration_timestamp or "") - 1
        )
        user = await known.authenticate(request.status.token)
        assert user is not None
        assert user.name == "system:serviceaccount:default:web"


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        (None, "node requested token not bound to a pod"),
        (
            BoundObjectReference(kind="Secret", api_version="v1", name="p", uid="u"),
            "node requested token not bound to a pod",
        ),
        (replace(BOUND, uid=""), "node requested token with a pod binding without a uid"),
        (replace(BOUND, uid="x"), RECREATED),
        (replace(BOUND, name="q", uid="uq"), "node requested token bound to a pod scheduled on a different node"),
        (BOUND, ""),
    ],
)
def test_a_node_gets_tokens_for_its_own_pods_only(reference: BoundObjectReference | None, why: str) -> None:
    request = TokenRequest(spec=TokenRequestSpec(bound_object_ref=reference))
    attributes = Attributes(
        operation=CREATE,
        kind=SCHEME.by_type(ServiceAccount),
        namespace="default",
        name="web",
        user=UserInfo(name="system:node:n1", groups=("system:nodes",)),
        subresource="token",
    )
    if not why:
        check_token_request(request, attributes, Pods())
        return
    with pytest.raises(Forbidden) as refusal:
        check_token_request(request, attributes, Pods())
    assert str(refusal.value) == f'serviceaccounts "web" is forbidden: {why}'


def test_only_an_elliptic_curve_key_is_accepted() -> None:
    with pytest.raises(ValueError, match="PEM"):
        AccountTokens(b"no key")

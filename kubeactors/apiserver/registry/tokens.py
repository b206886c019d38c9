"""The `token` subresource of service accounts.

Source: pkg/registry/core/serviceaccount/storage/token.go, pkg/apis/authentication/validation/validation.go (v1.36).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, cast

import msgspec
from msgspec.structs import replace

from kubeactors.api.authentication.v1 import BoundObjectReference, TokenRequest, TokenRequestStatus
from kubeactors.api.core.v1 import Pod, Secret, ServiceAccount
from kubeactors.apimachinery.field import FieldError
from kubeactors.apimachinery.field import invalid as invalid_field
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import CREDENTIAL_ID, GroupVersionResource, UserInfo
from kubeactors.apimachinery.status import BadRequest, Status, conflict, invalid, not_found
from kubeactors.apimachinery.time import format_time, parse_time
from kubeactors.apiserver.admission.node_restriction import check_token_request
from kubeactors.apiserver.admission.nodes import NODES
from kubeactors.apiserver.admission.plugin import Attributes, Lookup
from kubeactors.apiserver.admission.service_account import SERVICE_ACCOUNTS, TOKEN_SECONDS
from kubeactors.apiserver.objects import PODS
from kubeactors.apiserver.registry.metadata import Environment
from kubeactors.apiserver.registry.registry import Registry
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.subresources import Subresource

SECOND = 1_000_000_000
SECRETS = GroupVersionResource("", "v1", "secrets")
LONG_SECONDS = 365 * 24 * 3600
"""The lifetime of a pod's usual token: kubelets renew it hourly, but not all programs read it again."""
LEEWAY_SECONDS = 60
"""How long a token stays valid after the deletion timestamp of the object that it is bound to."""
SHORTEST_SECONDS, LONGEST_SECONDS, USUAL_SECONDS = 600, 1 << 32, 3600
_KIND, _GROUP = "TokenRequest", "authentication.k8s.io"
_BINDABLE = {("v1", "Pod"): "pods", ("v1", "Secret"): "secrets", ("v1", "Node"): "nodes"}


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """The claims of a token. Times are Unix seconds; `id` identifies the token."""

    id: str
    namespace: str
    name: str
    uid: str
    audiences: tuple[str, ...]
    issued: int
    expires: int
    bound: BoundObjectReference | None = None
    node: BoundObjectReference | None = None
    """The node of the pod that the token is bound to."""
    warn_after: int = 0
    """When a token with an extended lifetime should have been renewed; 0 for others."""
    secret: str = ""
    """The Secret that holds the token; such a token does not expire and has no id."""


class TokenIssuer(Protocol):
    """Signs service account tokens."""

    @property
    def audiences(self) -> tuple[str, ...]:
        """The default audiences: the server itself."""
        ...

    def issue(self, claims: Claims) -> str:
        """A signed token with these claims."""
        ...

    def read(self, token: str) -> Claims | None:
        """The claims of a token issued here, which may have expired; None for any other token."""
        ...


def user_of(claims: Claims) -> UserInfo:
    """The user that a token authenticates."""
    extra: dict[str, tuple[str, ...]] = {}
    if claims.id:
        extra[CREDENTIAL_ID] = (f"JTI={claims.id}",)
    if claims.bound is not None and claims.bound.kind == "Pod":
        extra["authentication.kubernetes.io/pod-name"] = (claims.bound.name,)
        extra["authentication.kubernetes.io/pod-uid"] = (claims.bound.uid,)
    node = claims.bound if claims.bound is not None and claims.bound.kind == "Node" else claims.node
    if node is not None:
        extra["authentication.kubernetes.io/node-name"] = (node.name,)
    if node is not None and node.uid:
        extra["authentication.kubernetes.io/node-uid"] = (node.uid,)
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{claims.namespace}")
    name = f"system:serviceaccount:{claims.namespace}:{claims.name}"
    return UserInfo(name=name, uid=claims.uid, groups=groups, extra=extra)


class Voucher(NamedTuple):
    """An object that must exist for a token to be valid."""

    resource: GroupVersionResource
    namespace: str
    name: str


def vouchers(claims: Claims) -> tuple[Voucher, ...]:
    """The account of a token; and the Secret that holds it, or the object that it is bound to."""
    needed = [Voucher(SERVICE_ACCOUNTS, claims.namespace, claims.name)]
    if claims.secret:
        needed.append(Voucher(SECRETS, claims.namespace, claims.secret))
    if claims.bound is not None:
        resource = _BINDABLE[claims.bound.api_version, claims.bound.kind]
        where = "" if resource == "nodes" else claims.namespace
        needed.append(Voucher(GroupVersionResource("", "v1", resource), where, claims.bound.name))
    return tuple(needed)


def holds(claims: Claims, token: str, found: Sequence[TypedObject | None], now: int) -> bool:
    """Whether a token is valid now (Unix seconds), given those of its `vouchers` that exist.

    Source: pkg/serviceaccount/claims.go, legacy.go (v1.36).
    """
    account, *others = found
    if not claims.issued <= now < claims.expires or not _is_there(account, claims.uid, now):
        return False
    if claims.secret:
        (secret,) = others
        return isinstance(secret, Secret) and secret.data.get("token") == token.encode()
    return claims.bound is None or _is_there(others[0], claims.bound.uid, now)


def _is_there(found: TypedObject | None, uid: str, now: int) -> bool:
    if found is None or found.metadata.uid != uid:
        return False
    deleted = found.metadata.deletion_timestamp
    return deleted is None or parse_time(deleted) // SECOND >= now - LEEWAY_SECONDS


class TokenSubresource(Subresource):
    """Issues tokens."""

    def __init__(self, issuer: TokenIssuer, environment: Environment, lookup: Lookup) -> None:
        self._issuer = issuer
        self._environment = environment
        self._lookup = lookup

    async def create(
        self, registry: Registry, resource: Resource, value: TypedObject, attributes: Attributes
    ) -> TypedObject | Status:
        """A token of the service account.

        Raises:
            NotFound: the account, or the object to bind the token to, does not exist.
            Invalid: the lifetime is too short or too long, or the request has the name of another account.
            Conflict: the account, or the object to bind the token to, has another UID.
            Forbidden: the NodeRestriction plug-in forbids it.
        """
        del registry
        wanted = cast("TokenRequest", value)
        if wanted.metadata.name not in ("", attributes.name):
            why = "must match the service account name if specified"
            misnamed = invalid_field("metadata.name", wanted.metadata.name, why)
            raise invalid(_KIND, _GROUP, attributes.name, (misnamed,))
        account = resource.cached(attributes.namespace, attributes.name)
        if account is None:
            raise resource.missing(attributes.name)
        _check_uid(wanted.metadata, account.metadata)
        check_token_request(wanted, attributes, self._lookup)
        seconds = USUAL_SECONDS if wanted.spec.expiration_seconds is None else wanted.spec.expiration_seconds
        if errors := tuple(_wrong_time(seconds)):
            raise invalid(_KIND, _GROUP, "", errors)
        return self._issued(wanted, cast("ServiceAccount", account), seconds)

    def _issued(self, wanted: TokenRequest, account: ServiceAccount, seconds: int) -> TokenRequest:
        metadata = account.metadata
        bound = self._bound(wanted.spec.bound_object_ref, account)
        now = self._environment.wall // SECOND
        audiences = wanted.spec.audiences or self._issuer.audiences
        is_long = bound is not None and bound.kind == "Pod" and self._lives_long(seconds, audiences)
        claims = Claims(
            id=self._environment.uid(),
            namespace=metadata.namespace,
            name=metadata.name,
            uid=metadata.uid,
            audiences=audiences,
            issued=now,
            expires=now + (LONG_SECONDS if is_long else seconds),
            bound=bound,
            node=self._node_of(bound, metadata.namespace),
            warn_after=now + seconds if is_long else 0,
        )
        return replace(
            wanted,
            metadata=ObjectMeta(
                name=metadata.name,
                namespace=metadata.namespace,
                uid=metadata.uid,
                creation_timestamp=self._environment.timestamp(),
            ),
            spec=replace(wanted.spec, audiences=audiences, expiration_seconds=seconds),
            status=TokenRequestStatus(
                token=self._issuer.issue(claims), expiration_timestamp=format_time((now + seconds) * SECOND)
            ),
        )

    def _lives_long(self, seconds: int, audiences: tuple[str, ...]) -> bool:
        """Whether it is the token that admission mounts into pods, whose lifetime is extended."""
        return seconds == TOKEN_SECONDS and all(one in self._issuer.audiences for one in audiences)

    def _node_of(self, bound: BoundObjectReference | None, namespace: str) -> BoundObjectReference | None:
        pod = None if bound is None or bound.kind != "Pod" else self._lookup.get(PODS, namespace, bound.name)
        name = "" if pod is None else cast("Pod", pod).spec.node_name
        if not name:
            return None
        node = self._lookup.get(NODES, "", name)
        uid = "" if node is None else node.metadata.uid
        return BoundObjectReference(kind="Node", api_version="v1", name=name, uid=uid)

    def _bound(self, reference: BoundObjectReference | None, account: ServiceAccount) -> BoundObjectReference | None:
        """The object that the token is bound to, with its uid."""
        if reference is None:
            return None
        namespace = account.metadata.namespace
        resource = _BINDABLE.get((reference.api_version, reference.kind))
        if resource is None:
            group, _, version = reference.api_version.rpartition("/")
            kind = f"{group}/{version}, Kind={reference.kind}"
            raise BadRequest.saying(f"cannot bind token to object of type {kind}")
        where = "" if resource == "nodes" else namespace
        found = self._lookup.get(GroupVersionResource("", "v1", resource), where, reference.name)
        if found is None:
            raise not_found(resource, "", reference.name)
        if isinstance(found, Pod) and found.spec.service_account_name != account.metadata.name:
            own = account.metadata.name
            raise BadRequest.saying(
                f'cannot bind token for serviceaccount "{own}" to pod running with different serviceaccount name.'
            )
        if reference.uid and reference.uid != found.metadata.uid:
            why = (
                f"the UID in the bound object reference ({reference.uid}) does not match the UID in record. "
                "The object might have been deleted and then recreated"
            )
            raise conflict(reference.kind, "", reference.name, why)
        return replace(reference, uid=found.metadata.uid)


def _check_uid(given: ObjectMeta, account: ObjectMeta) -> None:
    if given.uid and given.uid != account.uid:
        why = (
            f"the UID in the token request ({given.uid}) does not match the UID of the service account ({account.uid})"
        )
        raise conflict(_KIND, _GROUP, account.name, why)


def _wrong_time(seconds: int) -> Iterator[FieldError]:
    if seconds < SHORTEST_SECONDS:
        yield invalid_field("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
    if seconds > LONGEST_SECONDS:
        yield invalid_field("spec.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds")

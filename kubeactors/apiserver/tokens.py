"""Service account tokens: JSON Web Tokens that this server signs, and accepts until they expire.

Source: pkg/serviceaccount/claims.go, jwt.go (v1.36); RFC 7519, RFC 7518 (ES256).
"""

import base64
import binascii
import hashlib
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias, TypeVar, cast

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from kubeactors.api.authentication.v1 import BoundObjectReference
from kubeactors.api.core.v1 import Secret, ServiceAccount
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import Get, GroupVersionResource, Result, UserInfo
from kubeactors.apiserver.bootstrap import SELF
from kubeactors.apiserver.registry.tokens import Claims, holds, user_of, vouchers
from kubeactors.message import Request

R = TypeVar("R")

ISSUER = "https://kubernetes.default.svc.cluster.local"
LEGACY_ISSUER = "kubernetes/serviceaccount"
"""The issuer of tokens in Secrets. They do not expire, and are for this server only."""
FOREVER = 1 << 62
SECOND = 1_000_000_000

FindObject: TypeAlias = Callable[[GroupVersionResource, str, str], Awaitable[TypedObject | None]]
"""The object of a resource, namespace and name; None if there is none."""

ALGORITHM = "ES256"
_ES256 = ec.ECDSA(hashes.SHA256())
_NUMBER_BYTES = 32
"""A signature is two numbers of this many bytes."""
_KNOWN = 4096
"""The number of verified tokens that are cached."""


class _Named(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    uid: str = ""


class _Kubernetes(msgspec.Struct, frozen=True, omit_defaults=True):
    namespace: str
    serviceaccount: _Named
    pod: _Named | None = None
    secret: _Named | None = None
    node: _Named | None = None
    warnafter: int = 0


class _Payload(msgspec.Struct, frozen=True):
    aud: tuple[str, ...]
    exp: int
    iat: int
    iss: str
    jti: str
    kubernetes: _Kubernetes = msgspec.field(name="kubernetes.io")
    nbf: int
    sub: str


class _Issued(msgspec.Struct, frozen=True):
    iss: str


class _LegacyPayload(msgspec.Struct, frozen=True):
    iss: str
    namespace: str = msgspec.field(name="kubernetes.io/serviceaccount/namespace")
    secret: str = msgspec.field(name="kubernetes.io/serviceaccount/secret.name")
    name: str = msgspec.field(name="kubernetes.io/serviceaccount/service-account.name")
    uid: str = msgspec.field(name="kubernetes.io/serviceaccount/service-account.uid")
    sub: str


class AccountTokens:
    """Signs tokens with an EC key (P-256, PEM), and verifies them.

    Args:
        key: the private key.
        audiences: the identifiers of this server; tokens for other audiences are rejected.
    """

    def __init__(self, key: bytes, audiences: tuple[str, ...] = (ISSUER,)) -> None:
        private = serialization.load_pem_private_key(key, password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise TypeError("the key of service accounts must be an EC key; make one with `openssl ecparam -genkey`")
        self._private = private
        self._public = private.public_key()
        self.audiences = audiences
        self.public_key: dict[str, str] = _jwk(self._public)
        """The public key as a JSON Web Key, with which anybody can verify the tokens."""
        self._header = _encoded(msgspec.json.encode({"alg": ALGORITHM, "kid": self.public_key["kid"]}))
        self._known: dict[str, Claims] = {}

    def issue(self, claims: Claims) -> str:
        """A signed token with these claims."""
        kind = "" if claims.bound is None else claims.bound.kind
        named = _named(claims.bound)
        payload = _Payload(
            aud=claims.audiences,
            exp=claims.expires,
            iat=claims.issued,
            iss=ISSUER,
            jti=claims.id,
            kubernetes=_Kubernetes(
                namespace=claims.namespace,
                serviceaccount=_Named(claims.name, claims.uid),
                pod=named if kind == "Pod" else None,
                secret=named if kind == "Secret" else None,
                node=named if kind == "Node" else _named(claims.node),
                warnafter=claims.warn_after,
            ),
            nbf=claims.issued,
            sub=f"system:serviceaccount:{claims.namespace}:{claims.name}",
        )
        return self._signed(payload)

    def issue_legacy(self, account: ServiceAccount, secret: Secret) -> str:
        """A token of the account, valid as long as this Secret holds it."""
        metadata = account.metadata
        payload = _LegacyPayload(
            iss=LEGACY_ISSUER,
            namespace=metadata.namespace,
            secret=secret.metadata.name,
            name=metadata.name,
            uid=metadata.uid,
            sub=f"system:serviceaccount:{metadata.namespace}:{metadata.name}",
        )
        return self._signed(payload)

    def _signed(self, payload: "_Payload | _LegacyPayload") -> str:
        signed = b".".join((self._header, _encoded(msgspec.json.encode(payload))))
        first, second = decode_dss_signature(self._private.sign(signed, _ES256))
        signature = first.to_bytes(_NUMBER_BYTES, "big") + second.to_bytes(_NUMBER_BYTES, "big")
        return b".".join((signed, _encoded(signature))).decode()

    def read(self, token: str) -> Claims | None:
        """The claims of a token that was signed here; it may have expired, or be for another audience."""
        claims = self._known.get(token)
        if claims is None:
            claims = self._checked(token)
            if claims is None:
                return None
            if len(self._known) >= _KNOWN:
                del self._known[next(iter(self._known))]
            self._known[token] = claims
        return claims

    def _checked(self, token: str) -> Claims | None:
        signed, _, signature = token.rpartition(".")
        try:
            raw = _decoded(signature)
            numbers = (raw[:_NUMBER_BYTES], raw[_NUMBER_BYTES:])
            der = encode_dss_signature(*(int.from_bytes(one, "big") for one in numbers))
            self._public.verify(der, signed.encode(), _ES256)
            return self._claims(_decoded(signed.partition(".")[2]))
        except (InvalidSignature, binascii.Error, ValueError, msgspec.DecodeError):
            return None

    def _claims(self, payload: bytes) -> Claims | None:
        match msgspec.json.decode(payload, type=_Issued).iss:
            case "https://kubernetes.default.svc.cluster.local":
                return _claims(msgspec.json.decode(payload, type=_Payload))
            case "kubernetes/serviceaccount":
                return _legacy_claims(msgspec.json.decode(payload, type=_LegacyPayload), self.audiences)
            case _:
                return None


def _legacy_claims(payload: _LegacyPayload, audiences: tuple[str, ...]) -> Claims:
    return Claims(
        id="",
        namespace=payload.namespace,
        name=payload.name,
        uid=payload.uid,
        audiences=audiences,
        issued=0,
        expires=FOREVER,
        secret=payload.secret,
    )


def _claims(payload: _Payload) -> Claims:
    about = payload.kubernetes
    account = about.serviceaccount
    bound = {"Pod": about.pod, "Secret": about.secret, "Node": about.node}
    return Claims(
        id=payload.jti,
        namespace=about.namespace,
        name=account.name,
        uid=account.uid,
        audiences=payload.aud,
        issued=payload.nbf,
        expires=payload.exp,
        bound=next((_reference(kind, one) for kind, one in bound.items() if one is not None), None),
        node=None if about.pod is None or about.node is None else _reference("Node", about.node),
        warn_after=about.warnafter,
    )


def _named(reference: BoundObjectReference | None) -> _Named | None:
    return None if reference is None else _Named(reference.name, reference.uid)


def _reference(kind: str, named: _Named) -> BoundObjectReference:
    return BoundObjectReference(kind=kind, api_version="v1", name=named.name, uid=named.uid)


class Server(Protocol):
    """What is used of the API server's ref."""

    def ask(self, request: Request[R], *, timeout_seconds: float = ...) -> Awaitable[R]:
        """The reply to a request."""
        ...


def objects_of(server: Server) -> FindObject:
    """Reads objects from the server's cache."""

    async def find(resource: GroupVersionResource, namespace: str, name: str) -> TypedObject | None:
        get = Get(resource=resource, namespace=namespace, name=name, resource_version="0", user=SELF)
        reply = await server.ask(get)
        return cast("TypedObject", reply.object) if isinstance(reply, Result) else None

    return find


class AccountAuthenticator:
    """Authenticates bearer tokens.

    The account of a token must still exist with the same uid; so must the object that it is bound to, and the Secret of
    a legacy token.
    """

    def __init__(self, tokens: AccountTokens, find: FindObject, clock: Callable[[], int]) -> None:
        self._tokens = tokens
        self._find = find
        self._clock = clock

    async def authenticate(self, token: str) -> UserInfo | None:
        """The user of a token; None if the token is not ours or has expired, or what it depends on is deleted."""
        claims = self._tokens.read(token)
        if claims is None or not any(one in self._tokens.audiences for one in claims.audiences):
            return None
        found = [await self._find(*one) for one in vouchers(claims)]
        return user_of(claims) if holds(claims, token, found, self._clock() // SECOND) else None


def _jwk(public: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The key as a JWK; its id is the hash of its DER form, as in Kubernetes."""
    form = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    numbers = public.public_numbers()
    x, y = (_encoded(one.to_bytes(_NUMBER_BYTES, "big")).decode() for one in (numbers.x, numbers.y))
    name = _encoded(hashlib.sha256(form).digest()).decode()
    return {"use": "sig", "kty": "EC", "kid": name, "crv": "P-256", "alg": ALGORITHM, "x": x, "y": y}


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

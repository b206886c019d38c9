"""Who asks: a client certificate, a bearer token, or nobody known; and on whose behalf.

Source: apiserver/pkg/authentication, apiserver/pkg/endpoints/filters/{authentication,impersonation} (v1.36).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Protocol
from urllib.parse import unquote

import msgspec
from cryptography import x509
from cryptography.x509.oid import NameOID

from kubeactors.apimachinery.requests import ANONYMOUS, UserInfo
from kubeactors.apimachinery.status import InternalError, Unauthorized
from kubeactors.apiserver.authorization import Access, Authorizer, denied
from kubeactors.apiserver.http.messages import HttpRequest

AUTHENTICATED = "system:authenticated"
_EXTRA = b"impersonate-extra-"
_SERVICE_ACCOUNT = "system:serviceaccount:"


class TokenAuthenticator(Protocol):
    """Knows bearer tokens."""

    async def authenticate(self, token: str) -> UserInfo | None:
        """Whose token it is; None if it is not one of ours, or no longer valid."""
        ...


class StaticTokens:
    """Tokens that are known beforehand, by token. For tests and for tools that cannot present a certificate."""

    def __init__(self, users: Mapping[str, UserInfo]) -> None:
        self._users = users

    async def authenticate(self, token: str) -> UserInfo | None:
        """The user of this token."""
        return self._users.get(token)


async def authenticate(request: HttpRequest, tokens: Sequence[TokenAuthenticator]) -> UserInfo:
    """Who sent a request: by certificate, else by token, else anonymous.

    Raises:
        Unauthorized: there is a token, and nobody knows it.
    """
    if request.certificate:
        return user_of_certificate(request.certificate)
    scheme, _, token = request.header(b"authorization").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return ANONYMOUS
    for authenticator in tokens:
        if user := await authenticator.authenticate(token.strip()):
            return _authenticated(user)
    raise Unauthorized.saying("Unauthorized")


@lru_cache(maxsize=4096)
def user_of_certificate(certificate: bytes) -> UserInfo:
    """The user that a verified certificate (DER) names: common name and organisations of its subject."""
    subject = x509.load_der_x509_certificate(certificate).subject
    names = [str(one.value) for one in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    groups = [str(one.value) for one in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    return _authenticated(UserInfo(name=names[0] if names else "", groups=tuple(groups)))


def impersonated(request: HttpRequest, authorizer: Authorizer) -> UserInfo:
    """The user that a request is to be treated as: its own, or the one it impersonates.

    Raises:
        Forbidden: its own user may not impersonate that one.
        InternalError: it impersonates a group or the like, but no user.
    """
    wanted = [(name, value) for name, value in request.headers() if name.startswith(b"impersonate-") and value]
    if not wanted:
        return request.user
    user = _wanted_user(wanted)
    for access in _needed(request.user, user):
        if not authorizer.allows(access):
            raise denied(access)
    groups = user.groups
    if not groups and user.name.startswith(_SERVICE_ACCOUNT):
        namespace = user.name.split(":")[2]
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
    if user.name == ANONYMOUS.name:
        return msgspec.structs.replace(user, groups=(*groups, *ANONYMOUS.groups))
    return _authenticated(msgspec.structs.replace(user, groups=groups))


def _wanted_user(headers: Sequence[tuple[bytes, bytes]]) -> UserInfo:
    name, uid = "", ""
    groups: list[str] = []
    extra: dict[str, tuple[str, ...]] = {}
    for header, raw in headers:
        value = raw.decode("latin-1")
        if header == b"impersonate-user":
            name = value
        elif header == b"impersonate-uid":
            uid = value
        elif header == b"impersonate-group":
            groups.append(value)
        elif header.startswith(_EXTRA):
            key = unquote(header[len(_EXTRA) :].decode("latin-1"))
            extra[key] = (*extra.get(key, ()), value)
    if not name:
        raise InternalError.saying("requested impersonation of groups, uid or extra without impersonating a user")
    return UserInfo(name=name, uid=uid, groups=tuple(groups), extra=extra)


def _needed(user: UserInfo, wanted: UserInfo) -> Iterator[Access]:
    """What a user must be allowed to do to act as the wanted one."""
    if wanted.name.startswith(_SERVICE_ACCOUNT) and wanted.name.count(":") == 3:
        namespace, name = wanted.name.split(":")[2:]
        yield Access(user=user, verb="impersonate", resource="serviceaccounts", namespace=namespace, name=name)
    else:
        yield Access(user=user, verb="impersonate", resource="users", name=wanted.name)
    for group in wanted.groups:
        yield Access(user=user, verb="impersonate", resource="groups", name=group)
    if wanted.uid:
        yield Access(user=user, verb="impersonate", group="authentication.k8s.io", resource="uids", name=wanted.uid)
    for key, values in wanted.extra.items():
        for value in values:
            yield Access(
                user=user,
                verb="impersonate",
                group="authentication.k8s.io",
                resource="userextras",
                subresource=key,
                name=value,
            )


def _authenticated(user: UserInfo) -> UserInfo:
    if AUTHENTICATED in user.groups:
        return user
    return msgspec.structs.replace(user, groups=(*user.groups, AUTHENTICATED))

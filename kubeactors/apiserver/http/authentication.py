"""Who asks: a client certificate, a bearer token, or nobody known.

Source: apiserver/pkg/authentication, apiserver/pkg/endpoints/filters/authentication.go (v1.36).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol

import msgspec
from cryptography import x509
from cryptography.x509.oid import NameOID

from kubeactors.apimachinery.requests import ANONYMOUS, UserInfo
from kubeactors.apimachinery.status import Unauthorized
from kubeactors.apiserver.http.messages import HttpRequest

AUTHENTICATED = "system:authenticated"


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


def _authenticated(user: UserInfo) -> UserInfo:
    if AUTHENTICATED in user.groups:
        return user
    return msgspec.structs.replace(user, groups=(*user.groups, AUTHENTICATED))

"""Authentication: by client certificate, by bearer token, or anonymous.

Source: apiserver/pkg/authentication/request/x509, apiserver/pkg/endpoints/filters/authentication.go (v1.36).
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol

import msgspec
from cryptography import x509
from cryptography.x509.oid import NameOID

from kubeactors.apimachinery.requests import ANONYMOUS, CREDENTIAL_ID, UserInfo
from kubeactors.apimachinery.status import Unauthorized
from kubeactors.apiserver.http.messages import HttpRequest

AUTHENTICATED = "system:authenticated"


class TokenAuthenticator(Protocol):
    """Authenticates bearer tokens."""

    async def authenticate(self, token: str) -> UserInfo | None:
        """The user of a token; None if it is not ours, or not valid any more."""
        ...


class StaticTokens:
    """Users by static token. For tests, and for tools that cannot present a certificate."""

    def __init__(self, users: Mapping[str, UserInfo]) -> None:
        self._users = users

    async def authenticate(self, token: str) -> UserInfo | None:
        """The user of this token."""
        return self._users.get(token)


async def authenticate(request: HttpRequest, tokens: Sequence[TokenAuthenticator]) -> UserInfo:
    """The user of a request: by certificate, else by token, else anonymous.

    Raises:
        Unauthorized: no authenticator accepts the token.
    """
    if request.certificate and (user := user_of_certificate(request.certificate)):
        return user
    scheme, _, token = request.header(b"authorization").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return ANONYMOUS
    for authenticator in tokens:
        if found := await authenticator.authenticate(token.strip()):
            return _authenticated(found)
    raise Unauthorized.saying("Unauthorized")


@lru_cache(maxsize=4096)
def user_of_certificate(certificate: bytes) -> UserInfo | None:
    """The user of a verified certificate (DER): common name and organisations of its subject.

    None if there is no common name.

    Raises:
        Unauthorized: it has more than one UID.
    """
    subject = x509.load_der_x509_certificate(certificate).subject
    names, uids = _texts(subject, NameOID.COMMON_NAME), _texts(subject, _USER_UID)
    if not names or not names[-1]:
        return None
    if len(uids) > 1:
        raise Unauthorized.saying("Unauthorized")
    fingerprint = f"X509SHA256={hashlib.sha256(certificate).hexdigest()}"
    return _authenticated(
        UserInfo(
            name=names[-1],
            uid="".join(uids),
            groups=tuple(_texts(subject, NameOID.ORGANIZATION_NAME)),
            extra={CREDENTIAL_ID: (fingerprint,)},
        )
    )


_USER_UID = x509.ObjectIdentifier("1.3.6.1.4.1.57683.2")


def _texts(subject: x509.Name, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(one.value) for one in subject.get_attributes_for_oid(oid)]


def _authenticated(user: UserInfo) -> UserInfo:
    if AUTHENTICATED in user.groups:
        return user
    return msgspec.structs.replace(user, groups=(*user.groups, AUTHENTICATED))

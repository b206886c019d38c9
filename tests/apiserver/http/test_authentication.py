from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from kubeactors.apimachinery.requests import Get, UserInfo
from kubeactors.apimachinery.status import Unauthorized
from kubeactors.apiserver.http.authentication import user_of_certificate
from kubeactors.cluster.pki import issue_client

from .conftest import Edge, status_of

PATH = "/api/v1/namespaces/ns/configmaps/a"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
USER_UID = x509.ObjectIdentifier("1.3.6.1.4.1.57683.2")


def asker(edge: Edge) -> UserInfo:
    [asked] = edge.asked
    assert isinstance(asked, Get)
    return asked.user


def certificate(*subject: tuple[x509.ObjectIdentifier, str]) -> bytes:
    """A self-signed certificate with this subject (DER)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in subject])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + timedelta(days=1))
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


def test_a_certificate_names_a_user_and_groups(tmp_path: Path) -> None:
    issued, _ = issue_client(tmp_path, "system:node:n1", ["system:nodes", "b"], NOW)
    der = x509.load_pem_x509_certificate(issued).public_bytes(Encoding.DER)
    assert user_of_certificate(der) == UserInfo(
        name="system:node:n1",
        groups=("system:nodes", "b", "system:authenticated"),
        extra={"authentication.kubernetes.io/credential-id": (f"X509SHA256={sha256(der).hexdigest()}",)},
    )


def test_a_certificate_may_name_the_uid_of_its_user_once() -> None:
    once = user_of_certificate(certificate((NameOID.COMMON_NAME, "jane"), (USER_UID, "u1")))
    assert once is not None
    assert (once.name, once.uid) == ("jane", "u1")
    with pytest.raises(Unauthorized):
        user_of_certificate(certificate((NameOID.COMMON_NAME, "jane"), (USER_UID, "u1"), (USER_UID, "u2")))


def test_a_certificate_without_a_common_name_authenticates_nobody() -> None:
    assert user_of_certificate(certificate((NameOID.ORGANIZATION_NAME, "system:masters"))) is None


async def test_an_unknown_token_is_unauthorized(edge: Edge) -> None:
    answer = await edge.send("GET", PATH, headers={"authorization": "Bearer nosuch"})
    assert status_of(answer) == (401, "Unauthorized", "Unauthorized")


async def test_a_request_without_credentials_is_anonymous(edge: Edge) -> None:
    answer = await edge.send("GET", PATH, headers={"authorization": ""})
    assert status_of(answer) == (
        403,
        "Forbidden",
        (
            'configmaps "a" is forbidden: User "system:anonymous" cannot get resource "configmaps" '
            'in API group "" in the namespace "ns"'
        ),
    )


@pytest.mark.parametrize(
    ("headers", "user"),
    [
        (
            [("impersonate-user", "system:kube-scheduler")],
            UserInfo(name="system:kube-scheduler", groups=("system:authenticated",)),
        ),
        (
            [
                ("impersonate-user", "joe"),
                ("impersonate-group", "system:masters"),
                ("impersonate-group", "b"),
                ("impersonate-uid", "u1"),
                ("impersonate-extra-reason", "why"),
                ("impersonate-extra-reason", "not"),
            ],
            UserInfo(
                name="joe",
                uid="u1",
                groups=("system:masters", "b", "system:authenticated"),
                extra={"reason": ("why", "not")},
            ),
        ),
        (
            [("impersonate-user", "system:serviceaccount:kube-system:x")],
            UserInfo(
                name="system:serviceaccount:kube-system:x",
                groups=("system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"),
            ),
        ),
    ],
)
async def test_an_administrator_impersonates_another_user(
    edge: Edge, headers: list[tuple[str, str]], user: UserInfo
) -> None:
    await edge.client.get(PATH, headers=headers)
    assert asker(edge) == user


async def test_impersonation_needs_permission(edge: Edge) -> None:
    answer = await edge.send("GET", PATH, headers={"authorization": "Bearer jane", "impersonate-user": "joe"})
    assert status_of(answer) == (
        403,
        "Forbidden",
        (
            'configmaps "a" is forbidden: User "jane" cannot impersonate-on:user-info:get resource "configmaps" '
            'in API group "" in the namespace "ns"'
        ),
    )

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kubeactors.apimachinery.requests import Get, UserInfo
from kubeactors.apiserver.http.authentication import user_of_certificate
from kubeactors.cluster.pki import issue_client

from .conftest import Edge, status_of

PATH = "/api/v1/namespaces/ns/configmaps/a"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def asker(edge: Edge) -> UserInfo:
    [asked] = edge.asked
    assert isinstance(asked, Get)
    return asked.user


def test_a_certificate_names_a_user_and_groups(tmp_path: Path) -> None:
    certificate, _ = issue_client(tmp_path, "system:node:n1", ["system:nodes", "b"], NOW)
    der = x509.load_pem_x509_certificate(certificate).public_bytes(Encoding.DER)
    assert user_of_certificate(der) == UserInfo(
        name="system:node:n1", groups=("system:nodes", "b", "system:authenticated")
    )


async def test_an_unknown_token_is_unauthorized(edge: Edge) -> None:
    answer = await edge.send("GET", PATH, headers={"authorization": "Bearer nosuch"})
    assert status_of(answer) == (401, "Unauthorized", "Unauthorized")


async def test_who_shows_nothing_is_anonymous(edge: Edge) -> None:
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
async def test_an_administrator_acts_as_another(edge: Edge, headers: list[tuple[str, str]], user: UserInfo) -> None:
    await edge.client.get(PATH, headers=headers)
    assert asker(edge) == user


async def test_others_may_not_act_as_another(edge: Edge) -> None:
    answer = await edge.send("GET", PATH, headers={"authorization": "Bearer jane", "impersonate-user": "joe"})
    assert status_of(answer) == (
        403,
        "Forbidden",
        (
            'configmaps "a" is forbidden: User "jane" cannot impersonate-on:user-info:get resource "configmaps" '
            'in API group "" in the namespace "ns"'
        ),
    )

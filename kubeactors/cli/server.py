"""A client for the API server that a kubeconfig names.

Source: client-go/tools/clientcmd/api/v1/types.go (v1.36): the fields of a kubeconfig.
"""

import base64
import binascii
import http.client
import os
import ssl
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import msgspec

from kubeactors.cli.errors import UsageError, said

T = TypeVar("T")

TIMEOUT_SECONDS = 10.0


class _Named(msgspec.Struct, Generic[T], frozen=True):
    name: str


class _Cluster(msgspec.Struct, frozen=True, rename="kebab"):
    server: str
    certificate_authority: str = ""
    certificate_authority_data: str = ""


class _User(msgspec.Struct, frozen=True, rename="kebab"):
    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    token: str = ""


class _Context(msgspec.Struct, frozen=True):
    cluster: str
    user: str


class _NamedCluster(_Named[_Cluster], frozen=True):
    cluster: _Cluster


class _NamedUser(_Named[_User], frozen=True):
    user: _User


class _NamedContext(_Named[_Context], frozen=True):
    context: _Context


class Kubeconfig(msgspec.Struct, frozen=True):
    """The parts of a kubeconfig that are used."""

    clusters: tuple[_NamedCluster, ...]
    users: tuple[_NamedUser, ...]
    contexts: tuple[_NamedContext, ...]
    current_context: str = msgspec.field(name="current-context")

    def current(self) -> tuple[_Cluster, _User]:
        """The cluster and user of the current context.

        Raises:
            KeyError: the context refers to a missing entry.
        """
        context = {one.name: one.context for one in self.contexts}[self.current_context]
        cluster = {one.name: one.cluster for one in self.clusters}[context.cluster]
        return cluster, {one.name: one.user for one in self.users}[context.user]


def usual_kubeconfig(data_dir: Path) -> Path:
    """The kubeconfig that kubectl uses, or else the one that `up` writes into its data directory."""
    named = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    return Path(named) if named else data_dir / "kubeconfig"


class Server:
    """Reads documents of an API server over HTTPS, as the user of a kubeconfig.

    Raises:
        UsageError: the kubeconfig is not usable.
    """

    def __init__(self, path: Path) -> None:
        try:
            cluster, user = msgspec.yaml.decode(path.read_bytes(), type=Kubeconfig).current()
            self.context: ssl.SSLContext = _tls(cluster, user, path.parent)
        except (OSError, msgspec.MsgspecError, KeyError, binascii.Error, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: not a usable kubeconfig ({said(error)}); see --kubeconfig") from error
        self.url: str = cluster.server
        self.headers: dict[str, str] = {"Accept": "application/json"}
        if user.token:
            self.headers["Authorization"] = f"Bearer {user.token}"

    def get(self, path: str) -> bytes:
        """The body of a GET.

        Raises:
            UsageError: no server answers, or its status is not 200.
        """
        parts = urlsplit(self.url)
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, context=self.context, timeout=TIMEOUT_SECONDS
        )
        try:
            connection.request("GET", path, headers=self.headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise UsageError(
                f"{self.url}: no API server answers ({said(error)}); is `kubeactors up` running?"
            ) from error
        finally:
            connection.close()
        if answer.status == HTTPStatus.NOT_FOUND:
            raise UsageError(f"{self.url}: this API server has no {path}; is it a kubeactors server?")
        if answer.status != HTTPStatus.OK:
            raise UsageError(f"{self.url}: {path} was rejected with {answer.status} {answer.reason}")
        return body


def _tls(cluster: _Cluster, user: _User, base: Path) -> ssl.SSLContext:
    authority = _content(cluster.certificate_authority_data, cluster.certificate_authority, base)
    context = ssl.create_default_context(cadata=authority.decode("ascii") if authority else None)
    certificate = _content(user.client_certificate_data, user.client_certificate, base)
    key = _content(user.client_key_data, user.client_key, base)
    if certificate:
        with tempfile.NamedTemporaryFile(prefix="kubeactors-") as file:  # ssl reads files only; this one is private
            file.write(certificate + b"\n" + key)
            file.flush()
            context.load_cert_chain(file.name)
    return context


def _content(embedded: str, path: str, base: Path) -> bytes:
    if embedded:
        return base64.b64decode(embedded)
    return (base / path).read_bytes() if path else b""

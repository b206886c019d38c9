"""Questions of commands in containers, which a runtime forwards to its kubelet: the kubelet has a network, they have none."""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from kubeactors.message import Message


class NameFound(msgspec.Struct, frozen=True):
    """A resolved name: in full, its addresses, and the ports at which something listens."""

    name: str
    addresses: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()


class FindName(Message, frozen=True):
    """To the subscriber: resolve a name of the cluster, then step the pod."""

    uid: str
    name: str
    found: Callable[[NameFound], None]


class WebRequest(msgspec.Struct, frozen=True):
    """An HTTP request of a command."""

    path: str = "/"
    """With the query."""
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    tls: bool = False
    trusted: str | None = None
    """The certificates (PEM) that the server's must be signed by; None: any server is trusted."""


class Visited(msgspec.Struct, frozen=True):
    """The result of an HTTP request: without address the host is unknown, without status the connection failed."""

    address: str = ""
    status: int = 0
    body: str = ""
    content_type: str = ""
    lost: bool = False
    """Whether no reply comes."""
    untrusted: bool = False
    """Whether the client rejects the server's certificate."""


class Visit(Message, frozen=True):
    """To the subscriber: make an HTTP request from a pod, then step the pod."""

    uid: str
    host: str
    port: int
    request: WebRequest
    visited: Callable[[Visited], None]


Question: TypeAlias = FindName | Visit
"""The questions of a runtime to its subscriber."""

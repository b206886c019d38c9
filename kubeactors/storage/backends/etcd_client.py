"""A client of an etcd cluster's JSON gateway, with blocking HTTP.

Source: etcd api/etcdserverpb/rpc.proto, Documentation/dev-guide/api_grpc_gateway.md (v3.4 and later).
"""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

import httpx2
import msgspec

from kubeactors.storage.errors import StoreUnavailable

T = TypeVar("T", bound=msgspec.Struct)

TIMEOUT_SECONDS = 10.0
"""Longer than etcd's own timeout of 7 s."""
CONNECT_SECONDS = 1.0
PAGE = 500

AUTH_NOT_ENABLED = "etcdserver: authentication is not enabled"
STALE_TOKEN = frozenset({"etcdserver: invalid auth token", "etcdserver: revision of auth store is old"})
"""Errors after which a new token is needed. Source: shouldRefreshToken in clientv3's retry_interceptor.go (v3.5)."""


class Credentials(msgspec.Struct, frozen=True):
    """A user of etcd, and the password."""

    name: str
    password: str


class Found(msgspec.Struct, frozen=True):
    """A key. The gateway omits zeros, encodes bytes in base 64, and numbers as strings."""

    key: bytes
    value: bytes = b""
    mod_revision: int = 0


class Put(msgspec.Struct, frozen=True):
    """Write a key."""

    key: bytes
    value: bytes


class Delete(msgspec.Struct, frozen=True):
    """Delete a key."""

    key: bytes


Op = Put | Delete


class _Header(msgspec.Struct, frozen=True):
    revision: int = 0


class _RangeReply(msgspec.Struct, frozen=True):
    header: _Header
    kvs: tuple[Found, ...] = ()
    more: bool = False


class _TxnReply(msgspec.Struct, frozen=True):
    header: _Header
    succeeded: bool = False


class _Token(msgspec.Struct, frozen=True):
    token: str = ""


class _Refusal(msgspec.Struct, frozen=True):
    error: str = ""


class _NotConnected(StoreUnavailable):
    """Nothing was sent."""


class _Refused(StoreUnavailable):
    """The server rejected the request, and did nothing."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: rejected ({reason}); see the log of etcd")
        self.reason = reason


class EtcdClient:
    """Sends requests to one member of a cluster, and to the next one if that does not answer.

    A read is sent to each member in turn until one answers. A write is sent to the next one only if the connection to the
    previous one failed, as in etcd's own client.

    All methods raise `StoreUnavailable` if no member can be reached, or one rejects the request; a write may have taken
    effect all the same. The caller decides whether and when to retry.

    Args:
        urls: the members', such as `http://127.0.0.1:2379`.
        tls: the trusted authorities and the client's certificate; by default the system's authorities, and none.
        credentials: if etcd needs a user.
        timeout_seconds: for each read and write of the connection.

    Raises:
        ValueError: there is no URL.

    Source: the retry policies of clientv3's retry.go and retry_interceptor.go (v3.5).
    """

    def __init__(
        self,
        urls: Sequence[str],
        tls: ssl.SSLContext | None = None,
        credentials: Credentials | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        if not urls:
            raise ValueError("an etcd client needs at least one URL")
        self.urls: tuple[str, ...] = tuple(url.rstrip("/") for url in urls)
        self._current = 0
        self._credentials = credentials
        self._token = ""
        timeout = httpx2.Timeout(timeout_seconds, connect=CONNECT_SECONDS)
        transport = httpx2.HTTPTransport(verify=tls or True)
        self._http = httpx2.Client(transport=transport, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, key: bytes) -> Found | None:
        """The newest version of a key, or None."""
        reply = self._ask("range", {"key": key}, _RangeReply)
        return reply.kvs[0] if reply.kvs else None

    def pages(self, prefix: bytes) -> Iterator[Found]:
        """All keys with a prefix at one revision, in order."""
        start, end, revision, more = prefix, prefix[:-1] + bytes([prefix[-1] + 1]), 0, True
        while more:
            body = {"key": start, "range_end": end, "limit": PAGE, "revision": revision}
            reply = self._ask("range", body, _RangeReply)
            yield from reply.kvs
            more, revision = reply.more, revision or reply.header.revision
            start = reply.kvs[-1].key + b"\0" if reply.kvs else end

    def txn(self, key: bytes, mod_revision: int, ops: Sequence[Op]) -> int | None:
        """Do `ops` if the key is at this revision (0: absent). Returns the new revision, or None if the key is at another."""
        compare = {"key": key, "target": "MOD", "result": "EQUAL", "mod_revision": mod_revision}
        body = {"compare": [compare], "success": [_requested(op) for op in ops]}
        reply = self._ask("txn", body, _TxnReply)
        return reply.header.revision if reply.succeeded else None

    def _ask(self, what: str, body: Mapping[str, object], type_: type[T]) -> T:
        """Send a request to one member after another."""
        failures: list[str] = []
        for _ in self.urls:
            try:
                return self._ask_as_user(self.urls[self._current], what, body, type_)
            except StoreUnavailable as error:
                failures.append(str(error))
                self._current = (self._current + 1) % len(self.urls)  # the next request starts there, too
                if what != "range" and not isinstance(error, _NotConnected):
                    raise
        raise StoreUnavailable(", and ".join(failures))

    def _ask_as_user(self, url: str, what: str, body: Mapping[str, object], type_: type[T]) -> T:
        if self._credentials and not self._token:
            self._authenticate(url, self._credentials)
        try:
            return self._post(url, f"kv/{what}", body, type_)
        except _Refused as refusal:
            if self._credentials is None or refusal.reason not in STALE_TOKEN:
                raise
        assert self._credentials is not None
        self._authenticate(url, self._credentials)
        return self._post(url, f"kv/{what}", body, type_)

    def _authenticate(self, url: str, user: Credentials) -> None:
        """Get a token. Source: getToken in clientv3's client.go (v3.5): none is needed if authentication is off."""
        self._token = ""
        try:
            self._token = self._post(url, "auth/authenticate", msgspec.structs.asdict(user), _Token).token
        except _Refused as refusal:
            if refusal.reason != AUTH_NOT_ENABLED:
                raise

    def _post(self, url: str, path: str, body: Mapping[str, object], type_: type[T]) -> T:
        headers = {"Authorization": self._token} if self._token else {}
        try:
            response = self._http.post(f"{url}/v3/{path}", content=msgspec.json.encode(body), headers=headers)
            if not response.is_success:
                raise _Refused(url, msgspec.json.decode(response.content, type=_Refusal, strict=False).error)
            return msgspec.json.decode(response.content, type=type_, strict=False)
        except httpx2.HTTPError as error:
            kind = _NotConnected if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout) else StoreUnavailable
            raise kind(f"{url}: {str(error) or type(error).__name__}; check that etcd runs there") from error
        except msgspec.DecodeError as error:
            raise StoreUnavailable(f"{url}: the answer is not one of etcd ({error})") from error


def _requested(op: Op) -> dict[str, object]:
    if isinstance(op, Put):
        return {"request_put": op}
    return {"request_delete_range": op}

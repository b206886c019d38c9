"""A few requests to an etcd server, by its JSON gateway: HTTP that blocks, for a thread that may.

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
"""For each part of an answer."""
CONNECT_SECONDS = 1.0
PAGE = 500


class Found(msgspec.Struct, frozen=True):
    """A key. The gateway leaves out what is zero, writes bytes in base 64, and numbers as texts."""

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


class _Refusal(msgspec.Struct, frozen=True):
    error: str = ""


class EtcdClient:
    """Talks to one server (or to what stands before several).

    All methods raise `StoreUnavailable`: it cannot be reached, or refuses; a write may have happened all the same.
    Nothing is tried again here: who waits in between is up to the caller.

    Args:
        url: `http://127.0.0.1:2379`.
        tls: who is trusted, and who this is; by default whom the system trusts.
    """

    def __init__(self, url: str, tls: ssl.SSLContext | None = None) -> None:
        self._url = url
        timeout = httpx2.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS)
        transport = httpx2.HTTPTransport(verify=tls or True)
        self._http = httpx2.Client(base_url=url, transport=transport, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def get(self, key: bytes) -> Found | None:
        """One key as it is now."""
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
        """Do all that if the key is at this revision (0: not there). The revision of it, or None if the key is not."""
        compare = {"key": key, "target": "MOD", "result": "EQUAL", "mod_revision": mod_revision}
        body = {"compare": [compare], "success": [_requested(op) for op in ops]}
        reply = self._ask("txn", body, _TxnReply)
        return reply.header.revision if reply.succeeded else None

    def _ask(self, what: str, body: Mapping[str, object], type_: type[T]) -> T:
        try:
            response = self._http.post(f"/v3/kv/{what}", content=msgspec.json.encode(body))
            if not response.is_success:
                refusal = msgspec.json.decode(response.content, type=_Refusal, strict=False)
                raise StoreUnavailable(f"{self._url}: refused ({refusal.error}); look at the log of etcd")
            return msgspec.json.decode(response.content, type=type_, strict=False)
        except httpx2.HTTPError as error:
            raise StoreUnavailable(
                f"{self._url}: {str(error) or type(error).__name__}; see that etcd runs there"
            ) from error
        except msgspec.DecodeError as error:
            raise StoreUnavailable(f"{self._url}: this does not speak as etcd does ({error})") from error


def _requested(op: Op) -> dict[str, object]:
    if isinstance(op, Put):
        return {"request_put": op}
    return {"request_delete_range": op}

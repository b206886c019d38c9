"""The store's protocol as the registry uses it: one request per function."""

from collections.abc import Awaitable
from typing import TypeAlias, cast

from kubeactors.actor import Ref
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import InternalError, StatusError
from kubeactors.apiserver.objects import revision_of
from kubeactors.storage.messages import (
    Compare,
    DeleteOp,
    LeaseGrant,
    Op,
    PutOp,
    PutReply,
    Range,
    RangeOp,
    RangeReply,
    StoreMessage,
    Txn,
    TxnReply,
    ValueTooLarge,
)

Outcome: TypeAlias = tuple[bool, TypedObject | None]
"""Whether the write was done, and the current object."""

Beside: TypeAlias = tuple[PutOp | DeleteOp, ...]
"""Writes in the same transaction as an object: other objects to delete, or to create if they do not exist."""


class Stored:
    """The store as objects under keys. None stands for a key that does not exist."""

    def __init__(self, store: Ref[StoreMessage]) -> None:
        self._store = store

    async def get(self, key: str) -> TypedObject | None:
        """The current object."""
        reply = await self._store.ask(Range(op=RangeOp(key=key)))
        assert isinstance(reply, RangeReply), "the newest revision can be read"
        return _first(reply)

    def create(self, key: str, value: TypedObject, lease: int = 0, beside: Beside = ()) -> Awaitable[Outcome]:
        """Write if the key does not exist; whether that was done, and the current object."""
        return self._if_at(key, 0, PutOp(key=key, value=value, lease=lease), *beside)

    def replace(
        self, key: str, value: TypedObject, old: TypedObject, lease: int = 0, beside: Beside = ()
    ) -> Awaitable[Outcome]:
        """Write if the key still holds `old`; whether it did, and the current object. If equal, only compare."""
        if value == old:
            return self._is_at(key, old)
        return self._if_at(key, revision_of(old), PutOp(key=key, value=value, lease=lease), *beside)

    def delete(self, key: str, old: TypedObject, beside: Beside = ()) -> Awaitable[Outcome]:
        """Delete if the key still holds `old`; whether it did, and the current object."""
        return self._if_at(key, revision_of(old), DeleteOp(key=key), *beside)

    async def write_all(self, compare: tuple[Compare, ...], writes: tuple[PutOp, ...]) -> bool:
        """Write all in one transaction if all comparisons hold; whether they did."""
        return (await self._txn(Txn(compare=compare, success=writes))).succeeded

    async def lease(self, seconds: int) -> int:
        """Grant a lease."""
        return await self._store.ask(LeaseGrant(ttl_seconds=seconds))

    async def _if_at(self, key: str, revision: int, *writes: Op) -> Outcome:
        compare: tuple[Compare, ...] = (Compare(key=key, mod_revision=revision),)
        if len(writes) > 1:
            compare += tuple(Compare(key=one.key, mod_revision=0) for one in writes[1:] if isinstance(one, PutOp))
        reply = await self._store.ask(Txn(compare=compare, success=writes, failure=(RangeOp(key=key),)))
        if not isinstance(reply, TxnReply):
            raise _refused(reply)
        if not reply.succeeded:
            (found,) = reply.replies
            assert isinstance(found, RangeReply), "the other branch reads"
            return False, _first(found)
        put = reply.replies[0] if reply.replies else None
        return True, cast("TypedObject", put.kv.value) if isinstance(put, PutReply) else None

    async def _is_at(self, key: str, old: TypedObject) -> Outcome:
        done, now = await self._if_at(key, revision_of(old))
        return done, old if done else now

    async def _txn(self, txn: Txn) -> TxnReply:
        reply = await self._store.ask(txn)
        if not isinstance(reply, TxnReply):
            raise _refused(reply)
        return reply


def _refused(reply: object) -> StatusError:
    """The error for a write that the store rejected.

    Source: apiserver/pkg/endpoints/handlers/responsewriters/status.go (ErrorToAPIStatus; v1.36): etcd's own error
    passes through unchanged, without a reason.
    """
    if isinstance(reply, ValueTooLarge):
        return StatusError.saying("etcdserver: request is too large")
    return InternalError.saying(f"Internal error occurred: the store refused a write: {reply}")


def _first(reply: RangeReply) -> TypedObject | None:
    return cast("TypedObject", reply.kvs[0].value) if reply.kvs else None

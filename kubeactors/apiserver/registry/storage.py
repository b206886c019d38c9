"""The store's protocol, as the registry uses it: each function is one request."""

from typing import cast

from kubeactors.actor import Ref
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import InternalError
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
)


class Stored:
    """The store, seen from the registry: objects under keys. `None` stands for a key that does not exist."""

    def __init__(self, store: Ref[StoreMessage]) -> None:
        self._store = store

    async def get(self, key: str) -> TypedObject | None:
        """The newest state of a key."""
        reply = await self._store.ask(Range(op=RangeOp(key=key)))
        assert isinstance(reply, RangeReply), "the newest revision can be read"
        return _first(reply)

    async def create(self, key: str, value: TypedObject, lease: int = 0) -> tuple[bool, TypedObject | None]:
        """Write if the key does not exist; whether it was written, and what is there now."""
        return await self._if_at(key, 0, (PutOp(key=key, value=value, lease=lease),))

    async def replace(
        self, key: str, value: TypedObject, old: TypedObject, lease: int = 0
    ) -> tuple[bool, TypedObject | None]:
        """Write if the key still holds `old`; whether it did, and what is there now. Without a change, only look."""
        writes: tuple[Op, ...] = () if value == old else (PutOp(key=key, value=value, lease=lease),)
        done, now = await self._if_at(key, revision_of(old), writes)
        return done, old if done and not writes else now

    async def delete(self, key: str, old: TypedObject) -> tuple[bool, TypedObject | None]:
        """Delete if the key still holds `old`; whether it did, and what is there now."""
        return await self._if_at(key, revision_of(old), (DeleteOp(key=key),))

    async def write_all(self, compare: tuple[Compare, ...], writes: tuple[PutOp, ...]) -> bool:
        """Write all at one revision if all comparisons hold; whether they did."""
        return (await self._txn(Txn(compare=compare, success=writes))).succeeded

    async def lease(self, seconds: int) -> int:
        """A new lease."""
        return await self._store.ask(LeaseGrant(ttl_seconds=seconds))

    async def _if_at(self, key: str, revision: int, writes: tuple[Op, ...]) -> tuple[bool, TypedObject | None]:
        compare = (Compare(key=key, mod_revision=revision),)
        reply = await self._txn(Txn(compare=compare, success=writes, failure=(RangeOp(key=key),)))
        if not reply.succeeded:
            (found,) = reply.replies
            assert isinstance(found, RangeReply), "the other branch reads"
            return False, _first(found)
        put = reply.replies[0] if reply.replies else None
        return True, cast("TypedObject", put.kv.value) if isinstance(put, PutReply) else None

    async def _txn(self, txn: Txn) -> TxnReply:
        reply = await self._store.ask(txn)
        if not isinstance(reply, TxnReply):
            raise InternalError.saying(f"Internal error occurred: the store refused a write: {reply}")
        return reply


def _first(reply: RangeReply) -> TypedObject | None:
    return cast("TypedObject", reply.kvs[0].value) if reply.kvs else None

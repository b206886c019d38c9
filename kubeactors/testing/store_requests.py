"""Short forms of the store's requests."""

from kubeactors.storage.messages import Compare, DeleteOp, Op, PutOp, RangeOp, RangeReply, Txn, Value


def put(key: str, value: Value, lease: int = 0) -> Txn:
    """Write a key."""
    return Txn(success=(PutOp(key=key, value=value, lease=lease),))


def delete(key: str, range_end: str = "") -> Txn:
    """Delete a key, or the keys from it up to but without `range_end`."""
    return Txn(success=(DeleteOp(key=key, range_end=range_end),))


def put_if(key: str, mod_revision: int, value: Value, failure: tuple[Op, ...] = ()) -> Txn:
    """Write a key if it is at this mod revision; 0: if it does not exist."""
    return Txn(
        compare=(Compare(key=key, mod_revision=mod_revision),),
        success=(PutOp(key=key, value=value),),
        failure=failure,
    )


EVERYTHING = RangeOp(key="\0", range_end="\U0010ffff")
"""The range of all keys."""


def contents(reply: object) -> list[tuple[str, object, int]]:
    """Key, value and mod revision of each key in the reply to a range."""
    assert isinstance(reply, RangeReply), reply
    return [(kv.key, kv.value, kv.mod_revision) for kv in reply.kvs]

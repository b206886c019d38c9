"""Short ways to write the store's requests."""

from kubeactors.storage.messages import Compare, DeleteOp, Op, PutOp, RangeOp, RangeReply, Txn, Value


def put(key: str, value: Value, lease: int = 0) -> Txn:
    return Txn(success=(PutOp(key=key, value=value, lease=lease),))


def delete(key: str, range_end: str = "") -> Txn:
    return Txn(success=(DeleteOp(key=key, range_end=range_end),))


def put_if(key: str, mod_revision: int, value: Value, failure: tuple[Op, ...] = ()) -> Txn:
    return Txn(
        compare=(Compare(key=key, mod_revision=mod_revision),),
        success=(PutOp(key=key, value=value),),
        failure=failure,
    )


EVERYTHING = RangeOp(key="\0", range_end="\U0010ffff")


def contents(reply: object) -> list[tuple[str, object, int]]:
    assert isinstance(reply, RangeReply), reply
    return [(kv.key, kv.value, kv.mod_revision) for kv in reply.kvs]

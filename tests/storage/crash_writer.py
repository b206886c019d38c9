"""Writes to a store on SQLite or etcd as fast as it can, and prints a line after each acknowledgement, until it is killed.

Each writer counts upwards: one transaction writes the number under two keys, and an odd one also under a
third key, which an even one deletes. A line is the writer, the number, and the revision that was acknowledged.
"""

import os
import sys
from functools import partial
from pathlib import Path

import anyio

from kubeactors.actor import ActorSystem, Ref
from kubeactors.storage import (
    Compact,
    DeleteOp,
    Op,
    PutOp,
    Range,
    RangeOp,
    RangeReply,
    Store,
    StoreMessage,
    Txn,
    TxnReply,
)
from kubeactors.storage.backends.etcd import EtcdBackend
from kubeactors.storage.backends.etcd_client import EtcdClient
from kubeactors.storage.backends.sqlite import SqliteBackend

WRITERS = 8
PADDING = b"." * 500


async def write(store: Ref[StoreMessage], writer: int) -> None:
    """Continue counting from the stored values."""
    found = await store.ask(Range(op=RangeOp(key=f"left/{writer}")))
    assert isinstance(found, RangeReply)
    number = max((int(bytes(kv.value).split()[0]) for kv in found.kvs if isinstance(kv.value, bytes)), default=0)
    while True:
        number += 1
        value = b"%d %b" % (number, PADDING)
        ops: list[Op] = [PutOp(key=f"left/{writer}", value=value), PutOp(key=f"right/{writer}", value=value)]
        sometimes = f"sometimes/{writer}"
        ops.append(PutOp(key=sometimes, value=value) if number % 2 else DeleteOp(key=sometimes))
        reply = await store.ask(Txn(success=tuple(ops)))
        assert isinstance(reply, TxnReply)
        os.write(1, b"%d %d %d\n" % (writer, number, reply.revision))
        if writer == 0 and number % 20 == 0:
            await store.ask(Compact(revision=reply.revision - 50))


def backend_at(place: str) -> EtcdBackend | SqliteBackend:
    """The backend at a path, or in the etcd at a URL."""
    return EtcdBackend(EtcdClient([place])) if place.startswith("http") else SqliteBackend(Path(place))


async def main(place: str) -> None:
    """Run until killed."""
    backend = backend_at(place)
    async with ActorSystem() as system, anyio.create_task_group() as writers:
        store = await system.spawn(partial(Store, backend), name="store")
        for writer in range(WRITERS):
            writers.start_soon(write, store, writer)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1])

"""The process is killed during writes, repeatedly: acknowledged transactions are kept, and whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from kubeactors.storage import BytesCodec, RangeOp, RangeReply
from kubeactors.storage.mvcc import Mvcc
from tests.storage import crash_writer
from tests.storage.etcd_server import ETCD, EtcdServer

ROUNDS, ROUNDS_WITH_ETCD = 25, 9


def acknowledged_before_the_kill(place: str, lines: int) -> list[tuple[int, int, int]]:
    """Let the writer run until it has printed so many lines, kill it, and return all that it has printed."""
    command = [sys.executable, crash_writer.__file__, place]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        printed = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        printed += process.stdout.readlines()
    assert process.returncode == -9
    acknowledged: list[tuple[int, int, int]] = []
    for line in printed:
        writer, number, revision = line.split()
        acknowledged.append((int(writer), int(number), int(revision)))
    return acknowledged


def numbers(mvcc: Mvcc, prefix: str, revision: int) -> dict[int, int]:
    """The last value of each writer under that prefix, at a revision."""
    reply = mvcc.range(RangeOp(key=f"{prefix}/", range_end=f"{prefix}0", revision=revision), mvcc.revision)
    assert isinstance(reply, RangeReply)
    found: dict[int, int] = {}
    for kv in reply.kvs:
        assert isinstance(kv.value, bytes)
        number, padding = kv.value.split()
        assert padding == crash_writer.PADDING
        found[int(kv.key.split("/")[1])] = int(number)
    return found


def check_whole(mvcc: Mvcc) -> None:
    """At every readable revision, a transaction is there as a whole or not at all."""
    for revision in range(max(1, mvcc.compact_revision), mvcc.revision + 1):
        left = numbers(mvcc, "left", revision)
        assert numbers(mvcc, "right", revision) == left
        sometimes = {writer: number for writer, number in left.items() if number % 2}
        assert numbers(mvcc, "sometimes", revision) == sometimes


def check_kept(place: str, acknowledged: list[tuple[int, int, int]], revision: int) -> int:
    """All acknowledged transactions are there, and whole. Returns the revision, which has not gone back."""
    with crash_writer.backend_at(place) as backend:
        mvcc = backend.load(BytesCodec())
    assert mvcc.revision >= max(revision, *(at for _, _, at in acknowledged))
    now = numbers(mvcc, "left", 0)
    for writer, number, at in acknowledged:
        assert now[writer] >= number
        if at >= mvcc.compact_revision:
            assert numbers(mvcc, "left", at)[writer] == number
    check_whole(mvcc)
    return mvcc.revision


def test_no_acknowledged_write_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    place, revision = str(tmp_path / "store.db"), 0
    for turn in range(ROUNDS):
        revision = check_kept(place, acknowledged_before_the_kill(place, 1 + turn * 37 % 150), revision)


@pytest.mark.skipif(ETCD is None, reason="etcd is not installed")
def test_no_acknowledged_write_is_lost_when_the_process_and_its_etcd_are_killed(tmp_path: Path) -> None:
    with EtcdServer(tmp_path) as etcd:
        revision = 0
        for turn in range(ROUNDS_WITH_ETCD):
            acknowledged = acknowledged_before_the_kill(etcd.url, 1 + turn * 37 % 150)
            if turn % 3 == 0:
                etcd.kill()
                etcd.start()
            revision = check_kept(etcd.url, acknowledged, revision)

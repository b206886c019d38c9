"""`kubeactors up` in another process."""

import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import anyio
import msgspec

from benchmarks.cluster.http_client import Access, Connection


class Server(msgspec.Struct, frozen=True):
    """A running server."""

    access: Access
    pid: int
    ready_seconds: float
    """The seconds from the start of the process to its ready line."""

    def cpu_seconds(self) -> float:
        """The CPU time of its process so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def serving(nodes: int) -> AsyncGenerator[Server]:
    """A server in memory with so many nodes, all Ready."""
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "kubeconfig"
        command = [sys.executable, "-m", "kubeactors", "up", "--in-memory", "--nodes", str(nodes), "--port", "0"]
        begun = time.perf_counter()
        async with await anyio.open_process(
            [*command, "--kubeconfig", str(config), "--output", "json"], stderr=None
        ) as process:
            assert process.stdout is not None, "it is a pipe"
            await process.stdout.receive()
            server = Server(Access(config), process.pid, time.perf_counter() - begun)
            await _nodes_ready(server.access, nodes)
            try:
                yield server
            finally:
                process.terminate()


async def _nodes_ready(access: Access, nodes: int) -> None:
    connection = await Connection.open(access)
    ready = 0
    while ready < nodes:
        await anyio.sleep(0.2)
        found = cast("dict[str, list[object]]", json.loads(await connection.request("GET", "/api/v1/nodes")))
        ready = json.dumps(found["items"]).count('"KubeletReady"')

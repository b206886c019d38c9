"""A real etcd in a process of its own, for tests."""

import shutil
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

ETCD = shutil.which("etcd")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at."""
    listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in listening]
    for one in listening:
        one.close()
    return ports


class EtcdServer:
    """One member, with its data in a directory; it can be killed and started again."""

    def __init__(self, directory: Path) -> None:
        client, peer = free_ports(2)
        self.directory = directory
        self.url: str = f"http://127.0.0.1:{client}"
        self._peer = f"http://127.0.0.1:{peer}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Return when it answers."""
        assert ETCD is not None
        command = [
            ETCD, "--name=one", f"--data-dir={self.directory}", "--logger=zap", "--log-level=error",
            f"--listen-client-urls={self.url}", f"--advertise-client-urls={self.url}",
            f"--listen-peer-urls={self._peer}", f"--initial-advertise-peer-urls={self._peer}",
            f"--initial-cluster=one={self._peer}",
        ]  # fmt: skip
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        with httpx2.Client(transport=httpx2.HTTPTransport(retries=8)) as client:
            health = client.get(f"{self.url}/health", timeout=20).json()
        assert health == {"health": "true"}

    def kill(self) -> None:
        """As if its machine lost its power."""
        self._process.kill()
        self._process.wait()

"""A real etcd in processes of its own, for tests."""

import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from tests.storage.certificates import Authority, KeyPair

ETCD = shutil.which("etcd")


def free_ports(count: int) -> list[int]:
    """Free ports."""
    listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in listening]
    for one in listening:
        one.close()
    return ports


class EtcdServer:
    """One member, with its data in a directory; it can be killed and started again, paused and resumed.

    Args:
        directory: of its data.
        authority: with one it serves HTTPS, and wants a certificate of that authority from its clients.
    """

    def __init__(self, directory: Path, authority: Authority | None = None) -> None:
        client, peer = free_ports(2)
        self.directory = directory
        self.url: str = f"http{'s' if authority else ''}://127.0.0.1:{client}"
        self.peer: str = f"http://127.0.0.1:{peer}"
        self.members: Sequence[EtcdServer] = [self]
        self._authority = authority
        self._pair: KeyPair | None = authority.issue("etcd") if authority else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Return when it answers."""
        self.launch()
        self.until_healthy()

    def launch(self) -> None:
        """Start its process."""
        assert ETCD is not None
        cluster = ",".join(f"{member.name}={member.peer}" for member in self.members)
        command = [
            ETCD, f"--name={self.name}", f"--data-dir={self.directory}", "--logger=zap", "--log-level=error",
            f"--listen-client-urls={self.url}", f"--advertise-client-urls={self.url}",
            f"--listen-peer-urls={self.peer}", f"--initial-advertise-peer-urls={self.peer}",
            f"--initial-cluster={cluster}", *self._tls_options(),
        ]  # fmt: skip
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    @property
    def name(self) -> str:
        """Its name among the members."""
        return self.directory.name

    def _tls_options(self) -> Iterator[str]:
        if self._authority is not None and self._pair is not None:
            yield f"--cert-file={self._pair.certificate}"
            yield f"--key-file={self._pair.key}"
            yield f"--trusted-ca-file={self._authority.certificate}"
            yield "--client-cert-auth"

    def tls(self, client: KeyPair | None) -> ssl.SSLContext:
        """The TLS context of a client that trusts the authority and has this certificate."""
        assert self._authority is not None
        context = ssl.create_default_context(cafile=self._authority.certificate)
        if client is not None:
            context.load_cert_chain(*client)
        return context

    def until_healthy(self) -> None:
        """Return when it answers, and its cluster has a leader."""
        verify = self.tls(self._pair) if self._pair else True
        with httpx2.Client(transport=httpx2.HTTPTransport(verify=verify, retries=8)) as client:
            while client.get(f"{self.url}/health", timeout=20).json() != {"health": "true"}:
                pass

    def pause(self) -> None:
        """Pause its process: it accepts connections but does not answer."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume its process."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill its process, as if its machine lost power."""
        self._process.kill()
        self._process.wait()

    def ask(self, path: str, body: dict[str, object], token: str = "") -> dict[str, str]:
        """Send a request to the JSON gateway. Returns its reply."""
        headers = {"Authorization": token} if token else {}
        reply = httpx2.post(f"{self.url}/v3/{path}", json=body, headers=headers)
        assert reply.is_success, reply.text
        found: dict[str, str] = reply.json()
        return found


@contextmanager
def etcd_cluster(directory: Path, size: int = 3) -> Generator[list[EtcdServer]]:
    """Members of one cluster."""
    members = [EtcdServer(directory / f"member-{number}") for number in range(size)]
    with ExitStack() as stack:
        for member in members:
            member.members = members
            member.launch()
            stack.callback(member.kill)
        for member in members:
            member.until_healthy()
        yield members

"""Sandboxes of the runtimes in this process, and what these runtimes demand of their containers."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from kubeactors.api.core.v1 import Probe
from kubeactors.api.core.v1.probe import LifecycleHandler
from kubeactors.kubelet.runtimes.question import FindName, NameFound, Visit, Visited, WebRequest
from kubeactors.kubelet.runtimes.runtime import (
    ContainerStats,
    ExecConfig,
    HookResult,
    LogPage,
    PodSandbox,
    PodSandboxConfig,
    ProbeResult,
    RuntimeContainer,
)
from kubeactors.kubelet.runtimes.shell.processes import Processes
from kubeactors.kubelet.runtimes.streams import Input, Output
from kubeactors.message import Recipient

if TYPE_CHECKING:
    from kubeactors.kubelet.runtimes.table import RuntimeTable


class RunningContainer(Protocol):
    """One start of a container of some kind. See `ContainerRuntime` for the calls."""

    @property
    def id(self) -> str:
        """The ID, unique on the node."""
        ...

    @property
    def sandbox_id(self) -> str:
        """The ID of its sandbox."""
        ...

    def start(self, now: int) -> None:
        """Start it."""
        ...

    def stop(self, timeout_seconds: float, now: int) -> None:
        """Ask it to stop; kill it after the timeout."""
        ...

    def kill(self, now: int) -> None:
        """Kill it, unless it has exited."""
        ...

    def status(self, now: int) -> RuntimeContainer:
        """Its present status."""
        ...

    def next_change(self, now: int) -> int | None:
        """When it will next change by itself; None if never."""
        ...

    def probe(self, kind: str, probe: Probe, now: int) -> ProbeResult | None:
        """Probe it; None while the probe is in flight."""
        ...

    def run_hook(self, kind: str, hook: LifecycleHandler, now: int) -> HookResult | None:
        """Run a hook other than a sleep; None while it is running."""
        ...

    def log(self, now: int, skip: int) -> LogPage:
        """Its log."""
        ...

    def stats(self, now: int) -> ContainerStats:
        """Its usage."""
        ...

    def answer(self, port: int) -> str | None:
        """Its response to HTTP requests, if it is known in advance; None if it does not listen."""
        ...

    def exec(self, config: ExecConfig, output: Recipient[Output], now: int) -> Recipient[Input]:
        """Run a command in it."""
        ...

    def attach(self, output: Recipient[Output], now: int) -> Recipient[Input]:
        """Attach a client."""
        ...


class Sandbox:
    """A sandbox and its containers, oldest first."""

    __slots__ = ("_processes", "config", "containers", "id", "ip", "ready", "table", "warnings")

    def __init__(
        self, id_: str, config: PodSandboxConfig, ip: str, warnings: tuple[str, ...], table: "RuntimeTable"
    ) -> None:
        self.id: str = id_
        self.config: PodSandboxConfig = config
        self.ip: str = ip
        self.ready: bool = True
        self.warnings: tuple[str, ...] = warnings
        self.containers: list[RunningContainer] = []
        self.table: RuntimeTable = table
        self._processes: Processes | None = None
        """The simulated commands; most sandboxes have none."""

    def processes(self, now: int) -> Processes:
        """The processes of its simulated commands."""
        if self._processes is None:
            self._processes = Processes(now, self._find_name, self._visit)
        return self._processes

    def advance(self, now: int) -> None:
        """Advance the simulated commands to this time."""
        if self._processes is not None:
            self._processes.advance(now)

    def roused(self) -> None:
        """Report that a simulated command has unforeseen work, such as input."""
        if not self.table.changed(self.config.uid) and self._processes is not None:
            self._processes.advance(self._processes.clock)

    def _find_name(self, name: str, found: Callable[[NameFound], None]) -> None:
        self.table.inquiries.ask(FindName(self.config.uid, name, found))

    def _visit(self, host: str, port: int, request: WebRequest, visited: Callable[[Visited], None]) -> None:
        """Make an HTTP request; targets in the same sandbox do not need the kubelet."""
        if host not in {"localhost", "127.0.0.1", self.ip, self.config.hostname}:
            self.table.inquiries.ask(Visit(self.config.uid, host, port, request, visited))
            return
        answers = (one.answer(port) for one in self.containers)
        text = next((one for one in answers if one is not None), None)
        visited(Visited(address="127.0.0.1", status=0 if text is None else 200, body=text or ""))

    def seen(self) -> PodSandbox:
        """The sandbox for the kubelet."""
        ip = self.ip if self.ready else ""
        return PodSandbox(id=self.id, config=self.config, ip=ip, ready=self.ready, warnings=self.warnings)

"""A container that runs nothing, with declared behaviour."""

import re
from collections.abc import Iterator

from kubeactors.api.core.v1 import Container, ContainerStatus, Probe
from kubeactors.api.core.v1.probe import LifecycleHandler
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.time import parse_time
from kubeactors.kubelet.runtimes.attached import Attached
from kubeactors.kubelet.runtimes.behaviour import Behaviour
from kubeactors.kubelet.runtimes.curves import Curve
from kubeactors.kubelet.runtimes.request_load import REPLY, RequestLoad, serves_with_load
from kubeactors.kubelet.runtimes.runtime import (
    NOT_SERVING,
    ContainerConfig,
    ContainerState,
    ContainerStats,
    ExecConfig,
    HookResult,
    LogLine,
    LogPage,
    ProbeResult,
    RuntimeContainer,
)
from kubeactors.kubelet.runtimes.sandbox import Sandbox
from kubeactors.kubelet.runtimes.sessions import Disk, Sessions
from kubeactors.kubelet.runtimes.shell.knowledge import is_known
from kubeactors.kubelet.runtimes.shell.users import user_of
from kubeactors.kubelet.runtimes.streams import Input, Output
from kubeactors.kubelet.runtimes.table import KILLED, image_id, reason_of
from kubeactors.kubelet.runtimes.web_pages import index_of
from kubeactors.message import Recipient

SECOND = 1_000_000_000
HOOK_SECONDS = 3600.0
"""A hook has no time limit of its own; the container's grace period ends it."""
OOM_KILLED = "OOMKilled"
_WELL = ProbeResult(success=True, steady=True)
_exit = re.compile(r"\s*exit\s+(\d{1,3})\s*;?\s*")


class SimulatedContainer:
    """A container and the times of its life; None if a time is not decided."""

    __slots__ = (
        "_behaviour",
        "_config",
        "_created_at",
        "_disk_made",
        "_exit_code",
        "_finishes_at",
        "_load",
        "_reason",
        "_sandbox",
        "_sessions",
        "_starts_at",
        "id",
    )

    def __init__(self, id_: str, sandbox: Sandbox, config: ContainerConfig, behaviour: Behaviour, now: int) -> None:
        self.id: str = id_
        self._sandbox = sandbox
        self._config = config
        self._behaviour = behaviour
        self._created_at = now
        self._starts_at: int | None = None
        self._finishes_at: int | None = None
        self._exit_code = 0
        self._reason = ""
        self._disk_made: Disk | None = None
        self._load: RequestLoad | None = (
            RequestLoad(config.container, now) if serves_with_load(config.container, behaviour) else None
        )
        self._sessions: Sessions | None = None
        """The commands in it; most containers never have any."""

    @property
    def _disk(self) -> Disk:
        if self._disk_made is None:
            context = self._config.container.security_context
            read_only = context is not None and bool(context.read_only_root_filesystem)
            user = user_of(self._sandbox.config.spec.security_context, context)
            self._disk_made = Disk(self._sandbox, read_only=read_only, user=user)
        return self._disk_made

    @property
    def sandbox_id(self) -> str:
        """See `RunningContainer`."""
        return self._sandbox.id

    def start(self, now: int) -> None:
        """See `RunningContainer`."""
        declared = self._behaviour
        begin = self._starts_at = now + int(declared.start_seconds * SECOND)
        code = exit_code(self._config.container)
        if code is not None:
            self._end(begin, code)
        elif declared.run_seconds is not None and (declared.crashes is None or self._config.attempt < declared.crashes):
            self._end(begin + int(declared.run_seconds * SECOND), declared.exit_code)
        exceeded = memory_exceeded(self._config.container, declared.memory)
        if exceeded is not None:
            self._end(begin + exceeded, KILLED, OOM_KILLED)

    def resume(self, status: ContainerStatus, now: int) -> None:
        """Restore the state in a status: running since its start, with the exit still to come; or exited."""
        running, over = status.state.running, status.state.terminated
        if running is not None and running.started_at is not None:
            began = min(parse_time(running.started_at), now)  # the reported time may be by a clock that is ahead
            self.start(began - int(self._behaviour.start_seconds * SECOND))
        elif over is not None:
            self._starts_at = parse_time(over.started_at) if over.started_at else None
            self._end(parse_time(over.finished_at) if over.finished_at else now, over.exit_code, over.reason)

    def stop(self, timeout_seconds: float, now: int) -> None:
        """See `RunningContainer`."""
        wanted = self._behaviour.stop_seconds
        if wanted <= timeout_seconds:
            self._end(now + int(wanted * SECOND), 0)
        else:
            self._end(now + int(timeout_seconds * SECOND), KILLED)

    def kill(self, now: int) -> None:
        """See `RunningContainer`."""
        self._end(now, KILLED)

    def status(self, now: int) -> RuntimeContainer:
        """See `RunningContainer`."""
        state = self._state(now)
        exited = state is ContainerState.EXITED
        if exited and self._sessions is not None:
            self._sessions.end()
        started = self._starts_at if self._starts_at is not None and self._has_begun(self._starts_at, now) else None
        image = self._config.container.image
        return RuntimeContainer(
            id=self.id,
            name=self._config.container.name,
            attempt=self._config.attempt,
            image=image,
            image_id=image_id(image),
            state=state,
            created_at=self._created_at,
            started_at=started or 0,
            finished_at=(self._finishes_at or 0) if exited else 0,
            exit_code=self._exit_code if exited else 0,
            reason=(self._reason or reason_of(self._exit_code)) if exited else "",
        )

    def next_change(self, now: int) -> int | None:
        """See `RunningContainer`."""
        times = [self._starts_at, self._finishes_at]
        if self._sessions is not None:
            times.append(self._sessions.next_change(now))
        return min((one for one in times if one is not None and one > now), default=None)

    def probe(self, kind: str, probe: Probe, now: int) -> ProbeResult | None:
        """The declared result; by default running containers are healthy."""
        declared = self._behaviour
        curve = {"Startup": declared.startup, "Readiness": declared.readiness, "Liveness": declared.liveness}[kind]
        since = now - (self._starts_at or now)
        success, steady = curve.at(since), curve.is_last(since)
        if success:
            return _WELL if steady else ProbeResult(success=True)
        return ProbeResult(success=False, steady=steady, output=failure_of(probe, self._sandbox.ip))

    def run_hook(self, kind: str, hook: LifecycleHandler, now: int) -> HookResult | None:
        """Run a simulated command; requests, and commands that cannot be simulated, succeed."""
        if hook.exec is None or not is_known(hook.exec.command):
            return HookResult(success=True)
        answer = self._answer(kind, hook.exec.command, HOOK_SECONDS, now)
        return None if answer is None else HookResult(success=answer.success, output=answer.output)

    def log(self, now: int, skip: int) -> LogPage:
        """A plausible log of a server: its image, its command, its ports, its exit."""
        lines = tuple(self._lines(now))
        return LogPage(lines[skip:], len(lines))

    def stats(self, now: int) -> ContainerStats:
        """The declared usage."""
        if self._starts_at is None or self._state(now) is not ContainerState.RUNNING:
            return ContainerStats()
        since, declared = now - self._starts_at, self._behaviour
        used = 0
        ends = [*(begin for begin, _ in declared.cpu.steps[1:]), since]
        for (begin, cores), end in zip(declared.cpu.steps, ends, strict=True):
            used += cores * max(min(end, since) - begin, 0) // SECOND
        load = self._load
        return ContainerStats(
            cpu_nano_cores=declared.cpu.at(since) + (load.nano_cores(now) if load is not None else 0),
            cpu_nano_seconds=used + (load.nano_seconds if load is not None else 0),
            memory_bytes=declared.memory.at(since),
            disk_bytes=declared.disk.at(since) + (self._disk_made.root.size if self._disk_made is not None else 0),
            processes=declared.processes.at(since),
        )

    def answer(self, port: int) -> str | None:
        """The declared response, or the index page, or text that identifies the container."""
        if self._finishes_at is not None:
            return None
        text = served(self._config.container, self._behaviour, port, self._sandbox.config.name)
        if text is None or self._behaviour.answer:
            return text
        if self._load is not None:
            self._load.add()
            return REPLY
        page = self._page()
        return text if page is None else page

    def _page(self) -> str | None:
        """The index page of its web server; None if it has none."""
        path = index_of(self._config.container.image)
        if not path or (self._disk_made is None and not self._config.mounts):
            return None
        file = self._disk.seen(self._config.mounts, self._created_at).find(path)
        return None if file is None else file.data.decode(errors="replace")

    def exec(self, config: ExecConfig, output: Recipient[Output], now: int) -> Recipient[Input]:
        """Run a simulated command (`shell/`)."""
        return self._commands().exec(config, output, now)

    def attach(self, output: Recipient[Output], now: int) -> Recipient[Input]:
        """Attach a client; the container writes nothing."""
        return Attached(output)

    def _state(self, now: int) -> ContainerState:
        if self._finishes_at is not None and self._finishes_at <= now:
            return ContainerState.EXITED
        if self._starts_at is not None and self._starts_at <= now:
            return ContainerState.RUNNING
        return ContainerState.CREATED

    def _has_begun(self, begin: int, now: int) -> bool:
        """Whether it has started by now: not if it was stopped before that."""
        return begin <= now and (self._finishes_at is None or begin <= self._finishes_at)

    def _end(self, now: int, code: int, reason: str = "") -> None:
        """Set its exit, unless it exits earlier."""
        if self._finishes_at is None or self._finishes_at > now:
            self._finishes_at, self._exit_code, self._reason = now, code, reason

    def _commands(self) -> Sessions:
        if self._sessions is None:
            spec = self._config.container
            title = " ".join((*spec.command, *spec.args)) or image_id(spec.image).partition("@")[0].rpartition("/")[2]
            self._sessions = Sessions(self._sandbox, self._disk, title=title)
        return self._sessions

    def _answer(self, kind: str, command: tuple[str, ...], seconds: float, now: int) -> ProbeResult | None:
        """The result of a simulated command; None while it is running. A timeout is a failure."""
        config = self._config
        answer = self._commands().ask(kind, command, (config.env, config.mounts), now + int(seconds * SECOND), now)
        if answer is None:
            return None
        if answer.exit_code is None:
            text = f'command timed out: "{" ".join(command)}" timed out after {seconds:g}s'
            return ProbeResult(success=False, output=text)
        return ProbeResult(success=answer.exit_code == 0, output=answer.output)

    def _lines(self, now: int) -> Iterator[LogLine]:
        seen, spec = self.status(now), self._config.container
        if not seen.started_at:
            return
        sandbox = self._sandbox.config
        yield LogLine(
            seen.started_at, f"container {spec.name} of pod {sandbox.namespace}/{sandbox.name} runs image {spec.image}"
        )
        command = (*spec.command, *spec.args)
        yield LogLine(seen.started_at, f"command: {' '.join(command)}" if command else "command: the image's own")
        for port in spec.ports:
            yield LogLine(seen.started_at, f"listening on port {port.container_port}")
        yield from self._declared_lines(seen, now)
        if seen.state is ContainerState.EXITED:
            yield LogLine(seen.finished_at, f"exit {seen.exit_code}")

    def _declared_lines(self, seen: RuntimeContainer, now: int) -> Iterator[LogLine]:
        declared = self._behaviour
        if not declared.log:
            return
        yield LogLine(seen.started_at, declared.log)
        every = int(declared.log_seconds * SECOND)
        if every:
            end = seen.finished_at or now
            for number in range(1, (end - seen.started_at) // every + 1):
                yield LogLine(seen.started_at + number * every, declared.log)


def served(container: Container, behaviour: Behaviour, port: int, pod: str) -> str | None:
    r"""The response of a server at a port; None if it has other ports. Without declared ports it listens on all.

    >>> served(Container(name="c", image="example/web"), Behaviour(), 80, "web-0")
    'container c of pod web-0 runs image example/web\n'
    """
    ports = [one.container_port for one in container.ports]
    if ports and port not in ports:
        return None
    return f"{behaviour.answer or f'container {container.name} of pod {pod} runs image {container.image}'}\n"


def failure_of(probe: Probe, address: str) -> str:
    """The output of a probe that is declared to fail.

    Source: pkg/probe/{http,tcp,grpc} (v1.36).

    >>> from kubeactors.api.core.v1.probe import TCPSocketAction
    >>> failure_of(Probe(tcp_socket=TCPSocketAction(port=80)), "10.0.0.2")
    'dial tcp 10.0.0.2:80: connect: connection refused'
    """
    if probe.http_get is not None:
        return "HTTP probe failed with statuscode: 500"
    if probe.tcp_socket is not None:
        return f"dial tcp {address}:{probe.tcp_socket.port}: connect: connection refused"
    return NOT_SERVING if probe.grpc is not None else "declared to fail"


def memory_exceeded(container: Container, curve: Curve[int]) -> int | None:
    """How long after its start, in nanoseconds, a container exceeds its memory limit; None if it never does."""
    limit = container.resources.limits.get("memory")
    if limit is None:
        return None
    most = quantity.parse(limit).nanos // quantity.NANOS
    return next((step for step, size in curve.steps if size > most), None)


def exit_code(container: Container) -> int | None:
    """The code with which a container of this command exits by itself; None if it runs forever.

    >>> exit_code(Container(command=("sh", "-c", "exit 3"))), exit_code(Container(command=("sleep", "60")))
    (3, None)
    """
    match (*container.command, *container.args):
        case [("sh" | "/bin/sh"), "-c", script]:
            found = _exit.fullmatch(script)
            return int(found[1]) & 0xFF if found else None
        case _:
            return None

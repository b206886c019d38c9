"""A simulated container whose command is run by the simulated shell (`shell/`).

As in any container the first process ignores SIGTERM unless its script traps it: then it is killed (exit code 137) at
the end of its grace period.
"""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, Probe
from kubeactors.kubelet.runtimes.behaviour import OK, Behaviour
from kubeactors.kubelet.runtimes.container_log import ContainerLog
from kubeactors.kubelet.runtimes.runtime import (
    ContainerConfig,
    LogPage,
    Mount,
    ProbeResult,
    RuntimeContainer,
)
from kubeactors.kubelet.runtimes.sandbox import Sandbox
from kubeactors.kubelet.runtimes.sessions import Sessions, environment_of
from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.interpreter import run_command
from kubeactors.kubelet.runtimes.shell.knowledge import is_known, is_script
from kubeactors.kubelet.runtimes.shell.machine import Call, Machine
from kubeactors.kubelet.runtimes.shell.pipes import BrokenPipe, Pipe, Streams
from kubeactors.kubelet.runtimes.shell.processes import KILLED, SECOND, Processes, Run
from kubeactors.kubelet.runtimes.shell.terminal import Screen, Terminal
from kubeactors.kubelet.runtimes.simulated_container import (
    OOM_KILLED,
    SimulatedContainer,
    exit_code,
    memory_exceeded,
)
from kubeactors.kubelet.runtimes.streams import Ended, HungUp, Input, Output, Stderr, Stdin, StdinClosed, Stdout
from kubeactors.message import Recipient

LOOK_SECONDS = 10
"""How often an unobserved container that does not exit by itself is advanced."""
MAX_MESSAGE_BYTES, MAX_LOG_MESSAGE_BYTES, MAX_LOG_MESSAGE_LINES = 4096, 2048, 80
"""The maximum length of a termination message. Source: pkg/kubelet/container/runtime.go (v1.36)."""
SHELL = ("sh",)


def command_of(container: Container, mounts: tuple[Mount, ...] = (), *, is_task: bool = False) -> tuple[str, ...]:
    """The container's command if it can be simulated: its command and arguments, or a shell if it has a stdin.

    A mounted file is taken for a script. For a task it is enough that the script can be parsed.

    >>> command_of(Container(args=("echo", "hi"))), command_of(Container(command=("/app",))), command_of(Container())
    (('echo', 'hi'), (), ())
    >>> command_of(Container(command=("sh", "-c", "make")), is_task=True)
    ('sh', '-c', 'make')
    """
    if container.command or container.args:
        command = container.command + container.args
        if any(one.files is not None and _is_below(command[0], one.path) for one in mounts):
            command = (*SHELL, *command)
        return command if is_known(command) or (is_task and is_script(command)) else ()
    return SHELL if container.stdin else ()


def names_a_mounted_file(container: Container) -> bool:
    """Whether a container's command is a file in one of its volumes."""
    command = container.command or container.args
    return bool(command) and any(_is_below(command[0], one.mount_path) for one in container.volume_mounts)


def _is_below(path: str, directory: str) -> bool:
    return path.startswith(directory.rstrip("/") + "/")


class _ToLog:
    """A stream that writes to the container's log."""

    __slots__ = ("_kind", "_log")

    def __init__(self, log: ContainerLog, kind: type[Stdout | Stderr]) -> None:
        self._log = log
        self._kind = kind

    def write(self, data: bytes, /) -> None:
        """See `Sink`."""
        if data:
            self._log.write(data.decode(errors="replace"), self._kind)


class CommandContainer(SimulatedContainer):
    """One start of a container whose command is simulated."""

    __slots__ = ("_log", "_machine", "_message", "_processes", "_reads", "_terminal")

    def __init__(self, id_: str, sandbox: Sandbox, config: ContainerConfig, behaviour: Behaviour, now: int) -> None:
        super().__init__(id_, sandbox, config, behaviour, now)
        container = config.container
        self._processes: Processes = sandbox.processes(now)
        self._log = ContainerLog(self._processes.now)
        self._reads = Pipe(closed=not container.stdin)
        self._terminal: Terminal | None = None
        self._message = ""
        disk = self._disk
        files = disk.files(config.mounts, now)
        if container.termination_message_path:
            path = container.termination_message_path.strip("/")
            disk.root.write(path, b"", now)
        self._machine = Machine(files, sandbox.config.hostname, self._processes, _ToLog(self._log, Stdout))
        self._machine.user = disk.user
        self._machine.skips_unknown = container.name in sandbox.config.tasks
        self._sessions = Sessions(sandbox, disk, self._machine)

    def start(self, now: int) -> None:
        """See `RunningContainer`."""
        begin = self._starts_at = now + int(self._behaviour.start_seconds * SECOND)
        container, machine = self._config.container, self._machine
        env = environment_of(machine.hostname, self._config.env)
        directory = container.working_dir or "/"
        if directory != "/":
            self._disk.root.make_directories(directory.strip("/"))
        command = command_of(container, self._config.mounts, is_task=machine.skips_unknown)
        call = Call(list(command), {**env, "PWD": directory}, directory, self._streams(), machine)
        machine.title = " ".join(command)
        machine.main = self._processes.spawn(run_command(call), machine, begin)
        machine.main.on_end = self._main_ended
        exceeded = memory_exceeded(container, self._behaviour.memory)
        if exceeded is not None:
            self._kill_at(begin + exceeded, OOM_KILLED)

    def stop(self, timeout_seconds: float, now: int) -> None:
        """Signal the first process; kill it after the timeout."""
        self._sandbox.advance(now)
        declared = self._behaviour.stop_seconds
        if declared and declared <= timeout_seconds:
            self._processes.spawn(self._ending(0, ""), self, now + int(declared * SECOND))
        else:
            self._machine.signal("TERM")
            self._kill_at(now + int(timeout_seconds * SECOND))
        if self._machine.main is not None:
            self._machine.main.is_endless = False
        self._sandbox.advance(now)

    def kill(self, now: int) -> None:
        """See `RunningContainer`."""
        self._sandbox.advance(now)
        self._finish(KILLED)

    def status(self, now: int) -> RuntimeContainer:
        """See `RunningContainer`."""
        self._sandbox.advance(now)
        seen = super().status(now)
        return replace(seen, message=self._message) if self._message else seen

    def next_change(self, now: int) -> int | None:
        """See `RunningContainer`."""
        times = [super().next_change(now), self._processes.next_due(self)]
        due, main = self._processes.next_due(self._machine), self._machine.main
        if due is not None and main is not None and main.is_endless and not self._log.attached:
            due = max(due, now + LOOK_SECONDS * SECOND)
        times.append(due)
        return min((one for one in times if one is not None and one > now), default=None)

    def probe(self, kind: str, probe: Probe, now: int) -> ProbeResult | None:
        """The declared result; otherwise an exec probe runs its command if that can be simulated."""
        declared = self._behaviour
        curve = {"Startup": declared.startup, "Readiness": declared.readiness, "Liveness": declared.liveness}[kind]
        if probe.exec is None or curve is not OK or not is_known(probe.exec.command):
            return super().probe(kind, probe, now)
        return self._answer(kind, probe.exec.command, max(probe.timeout_seconds, 1), now)

    def answer(self, port: int) -> str | None:
        """None: commands do not listen."""
        return None

    def log(self, now: int, skip: int) -> LogPage:
        """The output of the command."""
        self._sandbox.advance(now)
        return self._log.page(skip)

    def attach(self, output: Recipient[Output], now: int) -> Recipient[Input]:
        """See `RunningContainer`."""
        self._sandbox.advance(now)
        if self._finishes_at is None:
            self._log.attached.append(output)
            self._sandbox.table.changed(self._sandbox.config.uid)
        else:
            output.tell(Ended(0))
        return _Attached(self, output)

    def take(self, message: Input, output: Recipient[Output]) -> None:
        """Handle input of an attached client, or its disconnection."""
        container = self._config.container
        match message:
            case Stdin(data):
                self._type(data)
            case StdinClosed() if container.stdin_once:
                self._reads.close()
            case HungUp() if output in self._log.attached:
                self._log.attached.remove(output)
                if container.stdin_once:
                    self._reads.close()
            case _:
                return
        self._sandbox.roused()

    def _type(self, data: bytes) -> None:
        try:
            if self._terminal is not None:
                self._terminal.type(data)
            elif self._config.container.stdin:
                self._reads.write(data)
        except BrokenPipe:
            self._reads.close()

    def _streams(self) -> Streams:
        """The streams of the first process."""
        output, error = _ToLog(self._log, Stdout), _ToLog(self._log, Stderr)
        if not self._config.container.tty:
            return Streams(self._reads, output, error)
        screen = Screen(output)
        self._terminal = Terminal(self._reads, screen, self._interrupt)
        return Streams(self._reads, screen, screen, screen)

    def _interrupt(self) -> None:
        if self._machine.main is not None:
            self._machine.main.interrupt(self._processes.clock)

    # Exiting.

    def _kill_at(self, time: int, reason: str = "") -> None:
        self._processes.spawn(self._ending(KILLED, reason), self, time)

    def _ending(self, code: int, reason: str) -> Run:
        """A process outside the container that ends it."""
        yield from ()
        self._finish(code, reason)
        return 0

    def _finish(self, code: int, reason: str = "") -> None:
        """Exit now, unless it has exited."""
        main = self._machine.main
        if main is None:
            self._main_ended(code)
        elif not main.is_over:
            self._reason = reason
            main.end(code)

    def _main_ended(self, code: int) -> None:
        if self._finishes_at is not None:
            return
        self._end(self._processes.clock, code, self._reason)
        self._processes.kill(self._machine)
        self._processes.kill(self)
        self._commands().end()
        self._log.close()
        self._message = self._termination_message(code)
        for one in self._log.attached:
            one.tell(Ended(0))
        self._log.attached.clear()
        self._sandbox.table.changed(self._sandbox.config.uid)

    def _termination_message(self, code: int) -> str:
        """The termination message: its message file, or the end of its log by FallbackToLogsOnError."""
        container = self._config.container
        try:
            message = self._machine.files.read(container.termination_message_path or "/dev/termination-log")
        except FileError:
            message = b""
        if not message and code and container.termination_message_policy == "FallbackToLogsOnError":
            lines = [one.text for one in self._log.page(0).lines[-MAX_LOG_MESSAGE_LINES:]]
            return "\n".join(lines)[-MAX_LOG_MESSAGE_BYTES:]
        return message[:MAX_MESSAGE_BYTES].decode(errors="replace")


class _Attached:
    """An attached client, which sees the output and may type."""

    __slots__ = ("_container", "_output")

    def __init__(self, container: CommandContainer, output: Recipient[Output]) -> None:
        self._container = container
        self._output = output

    def tell(self, message: Input, /) -> bool:
        """Handle input."""
        self._container.take(message, self._output)
        return True


def is_played(
    container: Container, behaviour: Behaviour, mounts: tuple[Mount, ...] = (), *, is_task: bool = False
) -> bool:
    """Whether a container runs its command: its exit and its log are not declared otherwise."""
    if not (container.command or container.args or container.stdin):
        return False
    is_declared = behaviour.run_seconds is not None or bool(behaviour.log)
    return not is_declared and bool(command_of(container, mounts, is_task=is_task)) and exit_code(container) is None

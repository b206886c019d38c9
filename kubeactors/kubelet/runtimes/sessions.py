"""Commands in a container besides its first process: of `exec`, probes and hooks."""

from collections.abc import Mapping

import msgspec

from kubeactors.kubelet.runtimes.coroutine_commands import MAX_OUTPUT_BYTES
from kubeactors.kubelet.runtimes.network_files import hosts_file, resolver_file
from kubeactors.kubelet.runtimes.published import plain_tree
from kubeactors.kubelet.runtimes.runtime import ExecConfig, Mount
from kubeactors.kubelet.runtimes.sandbox import Sandbox
from kubeactors.kubelet.runtimes.shell.catalogue import exists
from kubeactors.kubelet.runtimes.shell.files import FileSystem, MountPoint, Tree
from kubeactors.kubelet.runtimes.shell.interpreter import run_command
from kubeactors.kubelet.runtimes.shell.machine import ROOT, Call, Machine
from kubeactors.kubelet.runtimes.shell.pipes import BrokenPipe, Collected, Nowhere, Pipe, Streams
from kubeactors.kubelet.runtimes.shell.processes import KILLED, Process
from kubeactors.kubelet.runtimes.shell.terminal import Screen, Terminal
from kubeactors.kubelet.runtimes.shell.users import User
from kubeactors.kubelet.runtimes.streams import (
    Ended,
    HungUp,
    Input,
    Output,
    Resized,
    Stderr,
    Stdin,
    StdinClosed,
    Stdout,
)
from kubeactors.message import Recipient

CANNOT_START, HANG_UP = 126, 129
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment_of(hostname: str, env: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command: the usual variables, and the container's."""
    return {"PATH": DEFAULT_PATH, "HOSTNAME": hostname, "HOME": "/root", **env}


def not_found(command: tuple[str, ...]) -> str:
    """The error for a command that does not exist. Source of the message: runc."""
    name = command[0] if command else ""
    return (
        f"OCI runtime exec failed: exec failed: unable to start container process: exec: "
        f'"{name}": executable file not found in $PATH'
    )


class Disk:
    """The file system of a container over its life: its own layer stays, mounts may change.

    Args:
        sandbox: the pod's sandbox.
        read_only: whether its own layer is read-only.
        user: the user that runs its processes.
    """

    __slots__ = ("_read_only", "_sandbox", "root", "user")

    def __init__(self, sandbox: Sandbox, *, read_only: bool, user: User = ROOT) -> None:
        self.user: User = user
        config = sandbox.config
        hosts = hosts_file(config.spec, config.name, config.namespace, sandbox.ip)
        self.root: Tree = Tree(
            {
                "etc/hostname": f"{config.hostname}\n".encode(),
                "etc/hosts": hosts.encode(),
                "etc/resolv.conf": resolver_file(config.spec, config.namespace).encode(),
            }
        )
        self._sandbox = sandbox
        self._read_only = read_only

    def files(self, mounts: tuple[Mount, ...], now: int, kept: Mapping[str, bytes] | None = None) -> FileSystem:
        """The file system with these volumes."""
        points = tuple(self._point(one, now) for one in mounts)
        return FileSystem(self.root, points, kept, read_only=self._read_only)

    def seen(self, mounts: tuple[Mount, ...], now: int) -> FileSystem:
        """The file system as it is: reading updates nothing."""
        table = self._sandbox.table
        points = (MountPoint(one.path.rstrip("/"), table.seen(one, now), one.sub_path.strip("/")) for one in mounts)
        return FileSystem(self.root, tuple(points), read_only=True)

    def _point(self, mount: Mount, now: int) -> MountPoint:
        path, part = mount.path.rstrip("/"), mount.sub_path.strip("/")
        if mount.files is not None:
            tree = plain_tree(mount) if part else self._sandbox.table.published(mount, now)
            return MountPoint(path, tree, part, read_only=True)
        tree = self._sandbox.table.directory(mount.directory)
        tree.make_directories(part)
        return MountPoint(path, tree, part, read_only=mount.read_only)


class _Told:
    """A stream that sends what is written to a recipient."""

    __slots__ = ("_kind", "_output")

    def __init__(self, output: Recipient[Output], kind: type[Stdout | Stderr]) -> None:
        self._output = output
        self._kind = kind

    def write(self, data: bytes, /) -> None:
        """See `Sink`."""
        if data:
            self._output.tell(self._kind(data))


class Execution:
    """A command of `exec`, which receives input, and sends its output and finally its exit.

    Args:
        machine: runs the command, and nothing else.
        config: the command.
        output: the recipient of output.
        sandbox: the container's sandbox.
    """

    def __init__(self, machine: Machine, config: ExecConfig, output: Recipient[Output], sandbox: Sandbox) -> None:
        self.machine: Machine = machine
        self._sandbox = sandbox
        self._reads = Pipe()
        self._terminal: Terminal | None = None
        stdout, stderr = _Told(output, Stdout), _Told(output, Stderr)
        streams = Streams(self._reads, stdout, stderr)
        if config.tty:
            screen = Screen(stdout)
            streams = Streams(self._reads, screen, screen, screen)
            self._terminal = Terminal(self._reads, screen, self._interrupt)
        env = environment_of(machine.hostname, config.env)
        call = Call(list(config.command), env, "/", streams, machine)
        self._process = machine.processes.spawn(run_command(call), machine)
        self._process.on_end = lambda code: _end(output, code)

    @property
    def is_over(self) -> bool:
        """Whether the command has exited."""
        return self._process.is_over

    def tell(self, message: Input, /) -> bool:
        """Handle input."""
        if self.is_over:
            return False
        match message:
            case Stdin(data):
                self._type(data)
            case StdinClosed():
                self._reads.close()
            case HungUp():
                self.end(HANG_UP)
            case Resized():
                return True
        self._sandbox.roused()
        return not self.is_over

    def end(self, code: int) -> None:
        """End the command, and all that it has started."""
        self._process.end(code)
        self.machine.processes.kill(self.machine)

    def _type(self, data: bytes) -> None:
        try:
            if self._terminal is not None:
                self._terminal.type(data)
            else:
                self._reads.write(data)
        except BrokenPipe:
            self._reads.close()

    def _interrupt(self) -> None:
        self._process.interrupt(self.machine.processes.clock)


def _end(output: Recipient[Output], code: int) -> None:
    output.tell(Ended(code))


class Answer(msgspec.Struct, frozen=True):
    """The exit code of a command of a probe or hook, None for a timeout; and its output."""

    exit_code: int | None
    output: str = ""


class Question:
    """A command of a probe or hook.

    Args:
        machine: runs the command, and nothing else.
        command: the command.
        env: the container's environment.
        until: when it times out, in Unix nanoseconds.
    """

    def __init__(self, machine: Machine, command: tuple[str, ...], env: Mapping[str, str], until: int) -> None:
        self._collected = Collected()
        self.machine: Machine = machine
        self.until: int = until
        streams = Streams(Pipe(closed=True), self._collected, self._collected)
        call = Call(list(command), environment_of(machine.hostname, env), "/", streams, machine)
        self._process: Process = machine.processes.spawn(run_command(call), machine)

    def answer(self, now: int) -> Answer | None:
        """The result; None while the command is running."""
        if self._process.exit_code is not None:
            text = bytes(self._collected.data[:MAX_OUTPUT_BYTES]).decode(errors="replace")
            return Answer(self._process.exit_code, text)
        if now < self.until:
            return None
        self.end()
        return Answer(None)

    def end(self) -> None:
        """End the command."""
        self._process.end(KILLED)
        self.machine.processes.kill(self.machine)


class Sessions:
    """All commands in a container besides its first process.

    Args:
        sandbox: the pod's sandbox.
        disk: the container's file system.
        machine: the machine of the first process, if that is a simulated command.
        title: the title of the first process otherwise.
    """

    __slots__ = ("_disk", "_executions", "_machine", "_questions", "_sandbox", "_title")

    def __init__(self, sandbox: Sandbox, disk: Disk, machine: Machine | None = None, title: str = "") -> None:
        self._sandbox = sandbox
        self._disk = disk
        self._machine = machine
        self._title = title
        self._executions: list[Execution] = []
        self._questions: dict[str, Question] = {}

    def exec(self, config: ExecConfig, output: Recipient[Output], now: int) -> Recipient[Input]:
        """Run a command of `exec`."""
        if not config.command or not exists(config.command[0]):
            output.tell(Ended(CANNOT_START, not_found(config.command)))
            return _Nobody()
        execution = Execution(self._new(config.mounts, now, config.files), config, output, self._sandbox)
        self._executions = [one for one in self._executions if not one.is_over]
        self._executions.append(execution)
        self._sandbox.advance(now)
        if not execution.is_over:
            self._sandbox.table.changed(self._sandbox.config.uid)
        return execution

    def ask(
        self,
        kind: str,
        command: tuple[str, ...],
        seen: tuple[Mapping[str, str], tuple[Mount, ...]],
        until: int,
        now: int,
    ) -> Answer | None:
        """Run a command of a probe or hook, or check on it. Returns None while it is running.

        `seen` is the environment and the volumes of the container.
        """
        question = self._questions.pop(kind, None)
        if question is None:
            question = Question(self._new(seen[1], now), command, seen[0], until)
        self._sandbox.advance(now)
        answer = question.answer(now)
        if answer is None:
            self._questions[kind] = question
        return answer

    def next_change(self, now: int) -> int | None:
        """When one of them continues or times out."""
        processes = self._sandbox.processes(now)
        machines = [one.machine for one in self._executions] + [one.machine for one in self._questions.values()]
        times = [processes.next_due(one) for one in machines]
        times += [one.until for one in self._questions.values()]
        return min((one for one in times if one is not None and one > now), default=None)

    def end(self) -> None:
        """End all commands: the container has exited."""
        for execution in self._executions:
            execution.end(KILLED)
        for question in self._questions.values():
            question.end()
        self._executions.clear()
        self._questions.clear()

    def _new(self, mounts: tuple[Mount, ...], now: int, kept: Mapping[str, bytes] | None = None) -> Machine:
        processes, files = self._sandbox.processes(now), self._disk.files(mounts, now, kept)
        console = self._machine.console if self._machine is not None else Nowhere()
        machine = Machine(files, self._sandbox.config.hostname, processes, console, self._machine)
        machine.title = machine.title or self._title
        machine.user = self._disk.user
        return machine


class _Nobody:
    def tell(self, message: Input, /) -> bool:
        """Discard input."""
        return False

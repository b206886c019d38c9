"""Commands that run in a container besides its first process: what `exec`, probes and hooks run."""

from collections.abc import Mapping

import msgspec

from kubeactors.kubelet.runtimes.coroutine_commands import MAX_OUTPUT_BYTES
from kubeactors.kubelet.runtimes.network_files import hosts_file, resolver_file
from kubeactors.kubelet.runtimes.published import plain_tree
from kubeactors.kubelet.runtimes.runtime import ExecConfig, Mount
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
from kubeactors.kubelet.runtimes.table import Sandbox
from kubeactors.message import Recipient

CANNOT_START, HANG_UP = 126, 129
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment_of(hostname: str, env: Mapping[str, str]) -> dict[str, str]:
    """What every command finds in its environment, and what its container adds."""
    return {"PATH": DEFAULT_PATH, "HOSTNAME": hostname, "HOME": "/root", **env}


def not_found(command: tuple[str, ...]) -> str:
    """What the runtime says of a command that is not there. Source: the words are runc's."""
    name = command[0] if command else ""
    return (
        f"OCI runtime exec failed: exec failed: unable to start container process: exec: "
        f'"{name}": executable file not found in $PATH'
    )


class Disk:
    """What a container sees of the disk, over its life: its own layer stays, what is mounted may change.

    Args:
        sandbox: of its pod.
        read_only: nothing is written to its own layer.
        user: as whom the container runs.
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
        """The disk with these volumes."""
        points = tuple(self._point(one, now) for one in mounts)
        return FileSystem(self.root, points, kept, read_only=self._read_only)

    def _point(self, mount: Mount, now: int) -> MountPoint:
        path, part = mount.path.rstrip("/"), mount.sub_path.strip("/")
        if mount.files is not None:
            tree = plain_tree(mount) if part else self._sandbox.table.published(mount, now)
            return MountPoint(path, tree, part, read_only=True)
        tree = self._sandbox.table.directory(mount.directory)
        tree.make_directories(part)
        return MountPoint(path, tree, part, read_only=mount.read_only)


class _Told:
    """Tells somebody what is written."""

    __slots__ = ("_kind", "_output")

    def __init__(self, output: Recipient[Output], kind: type[Stdout | Stderr]) -> None:
        self._output = output
        self._kind = kind

    def write(self, data: bytes, /) -> None:
        """See `Sink`."""
        if data:
            self._output.tell(self._kind(data))


class Execution:
    """A command of `exec`: it is told what is typed, and tells what it writes, and at last how it ended.

    Args:
        machine: where it runs, alone.
        config: the command.
        output: who is told.
        sandbox: of the container.
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
        """Whether the command has ended."""
        return self._process.is_over

    def tell(self, message: Input, /) -> bool:
        """Take what is typed."""
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
        """It ends now, and all that it has started."""
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
    """How a command of a probe or a hook ended, and what it wrote; without a code it took too long."""

    exit_code: int | None
    output: str = ""


class Question:
    """A command that a probe or a hook runs.

    Args:
        machine: where it runs, alone.
        command: what is run.
        env: of the container.
        until: when it has taken too long, unix nanoseconds.
    """

    def __init__(self, machine: Machine, command: tuple[str, ...], env: Mapping[str, str], until: int) -> None:
        self._collected = Collected()
        self.machine: Machine = machine
        self.until: int = until
        streams = Streams(Pipe(closed=True), self._collected, self._collected)
        call = Call(list(command), environment_of(machine.hostname, env), "/", streams, machine)
        self._process: Process = machine.processes.spawn(run_command(call), machine)

    def answer(self, now: int) -> Answer | None:
        """None while it may go on."""
        if self._process.exit_code is not None:
            text = bytes(self._collected.data[:MAX_OUTPUT_BYTES]).decode(errors="replace")
            return Answer(self._process.exit_code, text)
        if now < self.until:
            return None
        self.end()
        return Answer(None)

    def end(self) -> None:
        """It is not wanted any more."""
        self._process.end(KILLED)
        self.machine.processes.kill(self.machine)


class Sessions:
    """All commands that run in one container besides its first process.

    Args:
        sandbox: of its pod.
        disk: what it sees.
        machine: of its first process, if that is a simulated command.
        title: what its first process is called otherwise.
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
        """Run a command for somebody."""
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
        """What a command of a probe or a hook answers: run it, or look how it is getting on. None while it runs.

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
        """When one of them goes on, or has taken too long."""
        processes = self._sandbox.processes(now)
        machines = [one.machine for one in self._executions] + [one.machine for one in self._questions.values()]
        times = [processes.next_due(one) for one in machines]
        times += [one.until for one in self._questions.values()]
        return min((one for one in times if one is not None and one > now), default=None)

    def end(self) -> None:
        """The container has ended."""
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
        """Nothing reads it."""
        return False

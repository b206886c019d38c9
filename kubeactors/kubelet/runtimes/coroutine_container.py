"""One start of a coroutine container."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from kubeactors.api.core.v1 import Probe
from kubeactors.api.core.v1.probe import LifecycleHandler
from kubeactors.kubelet.runtimes.container_context import ContainerContext, ContainerFacts, told
from kubeactors.kubelet.runtimes.container_log import ContainerLog
from kubeactors.kubelet.runtimes.coroutine_commands import (
    FAILED,
    AttachedToLog,
    CommandExecution,
    MountedFiles,
    Outcome,
    as_main,
)
from kubeactors.kubelet.runtimes.host import DoWithin, EndProcess, HostMessage, StartProcess
from kubeactors.kubelet.runtimes.platform import Platform
from kubeactors.kubelet.runtimes.programs import CommandMain, Health, Main, Programs
from kubeactors.kubelet.runtimes.runtime import (
    NOT_SERVING,
    ContainerConfig,
    ContainerState,
    ContainerStats,
    ExecConfig,
    HookResult,
    LogPage,
    Mount,
    ProbeResult,
    RuntimeContainer,
)
from kubeactors.kubelet.runtimes.sandbox import Sandbox
from kubeactors.kubelet.runtimes.sessions import Disk, Sessions
from kubeactors.kubelet.runtimes.streams import Ended, HungUp, Input, Output, StdinClosed
from kubeactors.kubelet.runtimes.table import KILLED, image_id, reason_of
from kubeactors.message import Recipient

SECOND = 1_000_000_000
TERMINATED = 143
CANNOT_START = 128
NO_ADDRESS_OF_ITS_OWN = "127.0.0.1"
RUNTIME = "coroutine"
HOOK_SECONDS = 3600
"""The timeout of hooks: they have none of their own, and end with the container's grace period."""


class Surroundings(Protocol):
    """What a container needs from its runtime."""

    @property
    def programs(self) -> Programs:
        """The images."""
        ...

    @property
    def host(self) -> Recipient[HostMessage]:
        """The actor that hosts containers."""
        ...

    def changed(self, uid: str) -> bool:
        """Report a change in a pod."""
        ...

    def materialize(self, mount: Mount, now: int) -> Path:
        """Create the files of a mount. Returns their directory."""
        ...


class CoroutineContainer:
    """One start of a container whose image is a program."""

    def __init__(self, id_: str, sandbox: Sandbox, config: ContainerConfig, runtime: Surroundings, now: int) -> None:
        self.id = id_
        self._sandbox = sandbox
        self._config = config
        self._program = runtime.programs.find(config.container.image)
        self._runtime = runtime
        self._created_at = now
        self._started_at = 0
        self._finished_at = 0
        self._exit_code = 0
        self._reason = ""
        self._message = ""
        self._kill_at: int | None = None
        self._context: ContainerContext | None = None
        self._log: ContainerLog | None = None
        self._asked: dict[str, None] = {}
        self._answers: dict[str, ProbeResult] = {}
        self._commands: dict[CommandExecution, None] = {}
        self._sessions: Sessions | None = None
        """The simulated commands in the container."""

    @property
    def sandbox_id(self) -> str:
        """See `RunningContainer`."""
        return self._sandbox.id

    def start(self, now: int) -> None:
        """See `RunningContainer`. The container's command is looked up among those of the image."""
        main, args = self._program.main, self._config.container.args
        command = self._config.container.command
        if command and command[0] not in self._program.commands:
            self._started_at = now
            self._message = f'exec: "{command[0]}": executable file not found in $PATH'
            self._end(CANNOT_START, now, "StartError")
            return
        if command:
            main, args = as_main(self._program.commands[command[0]]), (*command[1:], *args)

        async def work(platform: Platform) -> None:
            await self._run(main, args, platform)

        self._runtime.host.tell(StartProcess(self.id, work))

    def stop(self, timeout_seconds: float, now: int) -> None:
        """See `RunningContainer`."""
        if self._finished_at:
            return
        kill_at = now + int(timeout_seconds * SECOND)
        self._kill_at = kill_at if self._kill_at is None else min(self._kill_at, kill_at)
        if self._context is None:
            self.kill(now)
        elif not self._context.is_terminating:
            self._context.terminate()
            if not self._context.handles_termination:
                self._runtime.host.tell(EndProcess(self.id))

    def kill(self, now: int) -> None:
        """See `RunningContainer`."""
        if not self._finished_at:
            self._end(KILLED, now)
            self._runtime.host.tell(EndProcess(self.id))

    def status(self, now: int) -> RuntimeContainer:
        """See `RunningContainer`."""
        if self._kill_at is not None and self._kill_at <= now:
            self.kill(self._kill_at)
        container = self._config.container
        return RuntimeContainer(
            id=self.id,
            name=container.name,
            attempt=self._config.attempt,
            image=container.image,
            image_id=image_id(container.image),
            state=self._state,
            created_at=self._created_at,
            started_at=self._started_at,
            finished_at=self._finished_at,
            exit_code=self._exit_code,
            reason=self._reason,
            message=self._message,
            runtime=RUNTIME,
        )

    @property
    def _state(self) -> ContainerState:
        if self._finished_at:
            return ContainerState.EXITED
        return ContainerState.RUNNING if self._started_at else ContainerState.CREATED

    def next_change(self, now: int) -> int | None:
        """See `RunningContainer`."""
        if self._finished_at:
            return None
        times = [self._kill_at, self._sessions.next_change(now) if self._sessions is not None else None]
        return min((one for one in times if one is not None), default=None)

    def probe(self, kind: str, probe: Probe, now: int) -> ProbeResult | None:
        """See `RunningContainer`."""
        if kind not in self._asked:
            self._answers.pop(kind, None)
            self._asked[kind] = None

            async def work(platform: Platform) -> None:
                self._answers[kind] = await self._answer(probe, platform)
                self._runtime.changed(self._sandbox.config.uid)

            self._runtime.host.tell(DoWithin(self.id, work))
        answer = self._answers.pop(kind, None)
        if answer is not None:
            del self._asked[kind]
        return answer

    def run_hook(self, kind: str, hook: LifecycleHandler, now: int) -> HookResult | None:
        """Run the hook like a probe, without a timeout."""
        probe = Probe(exec=hook.exec, http_get=hook.http_get, tcp_socket=hook.tcp_socket, timeout_seconds=HOOK_SECONDS)
        answer = self.probe(kind, probe, now)
        return None if answer is None else HookResult(success=answer.success, output=answer.output)

    def log(self, now: int, skip: int) -> LogPage:
        """See `RunningContainer`."""
        return LogPage((), 0) if self._log is None else self._log.page(skip)

    def stats(self, now: int) -> ContainerStats:
        """The usage that the container's code reports."""
        return ContainerStats() if self._context is None or self._finished_at else self._context.stats

    def answer(self, port: int) -> str | None:
        """None: its code does not serve simulated commands of its own pod."""
        return None

    def exec(self, config: ExecConfig, output: Recipient[Output], now: int) -> Recipient[Input]:
        """Run a command of the image, or else a simulated one, which reads the container's real volumes."""
        context, command = self._context, config.command
        main = self._program.commands.get(command[0]) if command else None
        if context is None or main is None:
            volumes: Mapping[str, Path] = {} if context is None else context.volumes
            known = ExecConfig(command=command, env=self._config.env, files=MountedFiles(volumes), tty=config.tty)
            if self._sessions is None:
                self._sessions = Sessions(self._sandbox, Disk(self._sandbox, read_only=False))
            return self._sessions.exec(known, output, now)
        return self._run_command(main, command[1:], context, output)

    def _run_command(
        self, main: CommandMain, args: tuple[str, ...], context: ContainerContext, output: Recipient[Output]
    ) -> "CommandExecution":
        execution = CommandExecution(output)
        self._commands[execution] = None

        async def work(platform: Platform) -> None:
            await execution.run(main, args, context, platform)
            self._commands.pop(execution, None)

        self._runtime.host.tell(DoWithin(self.id, work))
        return execution

    def attach(self, output: Recipient[Output], now: int) -> Recipient[Input]:
        """See `RunningContainer`."""
        if self._log is not None and not self._finished_at:
            self._log.attached.append(output)
        else:
            output.tell(Ended(0))
        return AttachedToLog(self._context, self._log, output)

    # Inside the container's actor.

    async def _run(self, main: Main, args: tuple[str, ...], platform: Platform) -> None:
        """Run the first process until it exits, in whatever way."""
        if self._finished_at:
            return
        self._log = ContainerLog(platform.now)
        self._started_at = platform.now()
        code = TERMINATED
        try:
            self._context = self._make_context(args, platform, self._log)
            self._runtime.changed(self._sandbox.config.uid)
            code = await main(self._context) or 0
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
        except Exception as error:  # noqa: BLE001 -- the code of an image may raise anything
            self._log.write(told(error))
            code = FAILED
        finally:
            self._end(code & 0xFF, platform.now())

    def _make_context(self, args: tuple[str, ...], platform: Platform, log: ContainerLog) -> ContainerContext:
        sandbox, container = self._sandbox.config, self._config.container
        facts = ContainerFacts(
            name=container.name,
            pod=sandbox.name,
            namespace=sandbox.namespace,
            image=container.image,
            args=args,
            env=self._config.env,
            volumes={one.path: self._runtime.materialize(one, platform.now()) for one in self._config.mounts},
            address=self._sandbox.ip or NO_ADDRESS_OF_ITS_OWN,
            restarts=self._config.attempt,
        )
        return ContainerContext(facts, platform, log)

    def _end(self, code: int, now: int, reason: str = "") -> None:
        if self._finished_at:
            return
        if self._kill_at is not None and self._kill_at < now:
            code, now, reason = KILLED, self._kill_at, ""  # its grace period was over already
        self._finished_at = max(now, self._started_at, 1)
        self._exit_code, self._reason = code, reason or reason_of(code)
        if self._log is not None:
            self._log.close()
            for one in self._log.attached:
                one.tell(Ended(0))
        for command in tuple(self._commands):
            command.end(KILLED)
        if self._sessions is not None:
            self._sessions.end()
        self._runtime.changed(self._sandbox.config.uid)

    async def _answer(self, probe: Probe, platform: Platform) -> ProbeResult:
        if probe.exec is not None:
            return await self._answer_of_command(probe.exec.command, max(probe.timeout_seconds, 1), platform)
        if probe.grpc is not None and self._program.health is not None:
            return await self._answer_of_health(self._program.health, probe, platform)
        port = self._port_of(probe)
        if port is None:
            return ProbeResult(success=False, output="the port is not one of the container's")
        return await platform.ask(self._sandbox.ip or NO_ADDRESS_OF_ITS_OWN, port, probe)

    async def _answer_of_health(self, health: Health, probe: Probe, platform: Platform) -> ProbeResult:
        """The result of a gRPC probe. Source of the messages: pkg/probe/grpc/grpc.go (v1.36)."""
        assert self._context is not None  # it is running
        service = probe.grpc.service or "" if probe.grpc is not None else ""
        seconds = max(probe.timeout_seconds, 1)
        try:
            is_well = await platform.within(seconds, health(self._context, service))
        except TimeoutError:
            return ProbeResult(success=False, output=f"timeout: health rpc did not complete within {seconds}s")
        except Exception as error:  # noqa: BLE001 -- the code of an image may raise anything
            return ProbeResult(success=False, output=f"error: health rpc failed: {error}")
        return ProbeResult(success=True) if is_well else ProbeResult(success=False, output=NOT_SERVING)

    async def _answer_of_command(self, command: tuple[str, ...], seconds: float, platform: Platform) -> ProbeResult:
        outcome = Outcome(platform)
        execution = self.exec(ExecConfig(command=command), outcome, platform.now())
        execution.tell(StdinClosed())
        try:
            await platform.within(seconds, outcome.ended.wait())
        except TimeoutError:
            execution.tell(HungUp())
            return ProbeResult(
                success=False, output=f'command timed out: "{" ".join(command)}" timed out after {seconds:g}s'
            )
        return ProbeResult(success=outcome.exit_code == 0, output=outcome.text)

    def _port_of(self, probe: Probe) -> int | None:
        action = probe.http_get or probe.tcp_socket or probe.grpc
        wanted = action.port if action is not None else 0
        if isinstance(wanted, int):
            return wanted
        return next((one.container_port for one in self._config.container.ports if one.name == wanted), None)

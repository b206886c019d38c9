"""A runtime without processes: containers that start after a while, and run for ever or end as was declared.

How a container behaves is declared for its image or by annotations of its pod (`Behaviour`); besides, one whose command
is `sh -c "exit N"` ends with N at once. A container that is asked to stop does so in `stop_seconds`, with code 0 as a
server that shuts down well; in a shorter grace period it is killed (137).
"""

import re
from collections.abc import Iterator, Mapping

from kubeactors.api.core.v1 import Container, ContainerStatus, Probe
from kubeactors.api.core.v1.probe import LifecycleHandler
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.time import parse_time
from kubeactors.kubelet.runtimes.behaviour import Behaviour, behaviour_of, warnings_of
from kubeactors.kubelet.runtimes.commands import Attached, Execution, Surroundings, run
from kubeactors.kubelet.runtimes.runtime import (
    ContainerConfig,
    ContainerState,
    ContainerStats,
    ExecConfig,
    HookResult,
    LogLine,
    LogPage,
    PodSandboxConfig,
    ProbeResult,
    PullFailure,
    RuntimeContainer,
)
from kubeactors.kubelet.runtimes.streams import Input, Output, Paused
from kubeactors.kubelet.runtimes.table import KILLED, RunningContainer, RuntimeTable, Sandbox, image_id, reason_of
from kubeactors.message import Recipient

SECOND = 1_000_000_000
OOM_KILLED = "OOMKilled"
_WELL = ProbeResult(success=True, steady=True)
_exit = re.compile(r"\s*exit\s+(\d{1,3})\s*;?\s*")


class SimulatedContainer:
    """A container and the times of its life, as far as they are decided. None is not decided."""

    __slots__ = (
        "_behaviour",
        "_config",
        "_created_at",
        "_exit_code",
        "_finishes_at",
        "_reason",
        "_sandbox",
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
        self._run_out_of_memory(begin)

    def resume(self, status: ContainerStatus, now: int) -> None:
        """Run since it ran, and end when it would have; or have ended as it has."""
        running, over = status.state.running, status.state.terminated
        if running is not None and running.started_at is not None:
            began = min(parse_time(running.started_at), now)  # what was told may come from a clock that is ahead
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
        started = self._starts_at if self._starts_at is not None and self._starts_at <= now else None
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
        times = (self._starts_at, self._finishes_at)
        return min((one for one in times if one is not None and one > now), default=None)

    def probe(self, kind: str, probe: Probe, now: int) -> ProbeResult | None:
        """As declared; a container that runs is well."""
        declared = self._behaviour
        curve = {"Startup": declared.startup, "Readiness": declared.readiness, "Liveness": declared.liveness}[kind]
        since = now - (self._starts_at or now)
        success, steady = curve.at(since), curve.is_last(since)
        if success:
            return _WELL if steady else ProbeResult(success=True)
        return ProbeResult(success=False, steady=steady, output="declared to fail")

    def run_hook(self, kind: str, hook: LifecycleHandler, now: int) -> HookResult | None:
        """A command is run as `exec` does; any request is answered well."""
        if hook.exec is None:
            return HookResult(success=True)
        around = Surroundings({}, {}, self._sandbox.config.name)
        done = run(list(hook.exec.command), around)
        seconds = sum(one.seconds for one in done.output if isinstance(one, Paused))
        return HookResult(success=done.exit_code == 0, seconds=seconds)

    def log(self, now: int, skip: int) -> LogPage:
        """What a program might write: what it is, how it was started, that it serves, that it ends."""
        lines = tuple(self._lines(now))
        return LogPage(lines[skip:], len(lines))

    def stats(self, now: int) -> ContainerStats:
        """As declared."""
        if self._starts_at is None or self._state(now) is not ContainerState.RUNNING:
            return ContainerStats()
        since, declared = now - self._starts_at, self._behaviour
        used = 0
        ends = [*(begin for begin, _ in declared.cpu.steps[1:]), since]
        for (begin, cores), end in zip(declared.cpu.steps, ends, strict=True):
            used += cores * max(min(end, since) - begin, 0) // SECOND
        return ContainerStats(
            cpu_nano_cores=declared.cpu.at(since), cpu_nano_seconds=used, memory_bytes=declared.memory.at(since)
        )

    def exec(self, config: ExecConfig, output: Recipient[Output], now: int) -> Recipient[Input]:
        """One of the built-in commands (`commands.py`)."""
        return Execution(config, self._sandbox.config.name, output)

    def attach(self, output: Recipient[Output], now: int) -> Recipient[Input]:
        """It writes nothing while somebody looks."""
        return Attached(output)

    def _state(self, now: int) -> ContainerState:
        if self._finishes_at is not None and self._finishes_at <= now:
            return ContainerState.EXITED
        if self._starts_at is not None and self._starts_at <= now:
            return ContainerState.RUNNING
        return ContainerState.CREATED

    def _end(self, now: int, code: int, reason: str = "") -> None:
        """Decide when it ends, unless it has ended, or will earlier."""
        if self._finishes_at is None or self._finishes_at > now:
            self._finishes_at, self._exit_code, self._reason = now, code, reason

    def _run_out_of_memory(self, begin: int) -> None:
        limit = self._config.container.resources.limits.get("memory")
        if limit is not None:
            most = quantity.parse(limit).nanos // quantity.NANOS
            for step, size in self._behaviour.memory.steps:
                if size > most:
                    self._end(begin + step, KILLED, OOM_KILLED)
                    return

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


class SimulatedRuntime(RuntimeTable):
    """Simulated containers of one node.

    Args:
        pod_cidr: where addresses come from.
        behaviour: of containers of which nothing else was declared.
        images: behaviour by image, with or without a tag.
    """

    name = "simulated"

    def __init__(
        self, pod_cidr: str, behaviour: Behaviour | None = None, images: Mapping[str, Behaviour] | None = None
    ) -> None:
        super().__init__(pod_cidr)
        self._behaviour = behaviour or Behaviour()
        self._images = images or {}

    def make(self, id_: str, sandbox: Sandbox, config: ContainerConfig, now: int) -> RunningContainer:
        """See `RuntimeTable`."""
        behaviour = self._declared(sandbox.config, config.container.name, config.container.image)
        return SimulatedContainer(id_, sandbox, config, behaviour, now)

    def resume(
        self, sandbox: Sandbox, config: ContainerConfig, status: ContainerStatus, now: int
    ) -> RunningContainer | None:
        """See `RuntimeTable`."""
        behaviour = self._declared(sandbox.config, config.container.name, config.container.image)
        container = SimulatedContainer(status.container_id.partition("://")[2], sandbox, config, behaviour, now)
        container.resume(status, now)
        return container

    def has_image(self, image: str, sandbox_id: str, container: str) -> bool:
        """See `ContainerRuntime`: all but those that cannot be pulled."""
        config = self._sandboxes[sandbox_id].config
        return not (self._images or config.annotations) or not self._declared(config, container, image).pull_error

    def pull_image(self, image: str, sandbox_id: str, container: str) -> PullFailure | None:
        """See `ContainerRuntime`."""
        error = self._declared(self._sandboxes[sandbox_id].config, container, image).pull_error
        return PullFailure(error) if error else None

    def warnings_of(self, annotations: Mapping[str, str]) -> tuple[str, ...]:
        """See `RuntimeTable`."""
        return warnings_of(annotations, self._behaviour) if annotations else ()

    def _declared(self, config: PodSandboxConfig, container: str, image: str) -> Behaviour:
        """Cheap for a pod of which nothing was declared."""
        base = self._behaviour
        if self._images:
            base = self._images.get(image) or self._images.get(untagged(image)) or base
        return behaviour_of(container, config.annotations, base) if config.annotations else base


def exit_code(container: Container) -> int | None:
    """With which code a container of this command ends by itself; None if it runs for ever.

    >>> exit_code(Container(command=("sh", "-c", "exit 3"))), exit_code(Container(command=("sleep", "60")))
    (3, None)
    """
    match (*container.command, *container.args):
        case [("sh" | "/bin/sh"), "-c", script]:
            found = _exit.fullmatch(script)
            return int(found[1]) & 0xFF if found else None
        case _:
            return None


def untagged(image: str) -> str:
    """An image without its tag and digest.

    >>> untagged("example.com:5000/shop/web:2@sha256:abc"), untagged("shop/web")
    ('example.com:5000/shop/web', 'shop/web')
    """
    return image_id(image).partition("@")[0]

"""The actors that run coroutine containers: one for each container, below one host.

Since a container is an actor, both drivers can run it, and stopping the actor cancels the coroutine.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

from kubeactors.actor import Actor, Context, Ref, Restart, handle
from kubeactors.kubelet.runtimes.platform import Platform
from kubeactors.message import Message

Work: TypeAlias = Callable[[Platform], Awaitable[None]]
"""Work inside a container. It handles its own failures."""
PlatformFactory: TypeAlias = "Callable[[Context[Do]], Platform]"


class Do(Message, frozen=True):
    """Do this work in the container."""

    work: Work


class StartProcess(Message, frozen=True):
    """Start a container with this first process."""

    container_id: str
    main: Work


class EndProcess(Message, frozen=True):
    """Cancel everything in a container."""

    container_id: str


class DoWithin(Message, frozen=True):
    """Do further work in a running container; ignored if it has exited."""

    container_id: str
    work: Work


HostMessage: TypeAlias = StartProcess | EndProcess | DoWithin


class ContainerProcess(Actor[Do], reentrant=True):
    """A container. When its first process exits, so does everything in it."""

    def __init__(self, platform: PlatformFactory, main: Work, ended: Callable[[], object]) -> None:
        self._platform_of = platform
        self._main = main
        self._ended = ended

    def started(self) -> None:
        """Run the first process."""
        self._platform = self._platform_of(self.ctx)
        self.ctx.self.tell(Do(self._run))

    @handle
    async def do(self, message: Do) -> None:
        """Run another process."""
        await message.work(self._platform)

    async def _run(self, platform: Platform) -> None:
        await self._main(platform)
        self._ended()


class ContainerHost(Actor[HostMessage], deterministic=True):
    """Starts and stops containers.

    Args:
        platform: makes the platform of a container from the context of its actor.
    """

    def __init__(self, platform: PlatformFactory) -> None:
        self._platform = platform
        self._processes: dict[str, Ref[Do]] = {}

    @handle
    def start(self, message: StartProcess) -> None:
        """Start a container."""
        name = message.container_id
        ended = partial(self.ctx.self.tell, EndProcess(name))
        process = partial(ContainerProcess, self._platform, message.main, ended)
        self._processes[name] = self.ctx.spawn(process, name=name[:12], restart=Restart.TEMPORARY)

    @handle
    def do_within(self, message: DoWithin) -> None:
        """Do further work in a container."""
        process = self._processes.get(message.container_id)
        if process is not None:
            process.tell(Do(message.work))

    @handle
    def end(self, message: EndProcess) -> None:
        """Stop a container."""
        process = self._processes.pop(message.container_id, None)
        if process is not None:
            self.ctx.stop(process)

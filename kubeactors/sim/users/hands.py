"""What every action needs: a client, patience, and somebody to tell what is done on purpose."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import (
    AlreadyExists,
    Conflict,
    NotFound,
    ServiceUnavailable,
    StatusError,
    Timeout,
    TooManyRequests,
)
from kubeactors.client import Client
from kubeactors.sim.users.manifests import APP, NAMESPACE
from kubeactors.sim.world import World

T = TypeVar("T", bound=TypedObject)

ATTEMPTS = 12
RETRY_SECONDS = 1.0
"""How often something is tried that fails for a reason that passes."""
WAIT_ATTEMPTS = 50
NAME_ATTEMPTS = 105
NAME_SECONDS = 0.1
"""How often it is looked whether something is there, or whether a name is free again; for the latter, which may last a
minute, less often with time.

kubectl waits by a watch until what it replaces is gone. Here the world says so, which costs the API server nothing.
"""


class Hands:
    """A user's.

    Args:
        client: with the rights of an administrator.
        world: is told what the user takes into his own hands.
        sleep: waits so many seconds.
    """

    def __init__(self, client: Client, world: World, sleep: Callable[[float], Awaitable[object]]) -> None:
        self.client = client
        self.world = world
        self.sleep = sleep

    async def persist(self, action: Callable[[], Awaitable[None]], attempts: int = ATTEMPTS) -> None:
        """Do it again as long as what is in its way will pass.

        Raises:
            StatusError: it was refused for good, or too often.
        """
        await self._again(action, attempts, is_passing)

    async def insist(self, action: Callable[[], Awaitable[None]], attempts: int) -> None:
        """Do it again whatever is in its way: it must be done, and rules that refuse it pass, too.

        Raises:
            StatusError: it was refused too often.
        """
        await self._again(action, attempts, lambda _: True)

    async def _again(
        self, action: Callable[[], Awaitable[None]], attempts: int, passes: Callable[[StatusError], bool]
    ) -> None:
        for _ in range(attempts - 1):
            try:
                return await action()
            except StatusError as error:
                if not passes(error):
                    raise
                await self.sleep(RETRY_SECONDS)
        return await action()

    async def ensure(self, wanted: TypedObject) -> None:
        """Create it, unless there is one of that name."""
        with suppress(AlreadyExists):
            await self.client.create(wanted)

    async def change(self, type_: type[T], name: str, change: Callable[[T], T], namespace: str = NAMESPACE) -> None:
        """Read, change, write."""
        live = await self.client.get(type_, name, namespace)
        wanted = change(live)
        if wanted != live:
            await self.client.update(wanted)

    async def remove(self, type_: type[TypedObject], name: str, namespace: str = NAMESPACE) -> None:
        """Delete it if it is there, whoever has made it."""
        with self.world.intents.removing(type_, name, namespace), suppress(NotFound):
            await self.client.delete(type_, name, namespace)

    async def wait_for(self, type_: type[TypedObject], name: str, namespace: str = NAMESPACE) -> None:
        """Until it is there, or for a while: no pod is created in a namespace that has no account yet."""
        for _ in range(WAIT_ATTEMPTS):
            if await self.client.find(type_, name, namespace) is not None:
                return
            await self.sleep(NAME_SECONDS)

    async def pods(self, name: str, *, going: bool = False) -> list[Pod]:
        """The pods of a workload, by name; those that are going only if that is said."""
        found = await self.client.list(Pod, NAMESPACE, label_selector=f"{APP}={name}")
        return [one for one in found.items if going or one.metadata.deletion_timestamp is None]

    async def pod(self, name: str, number: int, *, going: bool = False) -> Pod | None:
        """One of them."""
        present = await self.pods(name, going=going)
        return present[number % len(present)] if present else None


def is_passing(error: StatusError) -> bool:
    """Whether it is worth to try again.

    >>> is_passing(Conflict.saying("changed")), is_passing(NotFound.saying("gone"))
    (True, False)
    """
    return isinstance(error, Conflict | Timeout | ServiceUnavailable | TooManyRequests)

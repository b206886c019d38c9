"""What every action uses: a client with retries, and a record of what the user intends."""

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
"""How often, and how soon, an action is retried after a transient error."""
WAIT_ATTEMPTS = 50
NAME_ATTEMPTS = 105
NAME_SECONDS = 0.1
"""How often to check whether an object exists, or whether a name is free again; the latter may take a minute, and is
checked less often with time.

kubectl watches the object that it replaces until it is gone. Here the world tells that without requests.
"""


class Session:
    """A user's access to the cluster.

    Args:
        client: with the rights of an administrator.
        world: records what the user intends.
        sleep: waits so many seconds.
    """

    def __init__(self, client: Client, world: World, sleep: Callable[[float], Awaitable[object]]) -> None:
        self.client = client
        self.world = world
        self.sleep = sleep

    async def persist(self, action: Callable[[], Awaitable[None]], attempts: int = ATTEMPTS) -> None:
        """Retry the action after transient errors.

        Raises:
            StatusError: it was rejected for good, or too often.
        """
        await self._again(action, attempts, is_passing)

    async def insist(self, action: Callable[[], Awaitable[None]], attempts: int) -> None:
        """Retry the action after any error: it must succeed in the end, and rules that reject it are temporary.

        Raises:
            StatusError: it was rejected too often.
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
        """Create the object, unless one of that name exists."""
        with suppress(AlreadyExists):
            await self.client.create(wanted)

    async def change(self, type_: type[T], name: str, change: Callable[[T], T], namespace: str = NAMESPACE) -> None:
        """Read, change, and update if something changed."""
        live = await self.client.get(type_, name, namespace)
        wanted = change(live)
        if wanted != live:
            await self.client.update(wanted)

    async def remove(self, type_: type[TypedObject], name: str, namespace: str = NAMESPACE) -> None:
        """Delete the object if it exists, whoever created it."""
        with self.world.intents.deleting_by_name(type_, name, namespace), suppress(NotFound):
            await self.client.delete(type_, name, namespace)

    async def wait_for(self, type_: type[TypedObject], name: str, namespace: str = NAMESPACE) -> None:
        """Wait for an object, but not forever: pods are rejected in a namespace without its service account."""
        for _ in range(WAIT_ATTEMPTS):
            if await self.client.find(type_, name, namespace) is not None:
                return
            await self.sleep(NAME_SECONDS)

    async def pods(self, name: str, *, going: bool = False) -> list[Pod]:
        """The pods of a workload, by name; terminating ones only with `going`."""
        found = await self.client.list(Pod, NAMESPACE, label_selector=f"{APP}={name}")
        return [one for one in found.items if going or one.metadata.deletion_timestamp is None]

    async def pod(self, name: str, number: int, *, going: bool = False) -> Pod | None:
        """One of them."""
        present = await self.pods(name, going=going)
        return present[number % len(present)] if present else None


def is_passing(error: StatusError) -> bool:
    """Whether an error is transient.

    >>> is_passing(Conflict.saying("changed")), is_passing(NotFound.saying("gone"))
    (True, False)
    """
    return isinstance(error, Conflict | Timeout | ServiceUnavailable | TooManyRequests)

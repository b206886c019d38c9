"""Context variables: a handler sees neither its sender's nor those that other handlers have set."""

from contextvars import ContextVar

import anyio
import pytest

from kubeactors.actor import Actor, ActorSystem, Ref, handle
from kubeactors.message import Request

USER = ContextVar("user", default="nobody")


class GetUser(Request[str], frozen=True):
    pass


class WaitAndGetUser(Request[str], frozen=True):
    pass


class Become(Request[tuple[str, str]], frozen=True):
    """Set the variable, await another actor and the event loop, and return its value after each."""

    user: str


class Set(Request[None], frozen=True):
    user: str


class Plain(Actor[GetUser | Set]):
    @handle
    def get_user(self, message: GetUser) -> str:
        return USER.get()

    @handle
    def set(self, message: Set) -> None:
        USER.set(message.user)


class Waiting(Actor[WaitAndGetUser | Become], reentrant=True):
    def __init__(self, other: Ref[GetUser | Set]) -> None:
        self.other = other

    @handle
    async def wait_and_get_user(self, message: WaitAndGetUser) -> str:
        await anyio.sleep(0.001)
        return USER.get()

    @handle
    async def become(self, message: Become) -> tuple[str, str]:
        USER.set(message.user)
        await self.other.ask(GetUser())
        first = USER.get()
        await anyio.sleep(0.001)
        return first, USER.get()


async def test_a_handler_sees_the_context_variables_of_the_block_and_not_of_its_caller() -> None:
    USER.set("owner")
    async with ActorSystem() as system:
        plain = await system.spawn(Plain)
        waiting = await system.spawn(lambda: Waiting(plain))
        USER.set("caller")
        assert await plain.ask(GetUser()) == "owner"
        assert await waiting.ask(WaitAndGetUser()) == "owner"
        plain.tell(GetUser())
        assert await plain.ask(GetUser()) == "owner"


async def test_context_variables_that_a_handler_sets_are_not_seen_by_its_caller() -> None:
    async with ActorSystem() as system:
        plain = await system.spawn(Plain)
        await plain.ask(Set("mallory"))
        assert USER.get() == "nobody"
        plain.tell(Set("mallory"))
        await plain.ask(Set("mallory"))
        assert USER.get() == "nobody"


@pytest.mark.parametrize("users", [("alice",), ("alice", "bob", "carol")])
async def test_a_suspended_handler_keeps_its_context_variables_to_its_end(users: tuple[str, ...]) -> None:
    seen: dict[str, tuple[str, str]] = {}

    async with ActorSystem() as system:
        plain = await system.spawn(Plain)
        waiting = await system.spawn(lambda: Waiting(plain))

        async def become(user: str) -> None:
            seen[user] = await waiting.ask(Become(user))

        async with anyio.create_task_group() as tasks:
            for user in users:
                tasks.start_soon(become, user)
        assert seen == {user: (user, user) for user in users}
        assert [await waiting.ask(WaitAndGetUser()) for _ in range(6)] == ["nobody"] * 6


async def test_an_actor_asked_by_a_handler_does_not_see_its_context_variables() -> None:
    seen: list[str] = []

    class Curious(Actor[Set]):
        def __init__(self, other: Ref[GetUser | Set]) -> None:
            self.other = other

        @handle
        async def set(self, message: Set) -> None:
            USER.set(message.user)
            seen.append(await self.other.ask(GetUser()))
            await self.other.ask(Set("mallory"))
            seen.append(USER.get())

    async with ActorSystem() as system:
        plain = await system.spawn(Plain)
        curious = await system.spawn(lambda: Curious(plain))
        await curious.ask(Set("alice"))
    assert seen == ["nobody", "alice"]

"""How actors come to their end, who is told, and who comes back: on every driver."""

from functools import partial
from typing import ClassVar, TypeVar, cast

import pytest

from kubeactors.actor import Actor, Exit, Ref, Restart, Router, Strategy, Supervision, Terminated, handle
from kubeactors.message import Message, Request
from kubeactors.testing import Actors
from tests.actor.messages import Break

M = TypeVar("M")


class Leave(Message, frozen=True):
    pass


class Tie(Message, frozen=True):
    to: "Ref[Break | Leave | Tie]"


class Member(Actor[Break | Leave | Tie]):
    """Writes its life into a shared diary."""

    def __init__(self, diary: list[str]) -> None:
        self.diary = diary

    def started(self) -> None:
        self.diary.append(f"start {self.ctx.name}")

    def stopped(self) -> None:
        self.diary.append(f"stop {self.ctx.name}")

    @handle
    def break_(self, message: Break) -> None:
        raise ValueError(message.why)

    @handle
    def leave(self, message: Leave) -> None:
        self.ctx.stop(reason="enough")

    @handle
    def tie(self, message: Tie) -> None:
        self.ctx.link(message.to)


class GetMembers(Request["tuple[Ref[Break | Leave | Tie], ...]"], frozen=True):
    pass


class Team(Actor[GetMembers]):
    """Has one member of each kind."""

    supervision: ClassVar[Supervision] = Supervision(strategy=Strategy.ONE_FOR_ALL, max_restarts=2)

    def __init__(self, diary: list[str]) -> None:
        self.members = [(restart.value, restart, diary) for restart in Restart]

    def started(self) -> None:
        self.refs = tuple(
            self.ctx.spawn(partial(Member, diary), name=name, restart=restart) for name, restart, diary in self.members
        )

    @handle
    def get_members(self, message: GetMembers) -> "tuple[Ref[Break | Leave | Tie], ...]":
        return self.refs


class RestTeam(Team):
    supervision: ClassVar[Supervision] = Supervision(strategy=Strategy.REST_FOR_ONE, max_restarts=2)


def terminated(ref: Ref[M], reason: str, exit_: Exit) -> Terminated:
    """What a watcher of an actor is told."""
    return Terminated(ref=cast("Ref[object]", ref), reason=reason, exit=exit_)


async def until(actors: Actors, diary: list[str], lines: int) -> list[str]:
    """What is in the diary once there is so much, and soon after that."""
    while len(diary) < lines:
        await actors.sleep(0.001)
    await actors.sleep(0.01)
    return diary


@pytest.mark.parametrize("team", [Team, RestTeam])
async def test_a_temporary_actor_stops_with_its_siblings_and_is_not_restarted_with_them(
    actors: Actors, team: type[Team]
) -> None:
    diary: list[str] = []
    permanent, _, temporary = await (await actors.spawn(partial(team, diary))).ask(GetMembers())
    await until(actors, diary, 3)
    diary.clear()
    probe = actors.probe()
    probe.watch(temporary)
    permanent.tell(Break("bug"))
    stops, starts = (await until(actors, diary, 5))[:3], sorted(diary[3:])
    assert (stops, starts) == (
        ["stop temporary", "stop transient", "stop permanent"],
        ["start permanent", "start transient"],
    )
    assert await probe.expect(Terminated) == terminated(temporary, "its siblings restart", Exit.SHUTDOWN)


async def test_only_a_permanent_actor_is_restarted_when_it_stops_itself(actors: Actors) -> None:
    diary: list[str] = []
    permanent, transient, temporary = [
        await actors.spawn(partial(Member, diary), name=restart.value, restart=restart) for restart in Restart
    ]
    diary.clear()
    probe = actors.probe()
    for ref in (transient, temporary, permanent):
        probe.watch(ref)
        ref.tell(Leave())
    assert sorted(await until(actors, diary, 4)) == [
        "start permanent",
        "stop permanent",
        "stop temporary",
        "stop transient",
    ]
    await probe.expect_in_any_order(
        terminated(transient, "enough", Exit.NORMAL),
        terminated(temporary, "enough", Exit.NORMAL),
    )
    assert not permanent.ended


async def test_a_permanent_actor_stopped_by_others_is_not_restarted(actors: Actors) -> None:
    diary: list[str] = []
    member = await actors.spawn(partial(Member, diary), name="member", restart=Restart.PERMANENT)
    await actors.stop(member)
    assert await until(actors, diary, 2) == ["start member", "stop member"]


async def test_linked_actors_fail_together_but_survive_a_stop_whatever_its_reason(actors: Actors) -> None:
    diary: list[str] = []
    probe = actors.probe()
    one, other, third = [await actors.spawn(partial(Member, diary), restart=Restart.TEMPORARY) for _ in range(3)]
    for ref in (one, third):
        other.tell(Tie(ref))
        probe.watch(ref)
    probe.watch(other)
    await actors.sleep(0.01)
    await actors.stop(one, reason="failed over to the other rack")
    assert await probe.expect(Terminated) == terminated(one, "failed over to the other rack", Exit.SHUTDOWN)
    third.tell(Break("bug"))
    assert [(await probe.expect(Terminated)).exit for _ in range(2)] == [Exit.FAILED, Exit.FAILED]
    assert other.ended


async def test_linking_to_a_stopped_actor_fails_at_once(actors: Actors) -> None:
    one, other = [await actors.spawn(partial(Member, []), name=name, restart=Restart.TEMPORARY) for name in "ab"]
    await actors.stop(one)
    probe = actors.probe()
    probe.watch(other)
    other.tell(Tie(one))
    assert await probe.expect(Terminated) == terminated(
        other, "failed: LinkedActorFailed('/a had stopped already')", Exit.FAILED
    )


async def test_watching_a_stopped_actor_sends_terminated_with_noproc(actors: Actors) -> None:
    member = await actors.spawn(partial(Member, []))
    await actors.stop(member)
    probe = actors.probe()
    probe.watch(member)
    assert await probe.expect(Terminated) == terminated(member, "had stopped already", Exit.NOPROC)


async def test_anybody_can_await_the_end_of_an_actor_also_later(actors: Actors) -> None:
    member = await actors.spawn(partial(Member, []), name="member", restart=Restart.TEMPORARY)
    member.tell(Break("bug"))
    assert await member.until_ended() == terminated(member, "failed: ValueError('bug')", Exit.FAILED)
    assert await member.until_ended() == terminated(member, "had stopped already", Exit.NOPROC)
    routees = [await actors.spawn(partial(Member, [])) for _ in range(2)]
    for routee in routees:
        routee.tell(Leave())
    assert (await Router(routees).until_ended()).ref is routees[-1]

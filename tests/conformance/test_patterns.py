"""What actors do with their contexts, mailboxes and families, on every driver."""

from functools import partial

from kubeactors.actor import (
    Actor,
    Batch,
    Broadcast,
    Later,
    Mailbox,
    Overflow,
    Publish,
    Published,
    Ref,
    Restart,
    Router,
    Strategy,
    Subscribe,
    Supervision,
    Topic,
    handle,
)
from kubeactors.message import Message, Request
from kubeactors.testing import Actors
from tests.actor.messages import Add, Break, Counter, Divide, GetTotal


class Said(Message, frozen=True):
    what: str


class Door(Actor[Add | Said]):
    """Puts numbers aside until it is opened; then another behaviour tells them on."""

    def __init__(self, to: Ref[object]) -> None:
        self.to = to

    @handle
    def add(self, message: Add) -> Later[None]:
        return self.ctx.stash()

    @handle
    def said(self, message: Said) -> None:
        self.ctx.become(Open(self.to))
        self.ctx.unstash()


class Open(Door):
    @handle
    def add(self, message: Add) -> Later[None]:
        self.to.tell(message)
        return Later(self.cell, None)


async def test_stashed_messages_go_to_the_next_behaviour_in_order(actors: Actors) -> None:
    probe = actors.probe()
    door = await actors.spawn(partial(Door, probe.ref))
    for message in (Add(1), Add(2), Said("open"), Add(3)):
        door.tell(message)
    assert [(await probe.expect(Add)).by for _ in range(3)] == [1, 2, 3]


class Front(Actor[GetTotal | Divide | Said]):
    """Lets another actor reply; works meanwhile."""

    def __init__(self, back: Ref[GetTotal | Divide], to: Ref[object]) -> None:
        self.back = back
        self.to = to

    @handle
    def get_total(self, message: GetTotal) -> Later[int]:
        return self.ctx.delegate(self.back, message)

    @handle
    def divide(self, message: Divide) -> int:
        self.ctx.pipe_to_self(
            self.back.ask(message), lambda by: Said(str(by)), lambda error: Said(str(error.__cause__))
        )
        return -1

    @handle
    def said(self, message: Said) -> None:
        self.to.tell(message)


async def test_another_actor_replies_while_background_work_runs(actors: Actors) -> None:
    probe = actors.probe()
    counter = await actors.spawn(Counter)
    front = await actors.spawn(partial(Front, counter, probe.ref))
    counter.tell(Add(6))
    assert await front.ask(GetTotal()) == 6
    assert await front.ask(Divide(2)) == -1
    assert await probe.expect(Said) == Said("3")
    assert await front.ask(Divide(0)) == -1
    assert "zero" in (await probe.expect(Said)).what


async def test_a_probe_answers_when_the_test_says_so(actors: Actors) -> None:
    probe = actors.probe()
    front = await actors.spawn(partial(Front, probe.ref, probe.ref))
    await front.ask(Divide(4))
    assert await probe.expect(Divide) == Divide(4)
    probe.reply(7)
    assert await probe.expect(Said) == Said("7")


async def test_a_coalescing_mailbox_keeps_the_newest_of_each_key(actors: Actors) -> None:
    mailbox = Mailbox(key=lambda message: message.by % 2 if isinstance(message, Add) else None)
    probe = actors.probe()
    gate = await actors.spawn(partial(Relay, probe.ref), mailbox=mailbox)
    for number in range(1, 7):
        gate.tell(Add(number))
    await probe.expect_in_any_order(Add(5), Add(6))
    await probe.expect_none()


async def test_a_full_mailbox_may_drop_the_oldest(actors: Actors) -> None:
    probe = actors.probe()
    relay = await actors.spawn(partial(Relay, probe.ref), mailbox=Mailbox(capacity=2, overflow=Overflow.DROP_OLDEST))
    assert [relay.tell(Add(number)) for number in range(4)] == [True] * 4
    assert [(await probe.expect(Add)).by for _ in range(2)] == [2, 3]
    assert actors.dead_letters == 2


async def test_urgent_messages_go_first(actors: Actors) -> None:
    probe = actors.probe()
    relay = await actors.spawn(partial(Relay, probe.ref), mailbox=Mailbox(urgent=(Said,)))
    for message in (Add(1), Said("first"), Add(2)):
        relay.tell(message)
    assert await probe.expect(Said) == Said("first")
    await probe.expect_in_any_order(Add(1), Add(2))


class Relay(Actor[Add | Said]):
    def __init__(self, to: Ref[object]) -> None:
        self.to = to

    @handle
    def relay(self, message: Add | Said) -> None:
        self.to.tell(message)


class Members(Request[tuple[Ref[Add | GetTotal | Break | Divide], ...]], frozen=True):
    pass


class Team(Actor[Members]):
    supervision = Supervision(strategy=Strategy.REST_FOR_ONE)

    def started(self) -> None:
        self.members = tuple(self.ctx.spawn(Counter, name=name) for name in "abc")

    @handle
    def get_members(self, message: Members) -> tuple[Ref[Add | GetTotal | Break | Divide], ...]:
        return self.members


async def test_those_started_after_the_one_that_failed_restart_with_it(actors: Actors) -> None:
    team = await actors.spawn(Team)
    members = await team.ask(Members())
    for member in members:
        member.tell(Add(1))
        assert await member.ask(GetTotal()) == 1
    members[1].tell(Break("bug"))
    await actors.sleep(0.01)
    assert [await member.ask(GetTotal()) for member in members] == [1, 0, 0]


class Witness(Actor[Said]):
    def __init__(self, diary: list[str]) -> None:
        self.diary = diary

    def started(self) -> None:
        if self.ctx.name == "top":
            for name in ("left", "right"):
                self.ctx.spawn(partial(Witness, self.diary), name=name)

    def stopped(self) -> None:
        self.diary.append(self.ctx.name)

    @handle
    def said(self, message: Said) -> None:
        """Nothing."""


async def test_children_stop_before_their_parent_and_the_last_started_first(actors: Actors) -> None:
    diary: list[str] = []
    top = await actors.spawn(partial(Witness, diary), name="top", restart=Restart.TEMPORARY)
    await actors.sleep(0.01)
    await actors.stop(top)
    assert diary == ["right", "left", "top"]


class Doubled(Request[int], frozen=True):
    of: int


class Doubling(Actor[Doubled]):
    def __init__(self, sizes: list[int]) -> None:
        self.sizes = sizes

    def started(self) -> None:
        self.batch: Batch[int, int] = Batch(self.ctx, self.work, size=3, seconds=0.01)

    async def work(self, numbers: list[int]) -> list[int]:
        self.sizes.append(len(numbers))
        return [2 * number for number in numbers]

    @handle
    def doubled(self, message: Doubled) -> Later[int]:
        return self.batch.add(message.of)


async def test_requests_are_batched_and_each_caller_gets_its_own_reply(actors: Actors) -> None:
    sizes: list[int] = []
    doubling = await actors.spawn(partial(Doubling, sizes))
    first, second = doubling.ask(Doubled(1)), doubling.ask(Doubled(2))
    assert await doubling.ask(Doubled(3)) == 6
    assert (await first, await second, sizes) == (2, 4, [3])


async def test_topics_and_routers_reach_their_actors(actors: Actors) -> None:
    one, two = actors.probe("one"), actors.probe("two")
    topic = await actors.spawn(Topic[str])
    for probe in (one, two):
        topic.tell(Subscribe(probe.ref))
    topic.tell(Publish("news"))
    for probe in (one, two):
        assert await probe.expect(Published) == Published(1, "news")
    Broadcast([one.ref, two.ref]).tell(Said("all"))
    router = Router([one.ref, two.ref])
    router.tell(Said("1"))
    router.tell(Said("2"))
    await one.expect_in_any_order(Said("all"), Said("1"))
    await two.expect_in_any_order(Said("all"), Said("2"))

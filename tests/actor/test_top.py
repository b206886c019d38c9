"""What `top` shows, and the live view in a terminal."""

import io

import anyio
import pytest

from kubeactors.actor import ActorStatistics, ActorSystem, ClassTotals, Fifo, SimSystem, Snapshot
from kubeactors.actor.top import Key, Row, view_of
from tests.actor.messages import Add, Break, Counter, GetTotal

rich = pytest.importorskip("rich.console")


def actor(name: str, handled: int = 0, busy: float = 0.0, mailbox: int = 0, restarts: int = 0) -> ActorStatistics:
    return ActorStatistics(
        path=f"/{name}",
        actor=name.upper(),
        state="running",
        mailbox=mailbox,
        capacity=9,
        waiting=1,
        handled=handled,
        busy_seconds=busy,
        restarts=restarts,
    )


def snapshot(seconds: float, *actors: ActorStatistics, dead_letters: int = 0) -> Snapshot:
    totals = tuple(
        ClassTotals(actor=one.actor, handled=one.handled, busy_seconds=one.busy_seconds, restarts=one.restarts)
        for one in actors
    )
    return Snapshot(
        seconds=seconds, dead_letters=dead_letters, ready=1, spawned=len(actors), actors=actors, totals=totals
    )


BEFORE = snapshot(10.0, actor("a", handled=100, busy=1.0), actor("b", handled=50), dead_letters=1)
AFTER = snapshot(
    12.0, actor("a", handled=104, busy=2.0), actor("b", handled=70, mailbox=3), actor("c", restarts=2), dead_letters=4
)


def test_rates_are_between_two_snapshots_and_from_zero_for_new_actors() -> None:
    view = view_of(BEFORE, AFTER, by="actor", sort="name")
    assert view.rows == (
        Row(name="/a", rate=2.0, busy=0.5, waiting=1, handled=104),
        Row(name="/b", rate=10.0, mailbox=3, waiting=1, handled=70),
        Row(name="/c", waiting=1, restarts=2),
    )
    assert (view.actors, view.rate, view.busy, view.dead_letters, view.dead_letter_rate) == (3, 12.0, 0.5, 4, 1.5)


@pytest.mark.parametrize(
    ("sort", "order"),
    [("busy", "ABC"), ("rate", "BAC"), ("mailbox", "BAC"), ("handled", "ABC"), ("restarts", "CBA"), ("name", "ABC")],
)
def test_rows_are_sorted_largest_first(sort: Key, order: str) -> None:
    assert "".join(row.name for row in view_of(BEFORE, AFTER, sort=sort).rows) == order


def test_a_class_keeps_its_row_when_its_actors_have_stopped() -> None:
    sim = SimSystem(schedule=Fifo())
    first, second = [sim.spawn(Counter) for _ in range(2)]
    before = sim.snapshot()
    for message in (Add(1), Break("bug"), Add(1)):
        first.tell(message)
        second.tell(Add(1))
    sim.run(2)
    for ref in (first, second):
        _ = sim.stop(ref)
    assert view_of(before, sim.snapshot()).rows == (Row(name="Counter", actors=0, rate=3.0, handled=6, restarts=1),)


def test_two_snapshots_at_one_moment_have_no_rates() -> None:
    assert view_of(BEFORE, BEFORE).rate == 0.0


def test_a_picture_has_a_limited_number_of_rows() -> None:
    from kubeactors.actor.terminal import picture  # noqa: PLC0415 -- the package may not be installed

    console = rich.Console(file=io.StringIO(), width=100)
    console.print(picture(view_of(BEFORE, AFTER, sort="rate"), 2, "rate"))
    assert [line.split() for line in console.file.getvalue().splitlines()[1:]] == [
        ["ACTOR", "COUNT", "MSG/S", "BUSY", "MAILBOX", "WAITING", "HANDLED", "RESTARTS"],
        ["B", "1", "10.0", "0.0%", "3", "1", "70", "0"],
        ["A", "1", "2.0", "50.0%", "0", "1", "104", "0"],
    ]


async def _seen(*, terminal: bool) -> str:
    from kubeactors.actor.terminal import live_view  # noqa: PLC0415 -- the package may not be installed

    console = rich.Console(file=io.StringIO(), width=100, height=20, force_terminal=terminal)
    async with ActorSystem() as system, live_view(system, interval_seconds=0.001, console=console):
        counter = await system.spawn(Counter)
        assert await counter.ask(GetTotal()) == 0
        with anyio.move_on_after(5 if terminal else 0.01):
            while "Counter" not in console.file.getvalue():  # noqa: ASYNC110 -- a picture sets no event
                await anyio.sleep(0.001)
    return str(console.file.getvalue())


@pytest.mark.anyio
async def test_a_live_view_shows_the_actors_of_its_system() -> None:
    seen = await _seen(terminal=True)
    assert "messages/s" in seen
    assert "Counter" in seen


@pytest.mark.anyio
async def test_a_live_view_shows_nothing_without_a_terminal() -> None:
    assert await _seen(terminal=False) == ""


@pytest.mark.anyio
async def test_an_error_leaves_a_live_view_unchanged() -> None:
    from kubeactors.actor.terminal import live_view  # noqa: PLC0415 -- the package may not be installed

    async def fail() -> None:
        async with (
            ActorSystem() as system,
            live_view(system, console=rich.Console(file=io.StringIO(), force_terminal=True)),
        ):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await fail()

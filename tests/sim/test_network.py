"""The simulated network delays and loses messages, but lets none overtake another on the way to one actor."""

from functools import partial

from kubeactors.actor import Actor, Ref, SimSystem, handle
from kubeactors.actor.cell import Cell
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import ADMIN, ApiRequest, Delete, GroupVersionResource, Result
from kubeactors.message import Message
from kubeactors.sim.chaos.crash import SimulatedCrash
from kubeactors.sim.network import Network, OnAnswer


class Said(Message, frozen=True):
    number: int


class Ear(Actor[Said]):
    """Records its messages across restarts."""

    def __init__(self, heard: list[int]) -> None:
        self._heard = heard

    @handle
    def said(self, message: Said) -> None:
        self._heard.append(message.number)


class Line:
    """An actor that gets numbers through the network."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.sim = SimSystem(1)
        self.network = Network(self.sim.kernel)
        ref = self.sim.spawn(lambda: Ear(self.heard), name="ear")
        assert isinstance(ref, Cell)
        self.cell: Cell = ref
        self.sim.settle()

    def say(self, *numbers: int) -> None:
        for number in numbers:
            self.cell.tell(Said(number))
        self.sim.run(0.01)

    def restart(self) -> None:
        """Let it fail; it takes a while until it is there again."""
        self.sim.kernel.actor_failed(self.cell, SimulatedCrash("test"))


def test_a_slow_actor_gets_all_messages_in_order_across_a_restart() -> None:
    line = Line()
    line.restart()
    line.sim.run(1)
    line.network.stall(line.cell)
    line.say(1, 2, 3)
    line.restart()
    line.network.let_one_through(line.cell)
    line.network.let_one_through(line.cell)
    line.network.unstall(line.cell)
    line.say(4)
    line.sim.run(10)
    assert line.heard == [1, 2, 3, 4]


def test_held_back_messages_come_first_even_if_the_mailbox_is_full() -> None:
    line = Line()
    line.cell.tell(Said(3))
    line.cell.capacity = 0
    line.network.release([(line.cell, (Said(number), None, None)) for number in (1, 2)])
    line.sim.run(10)
    assert line.heard == [1, 2, 3]


def test_held_back_messages_come_first_at_a_stalled_actor() -> None:
    line = Line()
    line.network.stall(line.cell)
    line.say(2)
    line.network.release([(line.cell, (Said(1), None, None))])
    line.sim.run(1)
    assert line.heard == []
    line.network.unstall(line.cell)
    line.sim.run(1)
    assert line.heard == [1, 2]


PODS = GroupVersionResource("", "v1", "pods")


class Desk(Actor[Delete], reentrant=True):
    """Deletes pods; the one called `slow` takes a second."""

    @handle
    async def delete(self, message: Delete) -> Result:
        await self.ctx.sleep(1.0 if message.name == "slow" else 0.1)
        return Result(object=Pod(metadata=ObjectMeta(name=message.name)))


class Begin(Message, frozen=True):
    pass


class Asker(Actor[Begin]):
    """Sends two requests at once, and then waits for the answer to one after the other."""

    def __init__(self, desk: Ref[Delete], heard: list[str]) -> None:
        self._desk = desk
        self._heard = heard

    @handle
    async def begin(self, _message: Begin) -> None:
        requests = [Delete(resource=PODS, namespace="x", name=name, user=ADMIN) for name in ("slow", "quick")]
        for reply in [self._desk.ask(request) for request in requests]:
            self._heard.append(f"asker: {name_in(await reply)}")


def name_in(answer: object) -> str:
    """The name of what was deleted."""
    assert isinstance(answer, Result)
    return answer.object.metadata.name


def test_an_answer_is_overheard_though_its_asker_waits_for_another_one_first() -> None:
    heard: list[str] = []

    def overhear(_component: str, _sender: Cell, request: ApiRequest[object]) -> OnAnswer:
        return lambda answer: heard.append(f"{request.name}: {name_in(answer)}")

    sim = SimSystem(1)
    network = Network(sim.kernel)
    network.on_write = overhear
    asker = sim.spawn(partial(Asker, sim.spawn(Desk, name="desk"), heard), name="asker")

    asker.tell(Begin())
    sim.run(2)

    assert heard == ["quick: quick", "slow: slow", "asker: slow", "asker: quick"]

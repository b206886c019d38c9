"""OpenTelemetry spans, as an exporter of the SDK gets them."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import anyio
import pytest

from kubeactors.actor import Actor, ActorFailed, ActorSystem, Batch, Later, Mailbox, Ref, handle
from kubeactors.message import Message, Request
from tests.actor.messages import Add, Break, Counter, Divide, GetTotal

sdk = pytest.importorskip("opentelemetry.sdk.trace")

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider  # noqa: E402 -- it may not be installed
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402 -- the same
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402 -- the same
from opentelemetry.trace import SpanKind, StatusCode, get_current_span  # noqa: E402 -- the same

pytestmark = pytest.mark.anyio


class Traces:
    """The exported spans."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = provider.get_tracer("tests")

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._exporter.get_finished_spans()

    def one(self, name: str) -> ReadableSpan:
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def lines(self) -> list[str]:
        """Every span with the names of its ancestors, in order."""
        by_id = {id_of(span): span for span in self.spans}

        def line(span: ReadableSpan) -> str:
            parent = by_id.get(span.parent.span_id) if span.parent is not None else None
            return f"{line(parent)} > {span.name}" if parent is not None else span.name

        return sorted(line(span) for span in self.spans)


def id_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)


@asynccontextmanager
async def traced() -> AsyncGenerator[tuple[ActorSystem, Traces]]:
    traces = Traces()
    async with ActorSystem(tracer=traces.tracer) as system:
        yield system, traces


async def order_of(ref: "Ref[Order]") -> None:
    await ref.ask(Order())


class Order(Request[int], frozen=True):
    pass


class Note(Message, frozen=True):
    pass


class Shop(Actor[Order | Note]):
    """Asks, waits for the event loop, and tells."""

    def __init__(self, counter: Ref[GetTotal | Add]) -> None:
        self.counter = counter

    @handle
    async def order(self, message: Order) -> int:
        await anyio.lowlevel.checkpoint()
        total = await self.counter.ask(GetTotal())
        await anyio.lowlevel.checkpoint()
        self.counter.tell(Add(1))
        self.ctx.self.tell(Note())
        return total

    @handle
    def note(self, message: Note) -> None: ...


async def test_the_parent_of_a_messages_span_is_the_one_in_which_it_was_sent() -> None:
    async with traced() as (system, traces):
        counter = await system.spawn(Counter, name="counter")
        shop = await system.spawn(lambda: Shop(counter), name="shop")
        with traces.tracer.start_as_current_span("outside"):
            assert await shop.ask(Order()) == 0
        assert await counter.ask(GetTotal()) == 1
    assert traces.lines() == [
        "GetTotal Counter",
        "outside",
        "outside > Order Shop",
        "outside > Order Shop > Add Counter",
        "outside > Order Shop > GetTotal Counter",
        "outside > Order Shop > Note Shop",
    ]


async def test_a_span_has_the_attributes_of_the_semantic_conventions() -> None:
    async with traced() as (system, traces):
        counter = await system.spawn(Counter, name="counter")
        shop = await system.spawn(lambda: Shop(counter), name="shop")
        await shop.ask(Order())
        assert await counter.ask(GetTotal()) == 1
    told, asked = traces.one("Add Counter"), traces.one("Order Shop")
    assert (told.kind, asked.kind) == (SpanKind.CONSUMER, SpanKind.SERVER)
    assert told.attributes == {
        "messaging.system": "kubeactors",
        "messaging.operation.type": "process",
        "messaging.operation.name": "Add",
        "messaging.destination.name": "/counter",
        "messaging.destination.template": "Counter",
        "messaging.client.id": "/shop",
    }
    assert (asked.attributes or {}).get("messaging.client.id") is None
    assert told.status.status_code is StatusCode.UNSET


async def test_a_handler_that_raises_makes_its_span_and_its_callers_spans_errors() -> None:
    async with traced() as (system, traces):
        counter = await system.spawn(Counter)
        with pytest.raises(ActorFailed), traces.tracer.start_as_current_span("outside"):
            await counter.ask(Divide(0))
        counter.tell(Break("bug"))
        assert await counter.ask(GetTotal()) == 0
    for name, error, said in (
        ("Divide Counter", "ZeroDivisionError", "ZeroDivisionError: integer division or modulo by zero"),
        ("Break Counter", "ValueError", "ValueError: bug"),
    ):
        span = traces.one(name)
        assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, said)
        assert (span.attributes or {})["error.type"] == error
        assert [event.name for event in span.events] == ["exception"]


class Forever(Message, frozen=True):
    pass


class Waiter(Actor[Forever]):
    @handle
    async def wait(self, message: Forever) -> None:
        await anyio.sleep_forever()


async def test_a_handler_that_is_cancelled_ends_its_span() -> None:
    async with traced() as (system, traces):
        waiter = await system.spawn(Waiter)
        waiter.tell(Forever())
        await anyio.wait_all_tasks_blocked()
        assert traces.spans == ()
    span = traces.one("Forever Waiter")
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "cancelled")


class Clock(Actor[Note | Order]):
    """Sets a periodic timer, and one that fires once."""

    ticks = 0
    later: Later[int]

    @handle
    def order(self, message: Order) -> Later[int]:
        self.ctx.every(0.001, Note(), key="tick")
        self.later = self.ctx.later()
        return self.later

    @handle
    def note(self, message: Note) -> None:
        self.ticks += 1
        if self.ticks == 2:
            self.ctx.cancel_timer("tick")
            self.later.reply(self.ticks)


async def test_a_timers_message_begins_a_trace_linked_to_where_the_timer_was_set() -> None:
    async with traced() as (system, traces):
        with traces.tracer.start_as_current_span("before"):
            clock = await system.spawn(Clock)
        assert await clock.ask(Order()) == 2
    order = traces.one("Order Clock")
    notes = [span for span in traces.spans if span.name == "Note Clock"]
    assert [[link.context.span_id for link in note.links] for note in notes] == [[id_of(order)]] * 2
    assert [note.parent for note in notes] == [None, None]
    assert len({note.context.trace_id for note in (order, *notes) if note.context is not None}) == 3


class Piper(Actor[Order | Note]):
    later: Later[int]

    @handle
    def order(self, message: Order) -> Later[int]:
        self.later = self.ctx.later()
        self.ctx.pipe_to_self(self.work(), lambda _: Note())
        return self.later

    async def work(self) -> None:
        await anyio.lowlevel.checkpoint()
        get_current_span().add_event("working")

    @handle
    def note(self, message: Note) -> None:
        self.later.reply(1)


async def test_piped_work_and_its_message_belong_to_the_span_that_began_it() -> None:
    async with traced() as (system, traces):
        piper = await system.spawn(Piper)
        assert await piper.ask(Order()) == 1
    assert traces.lines() == ["Order Piper", "Order Piper > Note Piper"]


class Gatherer(Actor[Order]):
    batch: Batch[int, int]

    def started(self) -> None:
        self.batch = Batch(self.ctx, self.work, size=2, seconds=60)

    async def work(self, items: list[int]) -> Sequence[int]:
        await anyio.lowlevel.checkpoint()
        return items

    @handle
    def order(self, message: Order) -> Later[int]:
        return self.batch.add(1)


async def test_a_batch_is_a_span_with_a_link_to_each_request_in_it() -> None:
    async with traced() as (system, traces):
        gatherer = await system.spawn(Gatherer)
        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(order_of, gatherer)
    requests = sorted(id_of(span) for span in traces.spans if span.name == "Order Gatherer")
    batch = traces.one("batch Gatherer")
    assert sorted(link.context.span_id for link in batch.links) == requests
    assert len(requests) == 2
    assert batch.parent is None
    assert (batch.attributes or {})["messaging.batch.message_count"] == 2


class Reception(Actor[Order]):
    def __init__(self, shop: Ref[Order]) -> None:
        self.shop = shop

    @handle
    def order(self, message: Order) -> Later[int]:
        return self.ctx.delegate(self.shop, message)


class Asking(Actor[Order]):
    """Replies with the sender of the order."""

    @handle
    async def order(self, message: Order) -> int:
        await anyio.lowlevel.checkpoint()
        return len(self.ctx.sender.path) if self.ctx.sender is not None else -1


class Customer(Actor[Order]):
    def __init__(self, reception: Ref[Order]) -> None:
        self.reception = reception

    @handle
    async def order(self, message: Order) -> int:
        return await self.reception.ask(message)


async def test_a_delegated_request_has_the_delegating_span_as_parent_and_keeps_its_sender() -> None:
    async with traced() as (system, traces):
        asking = await system.spawn(Asking)
        reception = await system.spawn(lambda: Reception(asking), name="reception")
        customer = await system.spawn(lambda: Customer(reception), name="customer")
        assert await customer.ask(Order()) == len("/customer")
    assert traces.lines() == [
        "Order Customer",
        "Order Customer > Order Reception",
        "Order Customer > Order Reception > Order Asking",
    ]


class Inner(Actor[Order | Note]):
    """Opens spans of its own around its awaits."""

    def __init__(self, traces: Traces, counter: Ref[GetTotal]) -> None:
        self.traces, self.counter = traces, counter

    @handle
    async def order(self, message: Order) -> int:
        with self.traces.tracer.start_as_current_span("inner"):
            await anyio.lowlevel.checkpoint()
            total = await self.counter.ask(GetTotal())
        self.ctx.self.tell(Note())
        return total

    @handle
    def note(self, message: Note) -> None: ...


async def test_spans_that_a_handler_opens_itself_stay_with_it_while_others_run() -> None:
    async with traced() as (system, traces):
        counter = await system.spawn(Counter)
        actors = [await system.spawn(lambda: Inner(traces, counter)) for _ in range(3)]
        async with anyio.create_task_group() as group:
            for actor in actors:
                group.start_soon(order_of, actor)
    assert traces.lines() == sorted(
        3
        * [
            "Order Inner",
            "Order Inner > Note Inner",
            "Order Inner > inner",
            "Order Inner > inner > GetTotal Counter",
        ]
    )


class Starter(Actor[Note]):
    def __init__(self, counter: Ref[Add]) -> None:
        self.counter = counter

    async def started(self) -> None:
        await anyio.lowlevel.checkpoint()
        self.counter.tell(Add(1))

    @handle
    def note(self, message: Note) -> None: ...


async def test_messages_sent_in_started_have_the_span_of_the_spawn_as_parent() -> None:
    async with traced() as (system, traces):
        counter = await system.spawn(Counter)
        with traces.tracer.start_as_current_span("outside"):
            await system.spawn(lambda: Starter(counter))
        assert await counter.ask(GetTotal()) == 1
    assert traces.lines() == ["GetTotal Counter", "outside", "outside > Add Counter"]


async def test_send_is_traced_also_when_it_waits_for_room() -> None:
    async with traced() as (system, traces):
        counter = await system.spawn(Counter, mailbox=Mailbox(capacity=1))
        with traces.tracer.start_as_current_span("outside"):
            for _ in range(3):
                assert await counter.send(Add(1))
        await anyio.wait_all_tasks_blocked()
        assert await counter.ask(GetTotal()) == 3
    assert traces.lines() == ["GetTotal Counter", "outside", *["outside > Add Counter"] * 3]

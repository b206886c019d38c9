"""OpenTelemetry: a span for every message that is handled. Needs the package `opentelemetry-api`.

Tracing is another kind of cell and of dispatch table: without it nothing is paid for it.

- A span lasts from the call of a handler until it has returned, over all its waits. Its parent is the span in which the
  message was sent: that of another handler, or the current one of code outside. It is current in the handler, on both
  event loops.
- A message from a timer begins a trace of its own, with a link to the span in which the timer was set.
- Work of a `Batch` is a span with a link to the span of each request in it.
- The span of a handler that raises or is cancelled has the status ERROR.

Source: OpenTelemetry semantic conventions 1.37, messaging spans; their names and kinds are from there.
"""

import types
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextvars import Context as Variables
from contextvars import copy_context
from functools import partial, wraps
from typing import TYPE_CHECKING, TypeVar, cast

from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    get_current_span,
    set_span_in_context,
)

from kubeactors.actor.activation import Stepped
from kubeactors.actor.actor import Actor, Dispatch, Handler, dispatch_of
from kubeactors.actor.cell import ALWAYS_ENVELOPE, Cell
from kubeactors.actor.envelope import Envelope, Origin, sender_of
from kubeactors.actor.mailbox import Mailbox
from kubeactors.actor.supervision import Restart

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from kubeactors.actor.kernel import Kernel

M = TypeVar("M")
R = TypeVar("R")

Method = Callable[..., object]


class Tracing:
    """Traces the actors of a kernel."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer: Tracer = tracer
        self._traced: dict[Dispatch, Dispatch] = {}

    def begin(self, kernel: "Kernel") -> None:
        """Trace all actors that are spawned from now on."""
        kernel.make_cell = partial(TracedCell, self)
        kernel.inline_asks = False  # an envelope gets its trace context when it is put into a mailbox
        kernel.dispatch_of = self.dispatch_of

    def dispatch_of(self, actor: type[Actor[object]]) -> Dispatch:
        """A dispatch table of handlers that open spans."""
        plain = dispatch_of(actor)
        traced = self._traced.get(plain)
        if traced is None:
            table = _TracedTable(plain.table, self) if type(plain.table) is not dict else self._table(plain.table)
            traced = self._traced[plain] = Dispatch(
                plain.name,
                table,
                reentrant=plain.reentrant,
                deterministic=plain.deterministic,
                start=plain.start,
                stop=plain.stop,
            )
        return traced

    def _table(self, table: dict[type, Handler]) -> dict[type, Handler]:
        return {message: self.handler(handler) for message, handler in table.items()}

    def handler(self, handler: Handler) -> Handler:
        """The handler with a span around it."""
        wrap = _waiting if handler.is_async else _plain
        return Handler(wrap(self, handler.method), is_async=handler.is_async)

    def span_of(self, actor: Actor[object], message: object) -> tuple[Span, Context]:
        """A span for the current message, and the context in which it is current."""
        cell = actor.cell
        envelope = cell.current_envelope()
        origin = envelope[1]
        context, links = (origin.context, origin.links) if isinstance(origin, Origin) else (None, ())
        parent = cast("Context | None", context)
        span = self.tracer.start_span(
            f"{type(message).__name__} {cell.dispatch.name}",
            context=parent,
            kind=SpanKind.CONSUMER if envelope[2] is None else SpanKind.SERVER,
            attributes=attributes_of(cell, envelope),
            links=cast("tuple[Link, ...]", links),
        )
        return span, set_span_in_context(span, parent)


def attributes_of(cell: Cell, envelope: Envelope) -> dict[str, str]:
    """The attributes of the span of a message that is handled."""
    sender = sender_of(envelope)
    return {
        "messaging.system": "kubeactors",
        "messaging.operation.type": "process",
        "messaging.operation.name": type(envelope[0]).__name__,
        "messaging.destination.name": cell.path,
        "messaging.destination.template": cell.dispatch.name,
        **({} if sender is None else {"messaging.client.id": sender.path}),
    }


class _TracedTable(dict[type, Handler]):
    """Of a dispatch table that looks handlers up by a rule."""

    def __init__(self, table: dict[type, Handler], tracing: Tracing) -> None:
        super().__init__()
        self._table = table
        self._tracing = tracing

    def get(self, key: type, default: object = None) -> Handler | None:  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride] -- there is no default
        """The handler, if there is one."""
        handler = self._table.get(key)
        return None if handler is None else self._tracing.handler(handler)


def _plain(tracing: Tracing, method: Method) -> Method:
    @wraps(method)
    def traced(actor: Actor[object], message: object) -> object:
        span, context = tracing.span_of(actor, message)
        token = attach(context)
        try:
            return method(actor, message)
        except BaseException as error:
            _has_failed(span, error)
            raise
        finally:
            detach(token)
            span.end()

    return traced


def _waiting(tracing: Tracing, method: Method) -> Method:
    @types.coroutine
    def traced(actor: Actor[object], message: object) -> Generator[object, object, object]:
        span, context = tracing.span_of(actor, message)
        return (yield from _within(span, context, partial(method, actor, message)))

    return wraps(method)(traced)


def _within(span: Span, context: Context, work: Callable[[], object]) -> Generator[object, object, object]:
    """Run a coroutine to its end, in this span."""
    variables = copy_context()
    variables.run(attach, context)
    try:
        return (yield from stepped(variables, cast("Stepped", variables.run(work))))
    except BaseException as error:
        _has_failed(span, error)
        raise
    finally:
        span.end()


def stepped(variables: Variables, coroutine: Stepped) -> Generator[object, object, object]:
    """A coroutine whose every step sees these context variables, in whatever task it is made."""
    step: Callable[[], object] = partial(coroutine.send, None)
    while True:
        try:
            awaited = variables.run(step)
        except StopIteration as stop:
            return cast("object", stop.value)
        try:
            sent = yield awaited
        except BaseException as error:  # noqa: BLE001 -- the coroutine decides
            step = partial(coroutine.throw, error)
        else:
            step = partial(coroutine.send, sent)


def _has_failed(span: Span, error: BaseException) -> None:
    span.set_attribute("error.type", type(error).__qualname__)
    if isinstance(error, Exception):
        span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
    else:
        span.set_status(Status(StatusCode.ERROR, "cancelled"))


class TracedCell(Cell):
    """A cell whose messages carry the context in which they were sent."""

    __slots__ = ("_links", "_spawned_in", "_tracing")

    def __init__(  # noqa: PLR0913, PLR0917 -- the arguments of `Cell`
        self,
        tracing: Tracing,
        kernel: "Kernel",
        parent: "Cell | None",
        key: str | int,
        factory: Callable[[], Actor[M]],
        mailbox: Mailbox,
        restart: Restart,
    ) -> None:
        super().__init__(kernel, parent, key, factory, mailbox, restart)
        self.last_sender = ALWAYS_ENVELOPE
        self._tracing = tracing
        self._links: tuple[Link, ...] = ()
        self._spawned_in = get_current()

    def put(self, envelope: Envelope) -> bool:
        """See `Cell.put`."""
        return super().put(self.traced_envelope(envelope))

    def traced_envelope(self, envelope: Envelope) -> Envelope:
        """See `TraceHooks.traced_envelope`."""
        message, _, reply = envelope
        return (message, Origin(sender_of(envelope), get_current(), self._links), reply)

    def traced_callback(self, function: Callable[[], object]) -> Callable[[], object]:
        """See `TraceHooks.traced_callback`."""
        return partial(copy_context().run, function)

    def traced_work(self, work: Stepped, causes: Sequence[object]) -> Stepped:
        """See `TraceHooks.traced_work`."""
        if not causes:
            return stepped(copy_context(), work)
        span = self._tracing.tracer.start_span(
            f"batch {self.dispatch.name}",
            context=Context(),
            kind=SpanKind.CONSUMER,
            attributes={
                "messaging.system": "kubeactors",
                "messaging.operation.type": "process",
                "messaging.operation.name": "batch",
                "messaging.destination.name": self.path,
                "messaging.batch.message_count": len(causes),
            },
            links=[link for cause in causes for link in links_to(cast("Context", cause))],
        )
        return _within(span, set_span_in_context(span, Context()), lambda: work)

    def trace_context(self) -> object:
        """See `TraceHooks.trace_context`."""
        return get_current()

    def traced_timer(self, action: Callable[[], object]) -> Callable[[], object]:
        """See `TraceHooks.traced_timer`."""
        links = links_to(get_current()) or self._links

        def fire() -> None:
            token = attach(Context())
            self._links = links
            try:
                action()
            finally:
                self._links = ()
                detach(token)

        return fire

    def call_started(self) -> "Awaitable[None] | None":
        """See `Cell.call_started`: in the span in which the actor was spawned; a restart is in none."""
        variables = copy_context()
        variables.run(attach, Context() if self.cold.restarted else self._spawned_in)
        starting = variables.run(super().call_started)
        if starting is None:
            return None
        return cast("Awaitable[None]", stepped(variables, cast("Coroutine[object, object, object]", starting)))


def links_to(context: Context) -> tuple[Link, ...]:
    """A link to the span that is current in a context, if there is one."""
    found = get_current_span(context).get_span_context()
    return (Link(found),) if found.is_valid else ()

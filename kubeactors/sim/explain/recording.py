"""Records a run: every message with its cause, every write, every fault that took effect.

Causes are those of OpenTelemetry's spans (`actor/tracing.py`): the cause of a message is the one whose handler sent it, also
across the handler's awaits; for a timer's message, the one whose handler set the timer. The cause of a watch event is the
write that it reports.
"""

from functools import partial
from typing import cast

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    NoOpTracer,
    Span,
    SpanContext,
    get_current_span,
    set_span_in_context,
)

from kubeactors.actor.actor import Actor
from kubeactors.actor.cell import Cell
from kubeactors.actor.envelope import Envelope, Origin, sender_of
from kubeactors.actor.kernel import Kernel
from kubeactors.actor.supervision import SECOND
from kubeactors.actor.tracing import TracedCell, Tracing
from kubeactors.apimachinery.requests import WatchEvents
from kubeactors.sim.chaos.faults import AnyFault
from kubeactors.sim.chaos.targets import affected_component
from kubeactors.sim.explain.histories import difference, verb_of
from kubeactors.sim.explain.records import Delivery, Firing, Records, Write
from kubeactors.sim.explain.summaries import name_of, summary_of
from kubeactors.sim.plan import described
from kubeactors.sim.simulation import Simulation
from kubeactors.sim.steps import kind_of
from kubeactors.sim.world import commit_of
from kubeactors.storage import StoreEvent

ONE_TRACE = 1
"""The whole run is one trace; a span's id is the number of its message."""
STORE_PATHS = ("/cluster/store", "/cluster/apiserver")


class RecordedCell(TracedCell):
    """A cell that keeps the cause of a message that a fault held back and delivers later."""

    def put(self, envelope: Envelope) -> bool:
        """See `Cell.put`."""
        return Cell.put(self, envelope) if isinstance(envelope[1], Origin) else super().put(envelope)


class Recording(Tracing):
    """Records a simulation that has not begun.

    Args:
        simulation: to record.
    """

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(NoOpTracer())
        self._simulation = simulation
        self._pending: tuple[Cell, Envelope, float] | None = None
        self._written: dict[tuple[str, str], int] = {}
        plan = simulation.plan
        self.records: Records = Records(plan=plan, steps=tuple(described(step) for step in plan.steps))
        self.begin(simulation.sim.kernel)
        simulation.network.listeners.append(self._arrived)
        simulation.chaos.report_to(self._fired)
        self._judge, simulation.disk.listener = simulation.disk.listener, self._committed

    def begin(self, kernel: Kernel) -> None:
        """See `Tracing.begin`."""
        super().begin(kernel)
        kernel.make_cell = partial(RecordedCell, self)

    def run(self, until: float | None = None) -> Records:
        """Run the plan and return the records."""
        records, simulation = self.records, self._simulation
        records.violations = simulation.run(until).violations
        self._keep_pending()
        records.begin, records.seconds = simulation.began / SECOND, self._now
        return records

    def span_of(self, actor: Actor[object], message: object) -> tuple[Span, Context]:
        """The span of a message that is handled: the one that has just arrived."""
        pending, self._pending = self._pending, None
        envelope = actor.cell.current_envelope()
        parent, _ = _origin(envelope)
        assert pending is not None  # every message passes the network before it is handled
        number = self._note(*pending, kept=False)
        context = SpanContext(ONE_TRACE, number, is_remote=False)
        span = NonRecordingSpan(context)
        return span, set_span_in_context(span, parent)

    @property
    def _now(self) -> float:
        return self._simulation.sim.now / SECOND

    def _arrived(self, cell: Cell, envelope: Envelope) -> None:
        self._keep_pending()
        self._pending = (cell, envelope, self._now)

    def _keep_pending(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            self._note(*pending, kept=True)

    def _note(self, cell: Cell, envelope: Envelope, at: float, *, kept: bool) -> int:
        parent, links = _origin(envelope)
        cause = get_current_span(parent).get_span_context().span_id
        by_timer = not cause and bool(links)
        if isinstance(envelope[0], WatchEvents):
            cause = self._news(envelope[0]) or cause
        sender = sender_of(envelope)
        records = self.records.deliveries
        number = len(records) + 1
        records.append(
            Delivery(
                number=number,
                at=at,
                sender=sender.path if sender is not None else "",
                actor=cell.path,
                kind=type(envelope[0]).__name__,
                summary=summary_of(envelope[0]),
                cause=links[0].context.span_id if by_timer else cause,
                by_timer=by_timer,
                kept=kept,
            )
        )
        return number

    def _news(self, message: WatchEvents) -> int:
        """The write that a watch message reports, as its cause: the server may have batched it with others."""
        last = message.events[-1].object if message.events else None
        return self._written.get((name_of(last), last.metadata.resource_version), 0) if last is not None else 0

    def _committed(self, event: StoreEvent) -> None:
        commit = commit_of(event)
        cause = get_current_span().get_span_context().span_id
        write = Write(
            revision=commit.revision,
            at=self._now,
            cause=cause,
            key=name_of(commit.current),
            verb=verb_of(commit),
            diff=difference(commit.old, commit.new),
            author=self._author(cause),
        )
        self.records.writes.append(write)
        self._written[write.key, str(write.revision)] = cause
        self._judge(event)

    def _author(self, number: int) -> str:
        """The actor that requested the write."""
        for one in self.records.causes(number):
            if not one.actor.startswith(STORE_PATHS):
                return one.actor
        return ""

    def _fired(self, fault: AnyFault) -> None:
        until = self._simulation.began / SECOND + fault.heals_at
        self.records.firings.append(
            Firing(
                at=self._now,
                until=max(until, self._now),
                kind=kind_of(fault),
                summary=described(fault),
                component=affected_component(fault),
                before=len(self.records.deliveries),
            )
        )


def recorded(simulation: Simulation, until: float | None = None) -> Records:
    """Run a simulation that has not begun, and record it."""
    return Recording(simulation).run(until)


def _origin(envelope: Envelope) -> tuple[Context, tuple[Link, ...]]:
    """The span in which a message was sent, and a link to that in which its timer was set."""
    origin = envelope[1]
    if not isinstance(origin, Origin):
        return Context(), ()
    return cast("Context", origin.context), cast("tuple[Link, ...]", origin.links)

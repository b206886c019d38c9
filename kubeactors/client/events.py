"""Events: how components report to users what happens.

A component holds an `EventRecorder`, which sends events to an `EventSink` actor and never waits. The sink correlates
them, and writes them to the API server one after the other.

Source: client-go tools/record/event.go (v1.36).
"""

from functools import partial
from typing import Protocol, TypeVar

from msgspec.structs import replace

from kubeactors.actor import Actor, Context, Mailbox, Overflow, handle
from kubeactors.api.core.v1 import ObjectReference
from kubeactors.api.core.v1.event import Event, EventSource
from kubeactors.apimachinery.meta import HasMeta, ObjectMeta
from kubeactors.apimachinery.requests import STRATEGIC_MERGE_PATCH
from kubeactors.apimachinery.status import AlreadyExists, NotFound, ServiceUnavailable, StatusError, Timeout
from kubeactors.apimachinery.time import format_micro_time, format_time
from kubeactors.client.client import Client
from kubeactors.client.correlation import Correlation, Correlator, event_name
from kubeactors.client.workqueue import SECOND, BucketLimiter
from kubeactors.message import Message, Recipient

M = TypeVar("M")

NORMAL, WARNING = "Normal", "Warning"
DEFAULT_NAMESPACE = "default"
"""The namespace of events about objects without one."""

RETRY_SECONDS = 10.0
MAX_TRIES = 12

EVENTS_PER_SECOND, EVENTS_BURST = 50.0, 100
"""The rate limit of a component's events. Events above it wait, and are dropped if too many do.

Source: cmd/kube-scheduler/app/options (kubeAPIQPS, kubeAPIBurst), pkg/kubelet/apis/config (eventRecordQPS, eventBurst).
"""

SINK_MAILBOX = Mailbox(capacity=1000, overflow=Overflow.DROP_NEWEST)
"""If events arrive faster than they can be written, the newest are dropped: no component waits for an event."""


class RecordEvent(Message, frozen=True, kw_only=True):
    """Something happened to an object at a unix time in nanoseconds.

    With an `action` the event is written in the newer form, of events.k8s.io/v1: without source and count, with a time
    in microseconds, and a series when it repeats. Which form a component of Kubernetes uses is visible in its events.
    """

    involved: ObjectReference
    type: str
    reason: str
    message: str
    component: str
    host: str
    time: int
    action: str = ""


class Clock(Protocol):
    """Tells the wall time; an actor's context is one."""

    @property
    def wall(self) -> int:
        """Unix time in nanoseconds."""
        ...


class EventRecorder:
    """Records events of one component, on one host if that matters."""

    def __init__(self, sink: Recipient[RecordEvent], clock: Clock, component: str, host: str = "") -> None:
        self._sink = sink
        self._clock = clock
        self._component = component
        self._host = host

    def event(
        self, involved: HasMeta | ObjectReference, type_: str, reason: str, message: str, action: str = ""
    ) -> None:
        """Record an event; `reason` and `action` are one word in UpperCamelCase, `message` is a sentence."""
        self._sink.tell(
            RecordEvent(
                involved=involved if isinstance(involved, ObjectReference) else reference_to(involved),
                type=type_,
                reason=reason,
                message=message,
                component=self._component,
                host=self._host,
                time=self._clock.wall,
                action=action,
            )
        )

    def normal(self, involved: HasMeta | ObjectReference, reason: str, message: str, *, action: str = "") -> None:
        """Record an event of type Normal."""
        self.event(involved, NORMAL, reason, message, action)

    def warning(self, involved: HasMeta | ObjectReference, reason: str, message: str, *, action: str = "") -> None:
        """Record an event of type Warning."""
        self.event(involved, WARNING, reason, message, action)


class EventSink(Actor[RecordEvent], deterministic=True):
    """Writes the events of a component, correlated and rate-limited."""

    def __init__(self, client: Client, *, per_second: float = EVENTS_PER_SECOND, burst: int = EVENTS_BURST) -> None:
        self._client = client
        self._rate = BucketLimiter(per_second, burst)
        self._correlator = Correlator()
        self._salt = 0
        self._number = 0

    def started(self) -> None:
        """Draw an offset within a microsecond, so that two sinks do not give their events the same names."""
        self._salt = self.ctx.random.randrange(1000)

    @handle
    async def record(self, message: RecordEvent) -> None:
        """Write an event; while the server cannot be reached, retry and let the others wait."""
        self._number = max(message.time + self._salt, self._number + 1)
        found = self._correlator.correlate(event_of(message, self._number), message.time)
        if found is None:
            return
        if wait := self._rate.reserve(self.ctx.now):
            await self.ctx.sleep(wait / SECOND)
        unsure = False
        for attempt in range(MAX_TRIES):
            try:
                await self._write(found)
            except AlreadyExists:
                if unsure:
                    return  # an earlier attempt succeeded
                found = _renamed(found, message.time + attempt + 1)
            except (ServiceUnavailable, Timeout):
                unsure = True
                await self.ctx.sleep(RETRY_SECONDS * (self.ctx.random.random() if attempt == 0 else 1.0))
            except StatusError as error:
                self.ctx.log.debug("event.rejected", reason=message.reason, error=str(error))
                return
            else:
                return
        self.ctx.log.warning("event.lost", reason=message.reason, object=message.involved.name)

    async def _write(self, found: Correlation) -> None:
        event = found.event
        if found.repeated:
            try:
                await self._client.patch(
                    Event,
                    event.metadata.name,
                    _repetition(event),
                    event.metadata.namespace,
                    patch_type=STRATEGIC_MERGE_PATCH,
                )
            except NotFound:
                pass  # it has expired: create it again
            else:
                return
        self._correlator.observe(await self._client.create(event), found.key)


class DiscardingSink:
    """Discards events."""

    def tell(self, _message: RecordEvent, /) -> bool:
        """Discard it."""
        return True


def sink_of(ctx: Context[M], client: Client, *, wanted: bool, name: str = "events") -> Recipient[RecordEvent]:
    """The recipient of a component's events: a child that writes them, or one that discards them if they are not wanted."""
    return ctx.spawn(partial(EventSink, client), name=name, mailbox=SINK_MAILBOX) if wanted else DiscardingSink()


def _renamed(found: Correlation, time: int) -> Correlation:
    """The event under another name: there is one about the object at the same nanosecond already."""
    event = found.event
    name = event_name(event.involved_object.name, time)
    return replace(found, event=replace(event, metadata=replace(event.metadata, name=name)))


def _repetition(event: Event) -> dict[str, object]:
    """The patch of an event that is repeated."""
    if event.action:
        return {"series": {"count": event.count + 1, "lastObservedTime": event.event_time}}
    return {"count": event.count, "lastTimestamp": event.last_timestamp, "message": event.message}


def reference_to(involved: HasMeta) -> ObjectReference:
    """A reference to an object, as events have it."""
    metadata = involved.metadata
    return ObjectReference(
        kind=involved.kind,
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        api_version=involved.api_version,
        resource_version=metadata.resource_version,
    )


def event_of(message: RecordEvent, number: int) -> Event:
    """The event, not yet correlated. `number`, which is close to the time, makes its name."""
    involved, time = message.involved, format_time(message.time)
    metadata = ObjectMeta(name=event_name(involved.name, number), namespace=involved.namespace or DEFAULT_NAMESPACE)
    if message.action:
        return Event(
            metadata=metadata,
            involved_object=involved,
            reason=message.reason,
            message=message.message,
            event_time=format_micro_time(message.time),
            type=message.type,
            action=message.action,
            reporting_component=message.component,
            reporting_instance=message.host,
        )
    return Event(
        metadata=metadata,
        involved_object=involved,
        reason=message.reason,
        message=message.message,
        source=EventSource(component=message.component, host=message.host),
        first_timestamp=time,
        last_timestamp=time,
        count=1,
        type=message.type,
        reporting_component=message.component,
        reporting_instance=message.host,
    )

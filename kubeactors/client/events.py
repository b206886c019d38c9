"""Events: how components tell people what happens.

A component holds an `EventRecorder`; recording tells an `EventSink` actor and never waits. The sink correlates, and
writes to the API server one after the other.

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
"""Where events about objects without a namespace go."""

RETRY_SECONDS = 10.0
MAX_TRIES = 12

EVENTS_PER_SECOND, EVENTS_BURST = 50.0, 100
"""How fast a component writes events: its client is held to that. What comes faster waits, and is dropped in the end.

Source: cmd/kube-scheduler/app/options (kubeAPIQPS, kubeAPIBurst), pkg/kubelet/apis/config (eventRecordQPS, eventBurst).
"""

SINK_MAILBOX = Mailbox(capacity=1000, overflow=Overflow.DROP_NEWEST)
"""When events come faster than they can be written, the newest are dropped: nobody waits for an event."""


class RecordEvent(Message, frozen=True, kw_only=True):
    """Something happened to an object at a unix time in nanoseconds.

    With an `action` the event is written in the newer form, that of events.k8s.io/v1: no source and no count, but a
    time in microseconds, and a series when it repeats. Which form a component uses shows in its events.
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
    """Knows the wall time; an actor's context does."""

    @property
    def wall(self) -> int:
        """Unix time in nanoseconds."""
        ...


class EventRecorder:
    """Records events as one component, on one host if that matters."""

    def __init__(self, sink: Recipient[RecordEvent], clock: Clock, component: str, host: str = "") -> None:
        self._sink = sink
        self._clock = clock
        self._component = component
        self._host = host

    def event(
        self, involved: HasMeta | ObjectReference, type_: str, reason: str, message: str, action: str = ""
    ) -> None:
        """Record; `reason` and `action` are one word in UpperCamelCase, `message` a sentence."""
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
        """Record something as it should be."""
        self.event(involved, NORMAL, reason, message, action)

    def warning(self, involved: HasMeta | ObjectReference, reason: str, message: str, *, action: str = "") -> None:
        """Record something that should not be."""
        self.event(involved, WARNING, reason, message, action)


class EventSink(Actor[RecordEvent], deterministic=True):
    """Writes the events of a component, as its correlator thinks fit, and no faster than it may."""

    def __init__(self, client: Client, *, per_second: float = EVENTS_PER_SECOND, burst: int = EVENTS_BURST) -> None:
        self._client = client
        self._rate = BucketLimiter(per_second, burst)
        self._correlator = Correlator()
        self._salt = 0
        self._number = 0

    def started(self) -> None:
        """Choose a place within a microsecond, so that two sinks do not name their events alike."""
        self._salt = self.ctx.random.randrange(1000)

    @handle
    async def record(self, message: RecordEvent) -> None:
        """Write one; while the server cannot be reached, keep trying and let the others wait."""
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
                    return  # an earlier try came through
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
                pass  # it has expired: write it anew
            else:
                return
        self._correlator.observe(await self._client.create(event), found.key)


class Unheard:
    """Takes events where nobody wants them."""

    def tell(self, _message: RecordEvent, /) -> bool:
        """Forget it."""
        return True


def sink_of(ctx: Context[M], client: Client, *, wanted: bool, name: str = "events") -> Recipient[RecordEvent]:
    """Who takes the events of a component: a child that writes them, if they are wanted."""
    return ctx.spawn(partial(EventSink, client), name=name, mailbox=SINK_MAILBOX) if wanted else Unheard()


def _renamed(found: Correlation, time: int) -> Correlation:
    """The same under another name: something else happened to the object in the very same nanosecond."""
    event = found.event
    name = event_name(event.involved_object.name, time)
    return replace(found, event=replace(event, metadata=replace(event.metadata, name=name)))


def _repetition(event: Event) -> dict[str, object]:
    """What changes in an event that is there already."""
    if event.action:
        return {"series": {"count": event.count + 1, "lastObservedTime": event.event_time}}
    return {"count": event.count, "lastTimestamp": event.last_timestamp, "message": event.message}


def reference_to(involved: HasMeta) -> ObjectReference:
    """Names an object as events do."""
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
    """The event as it is if nothing like it was seen before. `number` makes its name, and is like the time."""
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

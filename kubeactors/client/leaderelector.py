"""Leader election: of several candidates the one that holds a Lease does the work, and the others stand by.

Source: client-go tools/leaderelection/leaderelection.go, resourcelock/leaselock.go (v1.36). Different here: the
deadline of a leader counts from when it sent the last renewal that came through, not from the next try after it, so
that a slow reply cannot bring it near the lease's end; and a leader that sees another holder stops at once.
"""

from collections.abc import Callable
from functools import partial
from typing import ClassVar, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from kubeactors.actor import Actor, Ref, Supervision, Terminated, handle
from kubeactors.api.coordination.v1 import Lease, LeaseSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.requests import Update
from kubeactors.apimachinery.status import Conflict, NotFound, StatusError
from kubeactors.client.client import Client
from kubeactors.client.events import EventRecorder, sink_of
from kubeactors.client.leases import Move, Observation, decide, observed, record, released
from kubeactors.client.workqueue import SECOND
from kubeactors.message import Message

N = TypeVar("N")

UNTIRING = Supervision(max_restarts=1_000_000, within_seconds=60.0, backoff_seconds=0.1, max_backoff_seconds=10.0)
"""Whoever fails is started again, however often."""


class ElectionConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Which Lease is stood for, and how. The times are those of Kubernetes' components.

    Source: k8s.io/component-base/config/v1alpha1/defaults.go (v1.36).
    """

    name: str
    namespace: str = "kube-system"
    component: str = ""
    """Who says in events that there is a new leader."""
    events: bool = True
    """Whether anybody says so."""
    heir: bool = False
    """Whether none of the same name can be alive elsewhere: what one such held is taken over at once."""
    lease_duration_seconds: int = 15
    """How long others wait after the last sign of the leader."""
    renew_deadline_seconds: float = 10.0
    """How long a leader goes on without having renewed. Less than the above."""
    retry_period_seconds: float = 2.0
    """How often a leader renews, and the least time between two looks of another candidate."""
    jitter_factor: float = 1.2
    """Up to so many retry periods more between two looks, drawn each time."""


class Stand(Message, frozen=True):
    """An elector tells itself: try to get or to keep the Lease."""


class Extend(Message, frozen=True):
    """An elector tells a tenure: the Lease is held, go on until that time, in nanoseconds."""

    until: int


class Expire(Message, frozen=True):
    """A tenure tells itself: nobody has extended it in time."""


class Tenure(Actor[Extend | Expire], Generic[N], deterministic=True):
    """The time in which a candidate leads; what it leads is a child, which ends with it.

    It ends by itself when its elector does not extend it: an elector that is held up keeps nobody in office.

    Args:
        lease: the name of the Lease.
        identity: who leads.
        until: when it ends unless it is extended, in nanoseconds.
        lead: makes the child.
    """

    supervision: ClassVar[Supervision] = UNTIRING

    def __init__(self, lease: str, identity: str, until: int, lead: Callable[[], Actor[N]]) -> None:
        self.lease: str = lease
        self.identity: str = identity
        self._until = until
        self._lead = lead

    def started(self) -> None:
        """Begin the work."""
        self.extend(Extend(self._until))
        self.ctx.spawn(self._lead, name="work")

    @handle
    def extend(self, message: Extend) -> None:
        """Go on for longer."""
        self.ctx.after((message.until - self.ctx.now) / SECOND, Expire(), key="expiry")

    @handle
    def expire(self, _message: Expire) -> None:
        """The child must stop before another may lead."""
        self._end()

    def _end(self) -> None:
        self.ctx.stop()


class LeaderElector(Actor[Stand | Terminated], Generic[N], reentrant=True, deterministic=True):
    """A candidate. Its child, which does the work, lives only while it leads.

    The child has stopped before this candidate's Lease ends, also when this actor is held up: no clock of another is
    trusted, only that all run about as fast. A write that is on its way then may still take effect. When the elector
    stops or fails it gives the Lease up, after its child has stopped; nobody waits for that to come through.

    Args:
        client: whose requests time out well before `renew_deadline_seconds`.
        config: which Lease.
        lead: makes the child.
    """

    supervision: ClassVar[Supervision] = UNTIRING

    def __init__(self, client: Client, config: ElectionConfig, lead: Callable[[], Actor[N]]) -> None:
        self._client = client
        self._config = config
        self._lead = lead
        self._seen: Observation | None = None
        self._child: Ref[Extend | Expire] | None = None
        self._is_trying = False

    def started(self) -> None:
        """Become a candidate under a name that nobody had before."""
        self.identity: str = f"{self.ctx.name}_{self.ctx.uid()}"
        sink = sink_of(self.ctx, self._client, wanted=self._config.events, name="election-events")
        self._recorder = EventRecorder(sink, self.ctx, self._config.component, self.ctx.name)
        self.ctx.self.tell(Stand())

    def stopped(self) -> None:
        """Give the Lease up: others need not wait for its end."""
        seen = self._seen
        if seen is not None and seen.holder == self.identity:
            lease = replace(seen.lease, spec=released(seen, self.ctx.microtime()))
            request = Update(
                resource=self._client.resource(Lease),
                namespace=lease.metadata.namespace,
                name=lease.metadata.name,
                object=lease,
                user=self._client.user,
            )
            _ = self._client.submit(request)  # nobody waits for the reply

    @handle
    async def stand(self, _message: Stand) -> None:
        """Try once, and again later. An attempt ends with the instance that made it."""
        if self._is_trying:
            return  # told to an instance before this one
        self._is_trying, began = True, self.ctx.now
        holds = await self._attempt()
        self._is_trying = False
        self._take_office_or_leave(holds, began + int(self._config.renew_deadline_seconds * SECOND))
        self.ctx.after(self._pause(), Stand(), key="stand")

    def _take_office_or_leave(self, holds: bool, until: int) -> None:  # noqa: FBT001 -- the answer to the attempt
        """Lead from now on, go on, or see that another does."""
        if holds and until > self.ctx.now:
            self._lead_until(until)
        elif self._child is not None and self._seen is not None and self._seen.holder != self.identity:
            self.ctx.stop(self._child, "another leads")

    @handle
    def terminated(self, message: Terminated) -> None:
        """The child has stopped."""
        if message.ref == self._child:
            self._child = None
            self._tell("stopped leading")

    def _pause(self) -> float:
        period = self._config.retry_period_seconds
        if self._child is not None:
            return period
        return period * (1 + self._config.jitter_factor * self.ctx.random.random())

    def _lead_until(self, until: int) -> None:
        if self._child is not None:
            self._child.tell(Extend(until))
            return
        tenure = partial(Tenure[N], self._config.name, self.identity, until, self._lead)
        self._child = self.ctx.spawn(tenure, name="leading")
        self.ctx.watch(self._child)
        self._tell("became leader")

    def _tell(self, what: str) -> None:
        assert self._seen is not None, "who leads has seen a Lease"
        self.ctx.log.info("election", lease=self._config.name, what=what)
        self._recorder.normal(self._seen.lease, "LeaderElection", f"{self.identity} {what}")

    # Reading and writing.

    async def _attempt(self) -> bool:
        """Whether the Lease is one's own now."""
        try:
            return await self._renew_at_once() or await self._look_and_move()
        except StatusError as error:
            self.ctx.log.debug("election.failed", lease=self._config.name, error=str(error))
            return False

    async def _renew_at_once(self) -> bool:
        """A leader need not look first: it knows the record, unless somebody has changed it."""
        seen = self._seen
        if seen is None or seen.holder != self.identity or not seen.is_valid(self.ctx.now):
            return False
        try:
            await self._write(Move.RENEW)
        except (Conflict, NotFound):
            return False
        return True

    async def _look_and_move(self) -> bool:
        found = await self._client.find(Lease, self._config.name, self._config.namespace)
        if found is not None:
            self._seen = observed(self._seen, found, self.ctx.now)
        move = decide(self.identity, self._seen, self.ctx.now, exists=found is not None, heir=self._config.heir)
        if move is Move.WAIT:
            return False
        await self._write(move)
        return True

    async def _write(self, move: Move) -> None:
        config = self._config
        spec = record(move, self.identity, self._seen, config.lease_duration_seconds, self.ctx.microtime())
        self._seen = Observation(await self._put(move, spec), self.ctx.now)

    async def _put(self, move: Move, spec: LeaseSpec) -> Lease:
        seen = self._seen
        if seen is None or move is Move.CREATE:
            metadata = ObjectMeta(name=self._config.name, namespace=self._config.namespace)
            return await self._client.create(Lease(metadata=metadata, spec=spec))
        return await self._client.update(replace(seen.lease, spec=spec))

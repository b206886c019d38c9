"""Leader election: the candidate that holds a Lease does the work, and the others stand by.

Source: client-go tools/leaderelection/leaderelection.go, resourcelock/leaselock.go (v1.36). Different here: a
leader's renew deadline counts from when it sent its last successful renewal, not from the attempt after that, so that a
slow reply cannot bring it near the end of the Lease; and a leader that observes another holder stops at once.
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

ALWAYS_RESTART = Supervision(max_restarts=1_000_000, within_seconds=60.0, backoff_seconds=0.1, max_backoff_seconds=10.0)
"""Children are restarted however often they fail."""


class ElectionConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The Lease of an election, and its times, which are those of Kubernetes' components.

    Source: k8s.io/component-base/config/v1alpha1/defaults.go (v1.36).
    """

    name: str
    namespace: str = "kube-system"
    component: str = ""
    """The component that reports a new leader in its events."""
    events: bool = True
    """Whether there are such events."""
    heir: bool = False
    """Whether a candidate takes over the Lease of a holder of the same name at once: none can be alive elsewhere."""
    lease_duration_seconds: int = 15
    """How long other candidates wait after the leader's last renewal."""
    renew_deadline_seconds: float = 10.0
    """How long a leader goes on without a successful renewal. Less than the lease duration."""
    retry_period_seconds: float = 2.0
    """The time between a leader's renewals, and the least time between another candidate's attempts."""
    jitter_factor: float = 1.2
    """Another candidate waits up to so many retry periods more between attempts, at random."""


class Stand(Message, frozen=True):
    """An elector tells itself: try to acquire or to renew the Lease."""


class Extend(Message, frozen=True):
    """An elector tells a tenure: the Lease is held, continue until this time, in nanoseconds."""

    until: int


class Expire(Message, frozen=True):
    """A tenure tells itself: it was not extended in time."""


class Tenure(Actor[Extend | Expire], Generic[N], deterministic=True):
    """The time in which a candidate leads. Its child does the work, and stops with it.

    It stops by itself unless its elector extends it, so an elector that hangs does not keep the leadership.

    Args:
        lease: the name of the Lease.
        identity: the leader's.
        until: when it stops unless it is extended, in nanoseconds.
        lead: makes the child.
    """

    supervision: ClassVar[Supervision] = ALWAYS_RESTART

    def __init__(self, lease: str, identity: str, until: int, lead: Callable[[], Actor[N]]) -> None:
        self.lease: str = lease
        self.identity: str = identity
        self._until = until
        self._lead = lead

    def started(self) -> None:
        """Start the child."""
        self.extend(Extend(self._until))
        self.ctx.spawn(self._lead, name="work")

    @handle
    def extend(self, message: Extend) -> None:
        """Continue for longer."""
        self.ctx.after((message.until - self.ctx.now) / SECOND, Expire(), key="expiry")

    @handle
    def expire(self, _message: Expire) -> None:
        """Stop, and so the child, before another candidate may lead."""
        self._end()

    def _end(self) -> None:
        self.ctx.stop()


class LeaderElector(Actor[Stand | Terminated], Generic[N], reentrant=True, deterministic=True):
    """A candidate. Its child, which does the work, lives only while it leads.

    The child has stopped before this candidate's Lease expires, even if this actor hangs: no other clock is trusted, only
    that all run at about the same speed. A write in flight may still take effect then. When the elector stops or fails,
    it releases the Lease after its child has stopped, without waiting for the reply.

    Args:
        client: its requests must time out well before `renew_deadline_seconds`.
        config: the election.
        lead: makes the child.
    """

    supervision: ClassVar[Supervision] = ALWAYS_RESTART

    def __init__(self, client: Client, config: ElectionConfig, lead: Callable[[], Actor[N]]) -> None:
        self._client = client
        self._config = config
        self._lead = lead
        self._seen: Observation | None = None
        self._child: Ref[Extend | Expire] | None = None
        self._is_trying = False

    def started(self) -> None:
        """Become a candidate under a unique name."""
        self.identity: str = f"{self.ctx.name}_{self.ctx.uid()}"
        sink = sink_of(self.ctx, self._client, wanted=self._config.events, name="election-events")
        self._recorder = EventRecorder(sink, self.ctx, self._config.component, self.ctx.name)
        self.ctx.self.tell(Stand())

    def stopped(self) -> None:
        """Release the Lease, so that others need not wait until it expires."""
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
        """Make one attempt, and the next one later. An attempt ends with the instance that made it."""
        if self._is_trying:
            return  # sent by an earlier instance
        self._is_trying, began = True, self.ctx.now
        holds = await self._attempt()
        self._is_trying = False
        self._follow(holds, began + int(self._config.renew_deadline_seconds * SECOND))
        self.ctx.after(self._pause(), Stand(), key="stand")

    def _follow(self, holds: bool, until: int) -> None:  # noqa: FBT001 -- the result of the attempt
        """Start to lead, continue, or stop since another candidate leads."""
        if holds and until > self.ctx.now:
            self._lead_until(until)
        elif self._child is not None and self._seen is not None and self._seen.holder != self.identity:
            self.ctx.stop(self._child, "another leads")

    @handle
    def terminated(self, message: Terminated) -> None:
        """The child has stopped."""
        if message.ref == self._child:
            self._child = None
            self._report("stopped leading")

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
        self._report("became leader")

    def _report(self, what: str) -> None:
        assert self._seen is not None, "a leader has observed its Lease"
        self.ctx.log.info("election", lease=self._config.name, what=what)
        self._recorder.normal(self._seen.lease, "LeaderElection", f"{self.identity} {what}")

    # Reading and writing.

    async def _attempt(self) -> bool:
        """Try to acquire or to renew. Whether this candidate holds the Lease now."""
        try:
            return await self._renew_unread() or await self._read_and_move()
        except StatusError as error:
            self.ctx.log.debug("election.failed", lease=self._config.name, error=str(error))
            return False

    async def _renew_unread(self) -> bool:
        """Renew without reading first. False if this candidate is not the leader, or the record has changed meanwhile."""
        seen = self._seen
        if seen is None or seen.holder != self.identity or not seen.is_valid(self.ctx.now):
            return False
        try:
            await self._write(Move.RENEW)
        except (Conflict, NotFound):
            return False
        return True

    async def _read_and_move(self) -> bool:
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

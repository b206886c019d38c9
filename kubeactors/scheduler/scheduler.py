"""The scheduler: selects a node for each unscheduled pod, and binds it.

Source: pkg/scheduler/{scheduler,schedule_one}.go (v1.36).
"""

from collections.abc import Iterable
from random import Random
from typing import cast

import msgspec

from kubeactors.actor import Actor, handle
from kubeactors.api.core.v1 import Node, Pod
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Change, Client, Notify, RecordEvent, SharedInformer, Subscriptions
from kubeactors.message import Recipient
from kubeactors.scheduler import diagnosis
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.cluster_event import ASSIGNED_POD_DELETE
from kubeactors.scheduler.config import DEFAULT_CONFIG, SchedulerConfig
from kubeactors.scheduler.event_handlers import EventHandlers
from kubeactors.scheduler.explanation import ExplainScheduling, Explanation, explain, unscheduled
from kubeactors.scheduler.extended import Extenders
from kubeactors.scheduler.extender import Call, ExtenderFailed, no_call
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.messages import Cycle, Flush, GoOn, SchedulerMessage
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.plugins.default_preemption import TERMINATING
from kubeactors.scheduler.pod_info import PodInfo, pod_info
from kubeactors.scheduler.profile import Profile, sort_key_of
from kubeactors.scheduler.queue import SchedulingQueue
from kubeactors.scheduler.queued_pod import SECOND, QueuedPod
from kubeactors.scheduler.queueing_hints import merged
from kubeactors.scheduler.reporter import DEFAULT_SCHEDULER, SCHEDULER_ERROR, UNSCHEDULABLE, Reporter
from kubeactors.scheduler.results import Diagnosis, PostFilterResult, Status
from kubeactors.scheduler.surroundings import NO_SURROUNDINGS, Neighbours, Surroundings
from kubeactors.scheduler.verdicts import diagnosis as diagnosis_of
from kubeactors.scheduler.waiting import WaitingPod, WaitingPods

WORKERS = 64
"""How many scheduling and binding cycles run at a time; binding cycles with PreBind work do not count."""
PODS_PER_TURN = 16
"""How many pods a worker schedules before it yields to others."""


class _Assumed(msgspec.Struct, frozen=True):
    """An assumed pod, which is not bound yet."""

    queued: QueuedPod
    profile: Profile
    node_name: str


class Scheduler(Actor[SchedulerMessage], reentrant=True, deterministic=True):
    """Runs scheduling cycles one after the other, and many binding cycles at a time.

    A scheduling cycle does not await anything, unless an extender is called: the next pod sees the assumed pod on its
    node at once, long before it is bound. If binding fails, the pod is forgotten and retried.

    Args:
        client: binds pods and writes their conditions.
        pods: all pods of the cluster.
        nodes: all nodes.
        events: the event sink.
        config: profiles, backoff, extenders. A pod selects its profile by `spec.schedulerName`.
        surroundings: informers of other kinds.
        call: carries requests to extenders.
    """

    def __init__(  # noqa: PLR0913 - the dependencies of a component
        self,
        client: Client,
        pods: SharedInformer[Pod],
        nodes: SharedInformer[Node],
        events: Recipient[RecordEvent],
        *,
        config: SchedulerConfig = DEFAULT_CONFIG,
        surroundings: Surroundings = NO_SURROUNDINGS,
        call: Call = no_call,
    ) -> None:
        self._client = client
        self._pods = pods
        self._nodes = nodes
        self._events = events
        self._config = config
        self._surroundings = surroundings
        self._extenders = Extenders(config.extenders, call)
        self.cache: Cache = Cache()
        self._profiles: dict[str, Profile] = {}
        self._assumed: dict[str, _Assumed] = {}
        """Assumed pods that wait for Permit plugins, or whose binding cycle runs outside the workers; by UID."""
        self._workers = 0
        self._is_extending = False
        """An extender is being called for a pod: no other scheduling cycle runs meanwhile."""
        self._timer_at: int | None = None
        self._unsynced = Subscriptions()

    def started(self) -> None:
        """Make the profiles and the queue, and subscribe."""
        self._random = self.ctx.random_for("ties")
        self._waiting = WaitingPods()
        self._neighbours = Neighbours(self._surroundings)
        self._reporter = Reporter(self.ctx, self._client, self._events, self._config.profiles)
        surroundings = self._handle(self.cache, self.ctx.random_for("preemption"))
        for name, plugins in self._config.profiles.items():
            self._profiles[name] = Profile(plugins(surroundings), self.cache)
        profiles = self._profiles.values()
        hints = merged(one.hints for one in profiles) | self._extenders.hints()
        self.queue: SchedulingQueue = SchedulingQueue(self._gate, hints, sort_key_of(profiles), self._config.backoff)
        self._handlers = EventHandlers(self.cache, self.queue, self._waiting, self._has_profile)
        for informer in self._surroundings.informers():
            self._unsynced.add(informer.source, informer.subscribe(self.ctx.self))
        self._unsynced.add(self._nodes.source, self._nodes.subscribe(self.ctx.self, self._nodes.news))
        self._unsynced.add(self._pods.source, self._pods.subscribe(self.ctx.self))

    def _handle(self, cache: Cache, random: Random) -> Handle:
        """The handle that plugins are given."""
        return Handle(
            client=self._client,
            cache=cache,
            random=random,
            namespace_labels=self._surroundings.namespace_labels,
            workloads=self._neighbours.workloads,
            budgets=self._neighbours.budgets,
            waiting=self._waiting,
            activate=self._activate,
            pods=self._pods,
            volumes=self._surroundings.volumes,
            devices=self._surroundings.devices,
            sleep=self.ctx.sleep,
            extenders_preempt=self._extenders.preempt_for,
        )

    @handle
    def changed(self, message: Notify) -> None:
        """Apply changes of nodes, pods and other objects."""
        if not self._unsynced.accepts(message):
            return
        if message.source == self._nodes.source:
            for node_change in cast("tuple[Change[Node], ...]", message.changes):
                self._handlers.node_changed(node_change, self.ctx.now)
        elif message.source == self._pods.source:
            for pod_change in cast("tuple[Change[Pod], ...]", message.changes):
                self._handlers.pod_changed(pod_change, self.ctx.now)
        else:
            for event, old, new in self._neighbours.changed(message):
                for profile in self._profiles.values():
                    profile.object_changed(old, new)
                self.queue.move(event, old, new, self.ctx.now)
            if self._neighbours.is_about_namespaces(message):
                for profile in self._profiles.values():
                    profile.namespaces_changed()
        self._start_workers()

    @handle
    async def cycle(self, message: Cycle) -> None:
        """Schedule and bind some pods; the worker stops when the queue is empty."""
        if not self._workers:
            return  # sent by an instance before a restart
        for _ in range(PODS_PER_TURN):
            queued = None if self._is_extending else self.queue.pop(self.ctx.now)
            if queued is None:
                self._workers -= 1
                self._set_timer()
                return
            await self._schedule_one(queued)
        self.ctx.self.tell(message)

    @handle
    def flush(self, message: Flush) -> None:
        """Retry pods whose backoff is over, and reject waiting pods that have timed out."""
        self._timer_at = None
        self.queue.flush(self.ctx.now)
        self._waiting.expire(self.ctx.now)
        self._start_workers()
        self._set_timer()

    @handle
    async def go_on(self, message: GoOn) -> None:
        """Bind an assumed pod, or forget it."""
        assumed = self._assumed.pop(message.uid, None)
        if assumed is None:
            return  # sent by an instance before a restart
        if message.refusal is None:
            await self._bind(assumed)
        else:
            await self._reject_assumed(assumed, message.refusal)

    @handle
    def explain(self, message: ExplainScheduling) -> Explanation | None:
        """Explain where the pod could run in the present state of the cluster."""
        pod = self._pods.lister.get(message.name, message.namespace)
        profile = self._profile_of(pod) if pod is not None else None
        if pod is None or profile is None:
            return None
        with self.cache.without(pod.metadata.uid):
            return explain(pod_info(unscheduled(pod)), profile, self.cache, pod.spec.node_name)

    # Scheduling and binding cycle.

    async def _schedule_one(self, queued: QueuedPod) -> None:
        pod = queued.info
        profile = self._profile_of(pod.pod)
        assert profile is not None  # pods without a profile are not queued
        if self._extenders.of(pod):
            found = await self._extended(queued, profile)
        else:
            found = profile.select(pod, self._random)
        if isinstance(found, Diagnosis):
            await self._no_node_fits(queued, profile, found)
        elif found is not None:
            await self._assume(queued, profile, found.name)

    async def _assume(self, queued: QueuedPod, profile: Profile, node_name: str) -> None:
        """Assume the pod, run Reserve and Permit, and bind it unless it has to wait."""
        pod = queued.info
        self.cache.assume(pod, node_name)
        assumed = _Assumed(queued, profile, node_name)
        refusal = profile.binding.reserve(pod, node_name)
        permit = profile.binding.permit(pod, node_name) if refusal is None else refusal
        if isinstance(permit, Status):
            await self._reject_assumed(assumed, permit)
        elif permit:
            self._assumed[pod.uid] = assumed
            self._waiting.add(WaitingPod(pod, node_name, permit, self.ctx.now))
            self._set_timer()
        elif profile.binding.takes_long(pod, node_name):
            self._assumed[pod.uid] = assumed
            self.ctx.self.tell(GoOn(pod.uid))
        else:
            await self._bind(assumed)
        self._apply_decisions()

    async def _bind(self, assumed: _Assumed) -> None:
        pod, node_name = assumed.queued.info, assumed.node_name
        self.queue.done(pod.uid)
        failure = await self._run_binding(assumed)
        if failure is not None and not await self._is_bound_nevertheless(pod, node_name):
            self._forget_assumed(assumed)
            self.ctx.log.info("scheduler.bind_failed", pod=pod.key, node=node_name, error=failure)
            await self._retry(assumed.queued, failure)
        else:
            self._reporter.bound(pod, node_name)
            assumed.profile.binding.bound(pod, node_name)

    async def _run_binding(self, assumed: _Assumed) -> str | None:
        pod = assumed.queued.info
        binding = assumed.profile.binding
        status = await binding.prepare(pod, assumed.node_name)
        try:
            if status is None and not await self._extenders.bind(pod, assumed.node_name):
                status = await binding.bind(pod, assumed.node_name)
        except ExtenderFailed as error:
            return str(error)
        return None if status is None else status.message

    async def _is_bound_nevertheless(self, pod: PodInfo, node_name: str) -> bool:
        """Whether only the reply was lost: then the pod occupies its node."""
        try:
            metadata = pod.pod.metadata
            live = await self._client.find(Pod, metadata.name, metadata.namespace)
        except StatusError:
            return False
        return live is not None and live.metadata.uid == pod.uid and live.spec.node_name == node_name

    def _forget_assumed(self, assumed: _Assumed) -> None:
        """Unreserve and forget an assumed pod, and wake pods that its room may help."""
        pod = assumed.queued.info
        assumed.profile.binding.unreserve(pod, assumed.node_name)
        self.cache.forget(pod.uid)
        self.queue.move(ASSIGNED_POD_DELETE, pod.pod, None, self.ctx.now, but=pod.uid)

    async def _reject_assumed(self, assumed: _Assumed, refusal: Status) -> None:
        """A plugin rejected the assumed pod: it is unschedulable until an event that the plugin waits for."""
        self._forget_assumed(assumed)
        queued = assumed.queued
        if not self.queue.is_in_flight(queued.uid):
            return
        queued.was_assumed = True
        if refusal.is_refusal:
            await self._requeue(queued, diagnosis_of({refusal: 1}, 1), PostFilterResult(nominated_node=""))
        else:
            await self._retry(queued, refusal.message)

    async def _retry(self, queued: QueuedPod, error: str) -> None:
        """Retry the pod after its backoff because of an error, unless it is gone or bound."""
        pod = self._still_unscheduled(queued.info)
        self.queue.done(queued.uid)
        if pod is None:
            return
        self.queue.retry_after_error(queued, pod_info(pod), self.ctx.now)
        self._set_timer()
        await self._reporter.failed(pod, SCHEDULER_ERROR, error)

    async def _no_node_fits(self, queued: QueuedPod, profile: Profile, found: Diagnosis) -> None:
        """No node fits: run PostFilter plugins, which may preempt, and make the pod unschedulable."""
        if self._is_preempting(queued):
            await self._requeue(queued, found, PostFilterResult(message=f"preemption: {TERMINATING}"))
            return
        result = profile.post_filter(queued.info, found) if found.nodes else PostFilterResult()
        if result.candidates:
            try:
                result = await self._extenders.preempt(queued.info, result)
            except ExtenderFailed as error:
                await self._retry(queued, str(error))
                return
        await self._requeue(queued, found, result)

    def _is_preempting(self, queued: QueuedPod) -> bool:
        """Whether a victim is not seen to be terminating yet: otherwise further victims would be chosen.

        Source: pkg/scheduler/framework/preemption/executor.go, IsPodRunningPreemption (v1.36).
        """
        victims = [self.cache.pod(uid) for uid in queued.victims]
        return any(one is not None and one.pod.metadata.deletion_timestamp is None for one in victims)

    async def _requeue(self, queued: QueuedPod, found: Diagnosis, result: PostFilterResult) -> None:
        pod = queued.info
        displaced = self.cache.renominate(pod, result.nominated_node)
        queued.plugins, queued.pending = found.plugins, found.pending
        if result.victims:
            queued.victims = tuple(one.uid for one in result.victims)  # set first: some may be gone soon
        self.queue.requeue(queued, self.ctx.now)
        self._set_timer()
        self._apply_decisions()
        waiting = self._still_unscheduled(pod)
        if waiting is None:
            self.cache.withdraw(pod.uid)
            return
        message = diagnosis.message(found, result.message)
        await self._reporter.failed(waiting, UNSCHEDULABLE, message, result.nominated_node)
        await self._preempt(waiting, queued, result, displaced)
        await self._reporter.deallocate(result.released)

    async def _preempt(
        self, waiting: Pod, queued: QueuedPod, result: PostFilterResult, displaced: tuple[PodInfo, ...]
    ) -> None:
        """Preempt the victims. If one could not be deleted, no event may come, so the pod is retried after its backoff.

        Source: prepareCandidateAsync in pkg/scheduler/framework/preemption/executor.go (v1.36), which does that at once.
        """
        going = await self._reporter.preempt(waiting, result, displaced)
        if len(going) < len(result.victims):
            queued.victims = going
            self.queue.retry_after_failure(queued.uid, self.ctx.now)
            self._set_timer()

    def _still_unscheduled(self, pod: PodInfo) -> Pod | None:
        """The pod in the informer's cache, if it is still unscheduled."""
        metadata = pod.pod.metadata
        found = self._pods.lister.get(metadata.name, metadata.namespace)
        is_pending = found is not None and found.metadata.uid == metadata.uid and not found.spec.node_name
        return found if is_pending else None

    async def _extended(self, queued: QueuedPod, profile: Profile) -> NodeInfo | Diagnosis | None:
        """As `Profile.select`, with extenders; None if the pod is gone meanwhile or will be retried."""
        self._is_extending = True
        try:
            found = await self._extenders.select(queued.info, profile, self._random)
        except ExtenderFailed as error:
            await self._retry(queued, str(error))
            return None
        finally:
            self._is_extending = False
            self._start_workers()
        return found if self.queue.is_in_flight(queued.uid) else None

    def _profile_of(self, pod: Pod) -> Profile | None:
        return self._profiles.get(pod.spec.scheduler_name or DEFAULT_SCHEDULER)

    def _has_profile(self, pod: Pod) -> bool:
        return self._profile_of(pod) is not None

    def _activate(self, uids: Iterable[str]) -> None:
        self.queue.activate(uids, self.ctx.now)

    def _gate(self, pod: PodInfo) -> Status | None:
        profile = self._profile_of(pod.pod)
        return None if profile is None else profile.gate(pod)

    # Workers.

    def _start_workers(self) -> None:
        """Carry out decisions of Permit plugins, and start workers for the active pods, up to the limit."""
        self._apply_decisions()
        if self._unsynced or self._is_extending:
            return
        while self._workers < min(WORKERS, self.queue.active):
            self._workers += 1
            self.ctx.self.tell(Cycle())

    def _apply_decisions(self) -> None:
        while (decided := self._waiting.take()) is not None:
            self.ctx.self.tell(GoOn(decided.uid, decided.refusal))

    def _set_timer(self) -> None:
        deadlines = [one for one in (self.queue.next_deadline(), self._waiting.next_deadline()) if one is not None]
        deadline = min(deadlines, default=None)
        if deadline is not None and (self._timer_at is None or deadline < self._timer_at):
            self._timer_at = deadline
            self.ctx.after(max(deadline - self.ctx.now, 0) / SECOND, Flush(), key="flush")

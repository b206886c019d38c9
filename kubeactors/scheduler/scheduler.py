"""The scheduler: finds a node for each pod that has none, and binds it there.

Source: pkg/scheduler/{scheduler,schedule_one,eventhandlers}.go (v1.36).
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
from kubeactors.scheduler.cluster_event import (
    POD_CAME,
    Action,
    ClusterEvent,
    Resource,
    is_heartbeat,
    node_update_action,
    pod_update_action,
)
from kubeactors.scheduler.config import DEFAULT_CONFIG, SchedulerConfig
from kubeactors.scheduler.explanation import ExplainScheduling, Explanation, explain, unplaced
from kubeactors.scheduler.extended import Extenders
from kubeactors.scheduler.extender import Call, ExtenderFailed, no_call
from kubeactors.scheduler.framework import Diagnosis, PostFilterResult, Status
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.messages import Cycle, Flush, GoOn, SchedulerMessage
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.plugins.default_preemption import TERMINATING
from kubeactors.scheduler.pod_info import PodInfo, pod_info
from kubeactors.scheduler.profile import Profile, all_hints, sort_key_of
from kubeactors.scheduler.queue import SECOND, QueuedPod, SchedulingQueue
from kubeactors.scheduler.reporter import DEFAULT_SCHEDULER, SCHEDULER_ERROR, UNSCHEDULABLE, Reporter
from kubeactors.scheduler.surroundings import NO_SURROUNDINGS, Neighbours, Surroundings
from kubeactors.scheduler.verdicts import diagnosis as diagnosis_of
from kubeactors.scheduler.waiting import WaitingPod, WaitingPods

WORKERS = 64
"""How many pods are being placed and bound at one time; those that have to be prepared first do not count."""
PODS_PER_TURN = 16
"""After so many pods a worker lets others have a turn."""

_POD_LEFT = ClusterEvent(Resource.ASSIGNED_POD, Action.DELETE)
_POD_WAITS = ClusterEvent(Resource.UNSCHEDULED_POD, Action.ADD)
_NODE_CAME = ClusterEvent(Resource.NODE, Action.ADD)
_NODE_LEFT = ClusterEvent(Resource.NODE, Action.DELETE)


class _Placed(msgspec.Struct, frozen=True):
    """A pod that has its place and is not bound yet."""

    queued: QueuedPod
    profile: Profile
    node_name: str


class Scheduler(Actor[SchedulerMessage], reentrant=True, deterministic=True):
    """Places pods one after the other, and binds many at a time.

    To place a pod is one step without a wait, unless an extender is asked: the next pod sees it on its node at once,
    long before it is bound. If the binding fails the place is free again and the pod is tried again.

    Args:
        client: binds pods and writes their conditions.
        pods: all pods of the cluster.
        nodes: all nodes.
        events: where events go.
        config: profiles, back-off, extenders. Pods say by `spec.schedulerName` which profile they want.
        surroundings: what else there is to know.
        call: carries requests to extenders.
    """

    def __init__(  # noqa: PLR0913 - a component's surroundings
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
        self._placed: dict[str, _Placed] = {}
        """Pods that wait for a permit, or to be bound apart from the workers; by uid."""
        self._workers = 0
        self._is_extending = False
        """An extender is being asked about a pod: no other is placed meanwhile."""
        self._alarm: int | None = None
        self._unsynced = Subscriptions()

    def started(self) -> None:
        """Learn what is there, then follow it."""
        self._random = self.ctx.random_for("ties")
        self._waiting = WaitingPods()
        self._neighbours = Neighbours(self._surroundings)
        self._reporter = Reporter(self.ctx, self._client, self._events, self._config.profiles)
        surroundings = self._handle(self.cache, self.ctx.random_for("preemption"))
        for name, plugins in self._config.profiles.items():
            self._profiles[name] = Profile(plugins(surroundings), self.cache)
        profiles = self._profiles.values()
        hints = all_hints(profiles) | self._extenders.hints()
        self.queue: SchedulingQueue = SchedulingQueue(self._gate, hints, sort_key_of(profiles), self._config.backoff)
        self._hears_of_waiting_pods = self.queue.awaits(_POD_WAITS)
        for informer in self._surroundings.informers():
            self._unsynced.add(informer.source, informer.subscribe(self.ctx.self))
        self._unsynced.add(self._nodes.source, self._nodes.subscribe(self.ctx.self, self._nodes.news))
        self._unsynced.add(self._pods.source, self._pods.subscribe(self.ctx.self))

    def _handle(self, cache: Cache, random: Random) -> Handle:
        """What plugins get."""
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
        """Nodes and pods came, changed and went."""
        if not self._unsynced.accepts(message):
            return
        if message.source == self._nodes.source:
            for node_change in cast("tuple[Change[Node], ...]", message.changes):
                self._node_changed(node_change)
        elif message.source == self._pods.source:
            for pod_change in cast("tuple[Change[Pod], ...]", message.changes):
                self._pod_changed(pod_change)
        else:
            for event, old, new in self._neighbours.changed(message):
                for profile in self._profiles.values():
                    profile.object_changed(old, new)
                self.queue.move(event, old, new, self.ctx.now)
            if self._neighbours.is_about_namespaces(message):
                for profile in self._profiles.values():
                    profile.namespaces_changed()
        self._carry_on()

    @handle
    async def cycle(self, message: Cycle) -> None:
        """Place and bind some pods; the worker ends when there are none."""
        if not self._workers:
            return  # told by an instance before this one
        for _ in range(PODS_PER_TURN):
            queued = None if self._is_extending else self.queue.pop(self.ctx.now)
            if queued is None:
                self._workers -= 1
                self._set_alarm()
                return
            await self._schedule_one(queued)
        self.ctx.self.tell(message)

    @handle
    def flush(self, message: Flush) -> None:
        """Pods may be tried again, or wait no longer."""
        self._alarm = None
        self.queue.flush(self.ctx.now)
        self._waiting.expire(self.ctx.now)
        self._carry_on()
        self._set_alarm()

    @handle
    async def go_on(self, message: GoOn) -> None:
        """What was decided about a pod that has its place."""
        placed = self._placed.pop(message.uid, None)
        if placed is None:
            return  # told by an instance before this one
        if message.refusal is None:
            await self._bind(placed)
        else:
            await self._displace(placed, message.refusal)

    @handle
    def explain(self, message: ExplainScheduling) -> Explanation | None:
        """Why the pod is where it is, or where it could be, as things are now."""
        pod = self._pods.lister.get(message.name, message.namespace)
        profile = self._profile_of(pod) if pod is not None else None
        if pod is None or profile is None:
            return None
        with self.cache.without(pod.metadata.uid):
            return explain(pod_info(unplaced(pod)), profile, self.cache, pod.spec.node_name)

    # What the cluster tells.

    def _node_changed(self, change: Change[Node]) -> None:
        node = change.new
        known = self.cache.get(change.current.metadata.name)
        old = known.node if known is not None else None
        if node is None:
            self.cache.remove_node(change.current.metadata.name)
            self.queue.move(_NODE_LEFT, change.old, None, self.ctx.now)
        elif old is None:
            self.cache.set_node(node)
            self.queue.move(_NODE_CAME, None, node, self.ctx.now)
        elif not is_heartbeat(old, node):
            self.cache.set_node(node)
            if action := node_update_action(old, node):
                self.queue.move(ClusterEvent(Resource.NODE, action), old, node, self.ctx.now)

    def _pod_changed(self, change: Change[Pod]) -> None:
        pod = change.new
        if pod is None or pod.status.phase in {"Succeeded", "Failed"}:
            self._pod_left(change.current)
        elif pod.spec.node_name:
            self._pod_is_placed(pod)
        elif pod.metadata.deletion_timestamp is not None:
            self._pod_left(pod)
        elif self._profile_of(pod) is not None and not self.cache.is_assumed(pod.metadata.uid):
            info = pod_info(pod)
            self.queue.update(info, self.ctx.now)
            if change.old is None:
                if self._hears_of_waiting_pods:
                    self.queue.move(_POD_WAITS, None, pod, self.ctx.now)
                if pod.status.nominated_node_name:
                    self.cache.nominate(info, pod.status.nominated_node_name)

    def _pod_left(self, pod: Pod) -> None:
        uid = pod.metadata.uid
        self.queue.delete(uid)
        self._waiting.reject(uid, "", "removed")
        waited = bool(self.cache.nomination(uid))
        self.cache.withdraw(uid)
        if self.cache.remove_pod(uid) or waited:
            self.queue.move(_POD_LEFT, pod, None, self.ctx.now)

    def _pod_is_placed(self, pod: Pod) -> None:
        self.queue.delete(pod.metadata.uid)
        self._waiting.reject(pod.metadata.uid, "", "bound by somebody else")
        is_news = self.cache.is_assumed(pod.metadata.uid)
        if self.cache.confirm(pod):
            if is_news:
                self.queue.move(POD_CAME, None, pod, self.ctx.now)
            return
        before = self.cache.pod(pod.metadata.uid)
        after = pod_info(pod)
        self.cache.set_pod(after)
        if before is None:
            self.queue.move(POD_CAME, None, pod, self.ctx.now)
        elif action := pod_update_action(before, after):
            self.queue.move(ClusterEvent(Resource.ASSIGNED_POD, action), before.pod, pod, self.ctx.now)

    # One pod.

    async def _schedule_one(self, queued: QueuedPod) -> None:
        pod = queued.info
        profile = self._profile_of(pod.pod)
        assert profile is not None  # others are not queued
        if self._extenders.of(pod):
            found = await self._extended(queued, profile)
        else:
            found = profile.select(pod, self._random)
        if isinstance(found, Diagnosis):
            await self._refuse(queued, profile, found)
        elif found is not None:
            await self._place(queued, profile, found.name)

    async def _place(self, queued: QueuedPod, profile: Profile, node_name: str) -> None:
        """Take the room, and bind if nobody holds the pod up."""
        pod = queued.info
        self.cache.assume(pod, node_name)
        placed = _Placed(queued, profile, node_name)
        refusal = profile.binding.reserve(pod, node_name)
        permit = profile.binding.permit(pod, node_name) if refusal is None else refusal
        if isinstance(permit, Status):
            await self._displace(placed, permit)
        elif permit:
            self._placed[pod.uid] = placed
            self._waiting.add(WaitingPod(pod, node_name, permit, self.ctx.now))
            self._set_alarm()
        elif profile.binding.takes_long(pod, node_name):
            self._placed[pod.uid] = placed
            self.ctx.self.tell(GoOn(pod.uid))
        else:
            await self._bind(placed)
        self._carry_out_decisions()

    async def _bind(self, placed: _Placed) -> None:
        pod, node_name = placed.queued.info, placed.node_name
        self.queue.done(pod.uid)
        failure = await self._failure_to_bind(placed)
        if failure is not None and not await self._is_bound_all_the_same(pod, node_name):
            self._take_back(placed)
            self.ctx.log.info("scheduler.bind_failed", pod=pod.key, node=node_name, error=failure)
            await self._try_again(placed.queued, failure)
        else:
            self._reporter.bound(pod, node_name)
            placed.profile.binding.bound(pod, node_name)

    async def _failure_to_bind(self, placed: _Placed) -> str | None:
        pod = placed.queued.info
        binding = placed.profile.binding
        status = await binding.prepare(pod, placed.node_name)
        try:
            if status is None and not await self._extenders.bind(pod, placed.node_name):
                status = await binding.bind(pod, placed.node_name)
        except ExtenderFailed as error:
            return str(error)
        return None if status is None else status.message

    async def _is_bound_all_the_same(self, pod: PodInfo, node_name: str) -> bool:
        """Whether the failure was that of a reply: then the place is taken, and nobody else may have it."""
        try:
            metadata = pod.pod.metadata
            live = await self._client.find(Pod, metadata.name, metadata.namespace)
        except StatusError:
            return False
        return live is not None and live.metadata.uid == pod.uid and live.spec.node_name == node_name

    def _take_back(self, placed: _Placed) -> None:
        """The place is free again, for whoever waits for one."""
        pod = placed.queued.info
        placed.profile.binding.unreserve(pod, placed.node_name)
        self.cache.forget(pod.uid)
        self.queue.move(_POD_LEFT, pod.pod, None, self.ctx.now, but=pod.uid)

    async def _displace(self, placed: _Placed, refusal: Status) -> None:
        """A plugin takes the place away from the pod: it waits for what the plugin waits for."""
        self._take_back(placed)
        queued = placed.queued
        if not self.queue.is_in_flight(queued.uid):
            return
        queued.had_place = True
        if refusal.is_refusal:
            await self._wait(queued, diagnosis_of({refusal: 1}, 1), PostFilterResult(nominated_node=""))
        else:
            await self._try_again(queued, refusal.message)

    async def _try_again(self, queued: QueuedPod, error: str) -> None:
        """Something broke: again after a while, unless the pod is gone, or was bound nevertheless."""
        pod = self._still_waiting(queued.info)
        self.queue.done(queued.uid)
        if pod is None:
            return
        self.queue.retry_after_error(queued, pod_info(pod), self.ctx.now)
        self._set_alarm()
        await self._reporter.failed(pod, SCHEDULER_ERROR, error)

    async def _refuse(self, queued: QueuedPod, profile: Profile, found: Diagnosis) -> None:
        """No node fits: make room if that is possible, and wait for an event that changes things."""
        if self._is_making_room(queued):
            await self._wait(queued, found, PostFilterResult(message=f"preemption: {TERMINATING}"))
            return
        result = profile.post_filter(queued.info, found) if found.nodes else PostFilterResult()
        if result.candidates:
            try:
                result = await self._extenders.preempt(queued.info, result)
            except ExtenderFailed as error:
                await self._try_again(queued, str(error))
                return
        await self._wait(queued, found, result)

    def _is_making_room(self, queued: QueuedPod) -> bool:
        """Whether a victim that goes is not seen to be going yet: else others would be chosen beside it.

        Source: pkg/scheduler/framework/preemption/executor.go, IsPodRunningPreemption (v1.36).
        """
        victims = [self.cache.pod(uid) for uid in queued.victims]
        return any(one is not None and one.pod.metadata.deletion_timestamp is None for one in victims)

    async def _wait(self, queued: QueuedPod, found: Diagnosis, result: PostFilterResult) -> None:
        pod = queued.info
        displaced = self.cache.renominate(pod, result.nominated_node)
        queued.plugins, queued.pending = found.plugins, found.pending
        if result.victims:
            queued.victims = tuple(one.uid for one in result.victims)  # the first may be gone before the last is asked
        self.queue.requeue(queued, self.ctx.now)
        self._set_alarm()
        self._carry_out_decisions()
        waiting = self._still_waiting(pod)
        if waiting is None:
            self.cache.withdraw(pod.uid)
            return
        message = diagnosis.message(found, result.message)
        await self._reporter.failed(waiting, UNSCHEDULABLE, message, result.nominated_node)
        await self._make_room(waiting, queued, result, displaced)
        await self._reporter.deallocate(result.released)

    async def _make_room(
        self, waiting: Pod, queued: QueuedPod, result: PostFilterResult, displaced: tuple[PodInfo, ...]
    ) -> None:
        """Remove the victims; if one stays, nothing else may wake the pod: it is tried again after its back-off.

        Source: prepareCandidateAsync in pkg/scheduler/framework/preemption/executor.go (v1.36), which does that at once.
        """
        going = await self._reporter.preempt(waiting, result, displaced)
        if len(going) < len(result.victims):
            queued.victims = going
            self.queue.retry_after_failure(queued.uid, self.ctx.now)
            self._set_alarm()

    def _still_waiting(self, pod: PodInfo) -> Pod | None:
        """The pod as the informer has it now, if it still waits for a node."""
        metadata = pod.pod.metadata
        found = self._pods.lister.get(metadata.name, metadata.namespace)
        if found is None or found.metadata.uid != metadata.uid or found.spec.node_name:
            return None
        return found

    async def _extended(self, queued: QueuedPod, profile: Profile) -> NodeInfo | Diagnosis | None:
        """As `Profile.select`, with extenders; None if the pod went meanwhile, or is tried again."""
        self._is_extending = True
        try:
            found = await self._extenders.select(queued.info, profile, self._random)
        except ExtenderFailed as error:
            await self._try_again(queued, str(error))
            return None
        finally:
            self._is_extending = False
            self._carry_on()
        return found if self.queue.is_in_flight(queued.uid) else None

    def _profile_of(self, pod: Pod) -> Profile | None:
        return self._profiles.get(pod.spec.scheduler_name or DEFAULT_SCHEDULER)

    def _activate(self, uids: Iterable[str]) -> None:
        self.queue.activate(uids, self.ctx.now)

    def _gate(self, pod: PodInfo) -> Status | None:
        profile = self._profile_of(pod.pod)
        return None if profile is None else profile.gate(pod)

    # Workers.

    def _carry_on(self) -> None:
        """As many workers as there are pods to try, up to a bound; and what plugins decided about others."""
        self._carry_out_decisions()
        if self._unsynced or self._is_extending:
            return
        while self._workers < min(WORKERS, self.queue.active):
            self._workers += 1
            self.ctx.self.tell(Cycle())

    def _carry_out_decisions(self) -> None:
        while (decided := self._waiting.take()) is not None:
            self.ctx.self.tell(GoOn(decided.uid, decided.refusal))

    def _set_alarm(self) -> None:
        deadlines = [one for one in (self.queue.next_deadline(), self._waiting.next_deadline()) if one is not None]
        deadline = min(deadlines, default=None)
        if deadline is not None and (self._alarm is None or deadline < self._alarm):
            self._alarm = deadline
            self.ctx.after(max(deadline - self.ctx.now, 0) / SECOND, Flush(), key="flush")

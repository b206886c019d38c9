"""Invariants of the scheduler's in-memory state: it is what a scheduler that starts now would compute.

The scheduler updates sums as pods come and go, and caches filter and score results by pod shape. A mistake in that sends
an occasional pod to a worse node, or leaves it pending, for no visible reason.

Source: the comparer of pkg/scheduler/backend/cache/debugger/comparer.go (v1.36), which compares nodes and pods.
"""

from collections.abc import Iterator
from random import Random
from typing import ClassVar, TypeAlias

from msgspec.json import encode

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.cluster_event import is_heartbeat
from kubeactors.scheduler.explanation import unscheduled
from kubeactors.scheduler.pod_info import PodInfo, pod_info
from kubeactors.scheduler.profile import Profile
from kubeactors.scheduler.results import Diagnosis
from kubeactors.scheduler.scheduler import Scheduler
from kubeactors.sim.bounds.rollouts import FINISHED
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.scheduler import SCHEDULER
from kubeactors.sim.tree import actors_within

Answer: TypeAlias = dict[str, object]
"""A scheduler's verdict on a pod: the score of each feasible node; or, if there is none, the reasons and their counts."""


class SchedulerCacheEqualsStore(Invariant):
    """When all is quiet, a scheduler's cache has exactly the nodes and the active bound pods of the store."""

    name: ClassVar[str] = "scheduler-cache-equals-store"

    def settled(self) -> Iterator[str]:
        """Compare its cache with the store."""
        nodes = {one.metadata.name: one for one in self.world.of(Node).values()}
        pods = {
            one.metadata.uid: one
            for one in self.world.of(Pod).values()
            if one.spec.node_name and one.status.phase not in FINISHED
        }
        for path, scheduler in actors_within(SCHEDULER, self.root, Scheduler):
            known = {one.name: one.node for one in scheduler.cache if one.node is not None}
            yield from (f"{path} {told}" for told in _differences_of_nodes(known, nodes))
            yield from (f"{path} {told}" for told in _differences_of_pods(scheduler.cache, pods))


def _differences_of_nodes(known: dict[str, Node], nodes: dict[str, Node]) -> Iterator[str]:
    for name in dict.fromkeys((*known, *nodes)):
        if name not in known or name not in nodes:
            yield f'caches node "{name}", which is deleted' if name in known else f'does not cache node "{name}"'
        elif not is_heartbeat(known[name], nodes[name]):
            yield f'caches node "{name}" as of revision {known[name].metadata.resource_version}'


def _differences_of_pods(cache: Cache, pods: dict[str, Pod]) -> Iterator[str]:
    there = {uid: (info.name, pod) for info in filter(None, cache.rows) for uid, pod in info.pods.items()}
    for uid in dict.fromkeys((*there, *pods)):
        name, known = there.get(uid, ("", None))
        pod = pods.get(uid)
        if known is None or pod is None or name != pod.spec.node_name:
            what = title(known.pod if pod is None and known is not None else pods[uid])
            there_is = "gone" if pod is None else f"on {pod.spec.node_name}"
            yield f"caches {what} {f'on {name}' if name else 'on no node'}, but it is {there_is}"
        elif (known.demand, known.group) != ((anew := pod_info(pod)).demand, anew.group):
            yield f"caches outdated requests or labels of {title(pod)}"


class SchedulerAccountingIsCorrect(Invariant):
    """A scheduler's sums, filters and scores equal those of a new scheduler with the same nodes and pods."""

    name: ClassVar[str] = "scheduler-accounting-is-correct"

    def settled(self) -> Iterator[str]:
        """Compare each scheduler with a new one."""
        for path, scheduler in actors_within(SCHEDULER, self.root, Scheduler):
            yield from (f"{path} {told}" for told in _miscounts(scheduler))


def _miscounts(scheduler: Scheduler) -> Iterator[str]:
    anew = _anew(scheduler.cache)
    for info in scheduler.cache:
        other = anew.get(info.name)
        assert other is not None, "it was taken over"
        kept, right = info.requested, other.requested
        if (
            any(kept.get(name, 0) != right.get(name, 0) for name in (*kept, *right))
            or info.used_ports != other.used_ports
        ):
            yield f"accounts {kept} as requested on node {info.name}, but its pods request {right}"
    handle = scheduler._handle(anew, Random(0))  # noqa: SLF001 -- an invariant looks inside, and draws nothing
    for name, plugins in scheduler._config.profiles.items():  # noqa: SLF001
        kept_profile, other_profile = scheduler._profiles[name], Profile(plugins(handle), anew)  # noqa: SLF001
        for pod in _shapes(scheduler.cache):
            kept_answer, right_answer = _answer(kept_profile, pod), _answer(other_profile, pod)
            if kept_answer != right_answer:
                yield f"rates nodes for pods like {pod.key} as {kept_answer}, but a new scheduler as {right_answer}"


def _anew(cache: Cache) -> Cache:
    """A new cache of the same nodes and pods."""
    anew = Cache()
    for info in filter(None, cache.rows):
        if info.node is not None:
            anew.set_node(info.node)
        for pod in info.pods.values():
            anew.assume(pod_info(pod.pod), info.name)
        for pod in info.nominated.values():
            anew.nominate(pod, info.name)
    return anew


def _shapes(cache: Cache) -> list[PodInfo]:
    """One pod of each shape on the nodes, except pods with claims, whose state is kept elsewhere."""
    found: dict[object, PodInfo] = {}
    for info in filter(None, cache.rows):
        for one in info.pods.values():
            if not one.claims and not one.pod.spec.resource_claims:
                pod = pod_info(unscheduled(one.pod))
                found.setdefault(
                    (pod.signature, pod.group, pod.terms, encode(pod.pod.spec.topology_spread_constraints)), pod
                )
    return list(found.values())


def _answer(profile: Profile, pod: PodInfo) -> Answer:
    """The verdict on another pod of this shape."""
    found = profile.feasible(pod)
    if isinstance(found, Diagnosis):
        return {" ".join(status.reasons): count for status, count in found.counts.items()}
    return {info.name: score for info, score in found.items()}


INVARIANTS: tuple[type[Invariant], ...] = (SchedulerCacheEqualsStore, SchedulerAccountingIsCorrect)

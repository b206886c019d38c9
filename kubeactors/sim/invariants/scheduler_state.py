"""What holds of what a scheduler keeps in its books: it is what it would come to if it began anew.

It counts up and down as pods come and go, and keeps what it has worked out for pods of one shape. A mistake in that sends
some pod to a worse node, or lets it wait: seldom, and for no reason that anybody sees.

Source: the comparer of pkg/scheduler/backend/cache/debugger/comparer.go (v1.36), which compares nodes and pods.
"""

from collections.abc import Iterator
from random import Random
from typing import ClassVar, TypeAlias

from msgspec.json import encode

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.cluster_event import is_heartbeat
from kubeactors.scheduler.explanation import unplaced
from kubeactors.scheduler.framework import Diagnosis
from kubeactors.scheduler.pod_info import PodInfo, pod_info
from kubeactors.scheduler.profile import Profile
from kubeactors.scheduler.scheduler import Scheduler
from kubeactors.sim.bounds.rollouts import FINISHED
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.scheduler import SCHEDULER
from kubeactors.sim.tree import actors_within

Answer: TypeAlias = dict[str, object]
"""What a scheduler says of a pod: by node its score, or what is said against nodes, and how many say so."""


class SchedulerCacheEqualsStore(Invariant):
    """When all is quiet, a scheduler knows all nodes, and all pods on them, and no others."""

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
            yield f"{'knows' if name in known else 'does not know'} node {name}"
        elif not is_heartbeat(known[name], nodes[name]):
            yield f"knows node {name} as it was at {known[name].metadata.resource_version}"


def _differences_of_pods(cache: Cache, pods: dict[str, Pod]) -> Iterator[str]:
    there = {uid: (info.name, pod) for info in filter(None, cache.rows) for uid, pod in info.pods.items()}
    for uid in dict.fromkeys((*there, *pods)):
        name, known = there.get(uid, ("", None))
        pod = pods.get(uid)
        if known is None or pod is None or name != pod.spec.node_name:
            what = title(known.pod if pod is None and known is not None else pods[uid])
            yield f"has {what} {'on ' + name if name else 'nowhere'}, and it is {'gone' if pod is None else 'on ' + pod.spec.node_name}"
        elif (known.demand, known.group) != ((anew := pod_info(pod)).demand, anew.group):
            yield f"reckons with {title(pod)} as it was"


class SchedulerAccountingIsCorrect(Invariant):
    """A scheduler says of every pod what one would say that began anew with the same nodes and the same pods on them."""

    name: ClassVar[str] = "scheduler-accounting-is-correct"

    def settled(self) -> Iterator[str]:
        """Let another one begin."""
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
            yield f"reckons that {kept} are taken of {info.name}, and it is {right}"
    handle = scheduler._handle(anew, Random(0))  # noqa: SLF001 -- an invariant looks inside, and draws nothing
    for name, plugins in scheduler._config.profiles.items():  # noqa: SLF001
        kept_profile, other_profile = scheduler._profiles[name], Profile(plugins(handle), anew)  # noqa: SLF001
        for pod in _shapes(scheduler.cache):
            kept_answer, right_answer = _answer(kept_profile, pod), _answer(other_profile, pod)
            if kept_answer != right_answer:
                yield f"says of pods like {pod.key}: {kept_answer}, and one that began anew: {right_answer}"


def _anew(cache: Cache) -> Cache:
    """Another one of the same nodes with the same pods."""
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
    """One pod of each shape that has been placed. What depends on claims, others keep in their books."""
    found: dict[object, PodInfo] = {}
    for info in filter(None, cache.rows):
        for one in info.pods.values():
            if not one.claims and not one.pod.spec.resource_claims:
                pod = pod_info(unplaced(one.pod))
                found.setdefault(
                    (pod.signature, pod.group, pod.terms, encode(pod.pod.spec.topology_spread_constraints)), pod
                )
    return list(found.values())


def _answer(profile: Profile, pod: PodInfo) -> Answer:
    """What is said of another pod like this one."""
    found = profile.feasible(pod)
    if isinstance(found, Diagnosis):
        return {" ".join(status.reasons): count for status, count in found.counts.items()}
    return {info.name: score for info, score in found.items()}


INVARIANTS: tuple[type[Invariant], ...] = (SchedulerCacheEqualsStore, SchedulerAccountingIsCorrect)

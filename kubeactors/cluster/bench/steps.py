"""Executes the steps of a scenario."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TypeAlias, assert_never

import anyio

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.apimachinery.meta import DeleteOptions, TypedObject
from kubeactors.apimachinery.status import AlreadyExists, NotFound, StatusError
from kubeactors.client import Client
from kubeactors.cluster.bench import workload
from kubeactors.cluster.bench.dump import WAVE, dump_of
from kubeactors.cluster.bench.fits import all_pools
from kubeactors.cluster.bench.latency import Latencies
from kubeactors.cluster.bench.nodes import until_ready
from kubeactors.cluster.bench.pods import PodWatcher
from kubeactors.cluster.bench.result import StepResult
from kubeactors.cluster.bench.scenario import (
    Action,
    Churn,
    Create,
    Import,
    Pause,
    PowerOff,
    PowerOn,
    Scale,
    Scenario,
    Settle,
    Update,
)
from kubeactors.cluster.cluster import Cluster

_Call: TypeAlias = Callable[[], Awaitable[object]]

CREATORS = 32
"""The number of concurrent requests."""
NOW = DeleteOptions(grace_period_seconds=0)


class StepFailed(Exception):
    """The cluster has rejected a request of a step, or cannot reach the wanted state; the message says why."""


class Steps:
    """Executes steps in sequence.

    Args:
        cluster: the cluster.
        client: sends all requests; it may measure.
        pods: observes the pods.
        scenario: the steps.
        begins: called with a description of each step as it begins.
    """

    def __init__(
        self,
        cluster: Cluster,
        client: Client,
        pods: PodWatcher,
        scenario: Scenario,
        begins: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._cluster = cluster
        self._client = client
        self._pods = pods
        self._scenario = scenario
        self._waves = {wave.name: wave for wave in scenario.waves}
        self._begins = begins
        self.created: int = 0
        """The number of pods created here, without those of controllers."""
        self.results: list[StepResult] = []
        self._failed = ""
        """Why the current step has failed."""
        self._note = ""
        """A remark about it."""

    async def run(self) -> None:
        """Execute all steps. A cancelled step counts as far as it was done; a failed one is the last."""
        origin = time.perf_counter()
        for step in self._scenario.steps:
            action = step.action
            title = describe(action)
            self._begins(title)
            self._note = ""
            async with self._measured(action, title, time.perf_counter() - origin):
                self._failed = await self._attempted(action) or self._failed
            if not self.results[-1].complete:
                return

    async def _attempted(self, action: Action) -> str:
        try:
            return await self._do(action)
        except StepFailed as error:
            return str(error)

    @asynccontextmanager
    async def _measured(self, action: Action, title: str, begun_at: float) -> AsyncGenerator[None]:
        first, begun, done = self._pods.running, time.perf_counter(), False
        try:
            yield
            done = True
        finally:
            seconds, pods = time.perf_counter() - begun, self._pods.running - first
            self.results.append(
                StepResult(
                    step=title,
                    action=_WORDS[type(action)],
                    seconds=round(seconds, 4),
                    pods=pods,
                    pods_per_second=round(pods / max(seconds, 1e-9), 1),
                    startup_latency_seconds=Latencies.of(self._pods.latencies[first:]),
                    begun_at=round(begun_at, 3),
                    complete=done and not self._failed,
                    detail=(self._failed or self._note) if done else "interrupted",
                )
            )

    async def _do(self, action: Action) -> str:
        """Execute a step; returns why it is not complete, if it is not."""
        match action:
            case Create():
                return await self._create(action)
            case Import():
                return await self._import(action)
            case Churn():
                return await self._churn(action)
            case Scale():
                return await self._scale(action)
            case Update():
                return await self._update(action)
            case PowerOff():
                return await self._power_off(action)
            case PowerOn():
                return await self._power_on(action)
            case Settle():
                return await self._settle(self._pods.waves, action.patience_seconds)
            case Pause():
                await anyio.sleep(action.seconds)
                return ""
            case _ as never:
                assert_never(never)

    # Waves.

    async def _create(self, wave: Create) -> str:
        self._pods.expect(wave.name, wave.count * wave.replicas, ends=wave.kind == "Job")
        await self._all_at_once(self._creations(workload.objects(wave)))
        return await self._settle([wave.name], wave.patience_seconds) if wave.wait else ""

    def _creations(self, objects: Iterable[TypedObject]) -> Iterator[_Call]:
        for one in objects:
            yield partial(self._create_one, one)

    async def _create_one(self, one: TypedObject) -> None:
        if isinstance(one, Pod):
            self._pods.creating(one.metadata.namespace, one.metadata.name)
            self.created += 1
        await self._client.create(one)

    async def _all_at_once(self, calls: Iterable[_Call]) -> None:
        """Send many requests, some of them concurrently, and yield to others regularly.

        Raises:
            StepFailed: one of them was rejected; the remaining ones are not sent.
        """
        todo, refused = iter(calls), list[StatusError]()

        async def caller() -> None:
            for number, call in enumerate(todo):
                try:
                    await call()
                except StatusError as error:
                    refused.append(error)
                if refused:
                    return
                if number % 4 == 3:
                    await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as group:
            for _ in range(CREATORS):
                group.start_soon(caller)
        if refused:
            raise StepFailed(str(refused[0])) from refused[0]

    async def _import(self, step: Import) -> str:
        """Rejected objects are left out, and reported."""
        dump, wave, refused = dump_of(step), self._pods.expect(WAVE, 0), list[str]()
        for name in dump.cordoned:
            await self._client.patch(Node, name, {"spec": {"unschedulable": True}})
        for one, wanted in zip(dump.objects, dump.wanted, strict=True):
            try:
                await self._client.create(one)
                wave.wanted += wanted
            except AlreadyExists:
                continue
            except StatusError as error:
                refused.append(str(error))
        complaint = await self._settle([WAVE], step.patience_seconds) if step.wait else ""
        left = ", ".join(f"{count} {kind}" for kind, count in dump.unknown.items())
        notes = (
            f"{len(refused)} objects were refused, such as: {refused[0]}" if refused else "",
            f"left out: {left}" if left else "",
        )
        self._note = "; ".join(filter(None, notes))
        return complaint

    async def _scale(self, change: Scale) -> str:
        wave = self._waves[change.name]
        self._pods.change(change.name, wanted=wave.count * change.replicas)
        await self._patch(wave, {"spec": {"replicas": change.replicas}})
        return await self._settle([change.name], change.patience_seconds) if change.wait else ""

    async def _update(self, change: Update) -> str:
        wave = self._waves[change.name]
        generation = str(int(self._pods.waves[change.name].generation) + 1)
        container = workload.pod_spec(wave).containers[0].name
        self._pods.change(change.name, generation=generation)
        await self._patch(wave, workload.update_patch(change.image, generation, container))
        return await self._settle([change.name], change.patience_seconds) if change.wait else ""

    async def _patch(self, wave: Create, patch: dict[str, object]) -> None:
        type_ = workload.type_of(wave.kind)

        def calls() -> Iterator[_Call]:
            for name in workload.names(wave):
                yield partial(self._client.patch, type_, name, patch, wave.namespace)

        await self._all_at_once(calls())

    # Churn.

    async def _churn(self, churn: Churn) -> str:
        wave, pod = self._pods.expect(churn.name, 0), workload.pod_of(churn)
        total = max(int(churn.per_second * churn.seconds), 1)
        begun = time.perf_counter()
        async with anyio.create_task_group() as group:
            for number in range(total):
                await anyio.sleep(max(begun + number / churn.per_second - time.perf_counter(), 0))
                wave.wanted += 1
                group.start_soon(self._attempt, self._creation_of(pod, f"{churn.name}-{number + 1}"))
                if number >= churn.keep:
                    wave.wanted -= 1
                    group.start_soon(self._attempt, self._deletion_of(pod, f"{churn.name}-{number + 1 - churn.keep}"))
        complaint = await self._settle([churn.name], churn.patience_seconds)
        await self._remove(churn, pod, range(max(total - churn.keep, 0) + 1, total + 1))
        return complaint

    def _creation_of(self, pod: Pod, name: str) -> _Call:
        return partial(self._create_one, workload.named(pod, name))

    def _deletion_of(self, pod: Pod, name: str) -> _Call:
        return partial(self._client.delete, Pod, name, pod.metadata.namespace)

    async def _attempt(self, call: _Call) -> None:
        """Send a request whose object may be gone already."""
        try:
            await call()
        except NotFound:
            return
        except StatusError as error:
            self._failed = self._failed or str(error)

    async def _remove(self, churn: Churn, pod: Pod, numbers: Iterable[int]) -> None:
        self._pods.change(churn.name, wanted=0)
        async with anyio.create_task_group() as group:
            for number in numbers:
                group.start_soon(self._attempt, self._deletion_of(pod, f"{churn.name}-{number}"))
        await self._settle([churn.name], churn.patience_seconds)

    # Machines.

    async def _power_off(self, off: PowerOff) -> str:
        chosen = await self._chosen(off)
        self._pods.darken(chosen)
        for wave in self._waves.values():
            if wave.kind == "Pod" and wave.name in self._pods.waves:  # bare pods are not replaced
                left = sum(one.spec.node_name not in self._pods.dark for one in self._pods.of(wave.name))
                self._pods.change(wave.name, wanted=left)
        self._cluster.power_off(chosen)
        return await self._settle(self._pods.waves, off.patience_seconds) if off.wait else ""

    async def _chosen(self, off: PowerOff) -> tuple[str, ...]:
        racks = await self._cluster.racks()
        missing = [rack for rack in off.racks if rack not in racks]
        if missing:
            raise StepFailed(f'there is no rack "{missing[0]}"; there are {", ".join(racks)}')
        pools = [pool for pool in all_pools(self._scenario) if not off.pool or pool.prefix == off.pool]
        names = [name for pool in pools for name in pool.names()]
        everywhere = dict.fromkeys(name for pool in all_pools(self._scenario) for name in pool.names())
        unknown = [name for name in off.nodes if name not in everywhere]
        if unknown:
            raise StepFailed(f'there is no node "{unknown[0]}"')
        lit = (name for name in names if name not in self._pods.dark)
        return tuple(dict.fromkeys(chain(off.nodes, *(racks[rack] for rack in off.racks), islice(lit, off.count))))

    async def _power_on(self, on: PowerOn) -> str:
        dark = dict(self._pods.dark)
        self._cluster.power_on(tuple(dark))
        self._pods.lighten()
        with anyio.move_on_after(on.patience_seconds) as scope:
            await until_ready(self._cluster, len(dark), dark)
        late = f"not all nodes are Ready {on.patience_seconds:g} s after they were switched on"
        return late if scope.cancelled_caught else ""

    # Waiting.

    async def _settle(self, names: Iterable[str], patience_seconds: float) -> str:
        """Wait until these waves are settled; returns why they are not, once nothing has improved for that long."""
        waves = tuple(names)
        while True:
            before = self._pods.progress
            with anyio.move_on_after(patience_seconds):
                await self._pods.wait(waves)
                return ""
            if self._pods.progress == before:
                complaint = self._pods.complaint(waves)
                return f"nothing has changed for {patience_seconds:g} s: {complaint}" if complaint else ""


_WORDS: dict[type[Action], str] = {
    Create: "create",
    Import: "import",
    Churn: "churn",
    Scale: "scale",
    Update: "update",
    PowerOff: "powerOff",
    PowerOn: "powerOn",
    Settle: "settle",
    Pause: "pause",
}


def describe(action: Action) -> str:  # noqa: C901 -- a sentence for each action
    """A step, described in words.

    >>> describe(Create(name="web", count=2, replicas=1000))
    'create 2 x Deployment web of 1,000 pods'
    """
    match action:
        case Create(kind="Pod"):
            return f"create {action.count:,} pods {action.name}"
        case Create():
            return f"create {action.count:,} x {action.kind} {action.name} of {action.replicas:,} pods"
        case Import():
            return f"import {Path(action.file).name}"
        case Churn():
            return f"churn {action.per_second:g} pods/s for {action.seconds:g} s"
        case Scale():
            return f"scale {action.name} to {action.replicas:,}"
        case Update():
            return f"update {action.name} to {action.image}"
        case PowerOff():
            count = (f"{action.count:,} nodes",) if action.count else ()
            return f"power off {', '.join((*action.racks, *action.nodes, *count))}"
        case PowerOn():
            return "power on"
        case Settle():
            return "settle"
        case Pause():
            return f"pause {action.seconds:g} s"
        case _ as never:
            assert_never(never)

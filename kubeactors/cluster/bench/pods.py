"""The state of a scenario's pods, observed through a watch, with the times of changes."""

import time
from array import array
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import cast

import anyio
import msgspec

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.requests import DELETED, WatchClosed, WatchEvents
from kubeactors.client import key_of
from kubeactors.cluster.bench.workload import FIRST_GENERATION, GENERATION_LABEL, WORKLOAD_LABEL

RUNNING, SUCCEEDED, FAILED = "Running", "Succeeded", "Failed"
EXAMPLES = 3
"""The number of different reasons to report why pods do not run."""


class Verdict(Enum):
    """How a pod counts."""

    GOOD = "good"
    """It runs, with the newest template, on a node with power."""
    STALE = "stale"
    """It does not run yet, or is not wanted any more."""
    OVER = "over"
    """It is being deleted, is on a node without power, or has finished."""


class Wave(msgspec.Struct):
    """The current state of a wave of pods. It is settled when all wanted pods are good, and none is stale."""

    wanted: int
    ends: bool = False
    """Whether its pods are to finish: a finished one then stays good, wherever it was and even if it is deleted."""
    generation: str = FIRST_GENERATION
    good: int = 0
    stale: int = 0

    @property
    def settled(self) -> bool:
        """Whether it is as wanted."""
        return self.good == self.wanted and not self.stale


class PodWatcher:
    """Subscribes to a watch of pods, without an actor in between, so that events are timed at once.

    Pods without the label of a wave are ignored.
    """

    def __init__(self) -> None:
        self.waves: dict[str, Wave] = {}
        self.dark: dict[str, None] = {}
        """Nodes without power."""
        self.running: int = 0
        """The number of pods that have reached Running."""
        self.latencies: array[float] = array("d")
        """The seconds from creation to Running, in order of reaching Running."""
        self.progress: int = 0
        """Counts improvements of any kind."""
        self._pods: dict[str, tuple[Pod, Verdict]] = {}
        self._created: dict[str, float] = {}
        self._ended: dict[str, None] = {}
        """The uids of finished pods of waves that end."""
        self._settled = anyio.Event()
        self._waiting: tuple[str, ...] = ()
        self.closed: bool = False

    def expect(self, name: str, wanted: int, *, ends: bool = False) -> Wave:
        """Add a wave with a number of wanted pods."""
        wave = self.waves[name] = Wave(wanted, ends)
        return wave

    def creating(self, namespace: str, name: str) -> None:
        """A pod is about to be created: its latency counts from now. For others it counts from their first event."""
        self._created[f"{namespace}/{name}"] = time.perf_counter()

    async def wait(self, names: Iterable[str]) -> None:
        """Wait until these waves are settled."""
        self._waiting = tuple(names)
        while not self._all_settled():
            self._settled = anyio.Event()
            await self._settled.wait()
        self._waiting = ()

    # Events.

    def tell(self, message: WatchEvents | WatchClosed, /) -> bool:
        """Handle a message of the API server."""
        if isinstance(message, WatchClosed):
            self.closed = True
        else:
            for event in message.events:
                self._seen(cast("Pod", event.object), gone=event.type == DELETED)
        if self._waiting and self._all_settled():
            self._settled.set()
        return True

    def _all_settled(self) -> bool:
        return all(self.waves[name].settled for name in self._waiting)

    def _seen(self, pod: Pod, *, gone: bool) -> None:
        wave = self.waves.get(pod.metadata.labels.get(WORKLOAD_LABEL, ""))
        if wave is None:
            return
        key = key_of(pod)
        known = self._pods.pop(key, None)
        if known is not None:
            self._count(wave, known[1], -1)
        if gone:
            self._created.pop(key, None)
            self.progress += 1
            return
        if known is None:
            self._created.setdefault(key, time.perf_counter())
        if pod.status.phase in (RUNNING, SUCCEEDED) and (begun := self._created.get(key, 0.0)) > 0.0:
            self._came_to_run(key, begun)
        if wave.ends and pod.status.phase == SUCCEEDED and pod.metadata.uid not in self._ended:
            self._ended[pod.metadata.uid] = None
            wave.good += 1
            self.progress += 1
        verdict = self._verdict(pod, wave)
        self._pods[key] = pod, verdict
        self._count(wave, verdict, 1)
        self.progress += verdict is Verdict.GOOD

    def _came_to_run(self, key: str, begun: float) -> None:
        self.latencies.append(time.perf_counter() - begun)
        self.running += 1
        self._created[key] = 0.0  # each pod counts once

    def _verdict(self, pod: Pod, wave: Wave) -> Verdict:
        phase = pod.status.phase
        over = phase == FAILED or (wave.ends and phase == SUCCEEDED)
        if over or pod.metadata.deletion_timestamp is not None or pod.spec.node_name in self.dark:
            return Verdict.OVER
        if pod.metadata.labels.get(GENERATION_LABEL) != wave.generation:
            return Verdict.STALE
        return Verdict.GOOD if phase in (RUNNING, SUCCEEDED) and not wave.ends else Verdict.STALE

    def _count(self, wave: Wave, verdict: Verdict, by: int) -> None:
        if verdict is Verdict.GOOD:
            wave.good += by
        elif verdict is Verdict.STALE:
            wave.stale += by

    # Changes of many pods.

    def change(self, name: str, *, wanted: int | None = None, generation: str | None = None) -> None:
        """Change the number or the generation of wanted pods of a wave."""
        wave = self.waves[name]
        wave.wanted = wave.wanted if wanted is None else wanted
        wave.generation = wave.generation if generation is None else generation
        self._recount()

    def darken(self, nodes: Iterable[str]) -> None:
        """These nodes have lost power: their pods are lost."""
        self.dark |= dict.fromkeys(nodes)
        self._recount()

    def lighten(self) -> None:
        """All nodes have power again."""
        self.dark.clear()
        self._recount()

    def _recount(self) -> None:
        for wave in self.waves.values():
            wave.good = wave.good if wave.ends else 0
            wave.stale = 0
        for key, (pod, _) in self._pods.items():
            wave = self.waves[pod.metadata.labels[WORKLOAD_LABEL]]
            verdict = self._verdict(pod, wave)
            self._pods[key] = pod, verdict
            self._count(wave, verdict, 1)

    # Queries.

    def of(self, name: str) -> list[Pod]:
        """The existing pods of a wave."""
        return [pod for pod, _ in self._pods.values() if pod.metadata.labels[WORKLOAD_LABEL] == name]

    def complaint(self, names: Iterable[str]) -> str:
        """Why these waves are not settled, in a sentence that includes the scheduler's reasons."""
        return "; ".join(
            _complaint(name, self.waves[name], self.of(name)) for name in names if not self.waves[name].settled
        )


def _complaint(name: str, wave: Wave, pods: list[Pod]) -> str:
    what = "have run" if wave.ends else "run"
    text = f"{wave.good:,} of {wave.wanted:,} pods of {name} {what}"
    reasons = dict.fromkeys(_reasons(pods))
    said = " | ".join(list(reasons)[:EXAMPLES])
    return f"{text}; {said}" if said else text


def _reasons(pods: list[Pod]) -> Iterator[str]:
    for pod in pods:
        for one in pod.status.conditions:
            if one.type == "PodScheduled" and one.status == "False" and pod.status.phase == "Pending":
                yield f"the scheduler says: {one.message or one.reason}"
        if pod.status.phase == FAILED:
            yield f"{pod.metadata.name} has failed: {pod.status.message or pod.status.reason}"

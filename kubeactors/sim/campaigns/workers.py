"""Who runs the batches of a campaign: this process, others on this machine, or a Ray cluster.

All of them are iterators of batches in the order of seeds, and may be closed at any time: what has not begun is dropped.
"""

import gc
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context, parent_process
from threading import Thread  # noqa: TID251 -- of a worker, beside all that it simulates
from typing import Protocol, cast

import msgspec

from kubeactors.sim.campaigns.batches import Batch, Job, decoded, run_encoded, run_job

AHEAD = 3
"""How many batches a worker has in hand or waiting."""


class WorkersFailed(Exception):
    """Workers cannot be had; the message says why."""


def all_cores() -> int:
    """How many processes this machine runs at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def here(jobs: Iterator[Job]) -> Iterator[Batch]:
    """One after the other, in this process."""
    gc.freeze()  # what is there now stays
    return map(run_job, jobs)


def in_processes(jobs: Iterator[Job], workers: int) -> Generator[Batch]:
    """In so many other processes. What a job raises is raised here.

    Raises:
        WorkersFailed: one of them has ended by itself.
    """
    context = get_context("forkserver") if hasattr(os, "fork") else get_context()
    if hasattr(os, "fork"):
        context.set_forkserver_preload(["kubeactors.sim.campaigns.batches"])
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin)
    try:
        yield from _in_order(jobs, lambda job: pool.submit(run_encoded, msgspec.json.encode(job)), workers * AHEAD)
    except BrokenExecutor as error:
        raise WorkersFailed(f"a worker has died: {error}; try fewer --workers if memory is short") from error
    except BaseException:
        _kill(pool)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def on_ray(jobs: Iterator[Job], address: str) -> Generator[Batch]:
    """On a Ray cluster, as wide as it is. Needs the extra `ray`.

    Raises:
        WorkersFailed: Ray is not installed, or nobody answers at the address.
    """
    try:
        ray = cast("_Ray", import_module("ray"))
    except ImportError as error:
        raise WorkersFailed("--ray needs Ray: pip install 'kubeactors[ray]'") from error
    try:
        ray.init(address=None if address == "local" else address, log_to_driver=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise WorkersFailed(f"no Ray cluster answers at {address}: {error}") from error
    try:
        run = ray.remote(run_encoded)
        ahead = int(ray.cluster_resources().get("CPU", 1.0)) * AHEAD
        yield from _in_order(jobs, lambda job: run.remote(msgspec.json.encode(job)).future(), ahead)
    finally:
        ray.shutdown()


class _Reference(Protocol):
    def future(self) -> "Future[bytes]": ...


class _Remote(Protocol):
    def remote(self, job: bytes) -> _Reference: ...


class _Ray(Protocol):
    """What is used of the module."""

    def init(self, *, address: str | None, log_to_driver: bool) -> object: ...
    def remote(self, function: Callable[[bytes], bytes]) -> _Remote: ...
    def cluster_resources(self) -> dict[str, float]: ...
    def shutdown(self) -> None: ...


def _in_order(jobs: Iterator[Job], submit: "Callable[[Job], Future[bytes]]", ahead: int) -> Iterator[Batch]:
    """Keep so many under way, and hand them out as they were begun."""
    waiting: deque[Future[bytes]] = deque()
    for job in jobs:
        waiting.append(submit(job))
        if len(waiting) >= ahead:
            yield decoded(waiting.popleft().result())
    while waiting:
        yield decoded(waiting.popleft().result())


def _begin() -> None:
    """A worker leaves Ctrl-C to who started it, which tells it to stop; it ends with it, also if that was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    gc.freeze()


def _end_with_parent() -> None:
    """Nobody else would tell: the queue that a worker waits at is held open by the other workers."""
    parent = parent_process()
    assert parent is not None  # workers are started by somebody
    parent.join()
    os._exit(1)  # no thread but the main one ends a process otherwise


def _kill(pool: ProcessPoolExecutor) -> None:
    """Nobody wants to know any more what they are at; on their own they would finish it."""
    for process in list(cast("dict[int, _Process]", pool._processes).values()):  # noqa: SLF001 -- it offers no way to end them
        process.terminate()


class _Process(Protocol):
    def terminate(self) -> None: ...

"""Workers that run the batches of a campaign: this process, others on this machine, or a Ray cluster.

All are iterators over batches in the order of seeds, and may be closed at any time: batches that have not begun are dropped.
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
"""How many batches per worker are running or queued."""


class WorkersFailed(Exception):
    """Workers cannot be started, or have died; the message says why."""


def all_cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def here(jobs: Iterator[Job]) -> Iterator[Batch]:
    """Run jobs one after the other in this process."""
    gc.freeze()  # the present objects live to the end
    return map(run_job, jobs)


def in_processes(jobs: Iterator[Job], workers: int) -> Generator[Batch]:
    """Run jobs in so many other processes. Exceptions of jobs are raised here.

    Raises:
        WorkersFailed: a worker has died.
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
    """Run jobs on all CPUs of a Ray cluster. Needs the extra `ray`.

    Raises:
        WorkersFailed: Ray is not installed, or no cluster answers at the address.
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
    """The parts of the module that are used."""

    def init(self, *, address: str | None, log_to_driver: bool) -> object: ...
    def remote(self, function: Callable[[bytes], bytes]) -> _Remote: ...
    def cluster_resources(self) -> dict[str, float]: ...
    def shutdown(self) -> None: ...


def _in_order(jobs: Iterator[Job], submit: "Callable[[Job], Future[bytes]]", ahead: int) -> Iterator[Batch]:
    """Keep so many jobs in progress, and yield results in the order of submission."""
    waiting: deque[Future[bytes]] = deque()
    for job in jobs:
        waiting.append(submit(job))
        if len(waiting) >= ahead:
            yield decoded(waiting.popleft().result())
    while waiting:
        yield decoded(waiting.popleft().result())


def _begin() -> None:
    """Initialize a worker: it ignores Ctrl-C, which its parent handles, and ends with its parent, even if that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    gc.freeze()


def _end_with_parent() -> None:
    """End this process when its parent ends: its queue would not, as the other workers hold that open."""
    parent = parent_process()
    assert parent is not None  # workers have a parent
    parent.join()
    os._exit(1)  # the only way for a thread other than the main one to end the process


def _kill(pool: ProcessPoolExecutor) -> None:
    """Terminate the workers, which would finish their batches otherwise."""
    for process in list(cast("dict[int, _Process]", pool._processes).values()):  # noqa: SLF001 -- there is no public way to terminate them
        process.terminate()


class _Process(Protocol):
    def terminate(self) -> None: ...

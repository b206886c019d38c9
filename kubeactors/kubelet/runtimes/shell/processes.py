"""Processes in virtual time: generators that say how long they sleep, or what they wait for.

A process runs when somebody asks how things are at a later time: then all of a sandbox do, in the order of their times,
so that one sees what another one has written before. Nothing runs by itself, and nobody's clock is read.
"""

from collections.abc import Callable, Generator
from typing import TypeAlias

import msgspec

from kubeactors.kubelet.runtimes.runtime import NameFound, Visited
from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.pipes import BrokenPipe

SECOND = 1_000_000_000
COMMANDS_PER_SECOND = 500
"""So many commands a process runs in a second of virtual time: a loop that never sleeps costs no more."""
MAX_PROCESSES = 100
"""Of one sandbox: no more are started by scripts."""
FAILED, INTERRUPTED, KILLED, BROKEN_PIPE = 1, 130, 137, 141


class Sleep(msgspec.Struct, frozen=True):
    """Go on after so many seconds; None is never."""

    seconds: float | None


class Until(msgspec.Struct, frozen=True):
    """Go on when this is so. It becomes so by what other processes do, or by what is typed."""

    ready: Callable[[], bool]


Step: TypeAlias = Sleep | Until
Run: TypeAlias = Generator[Step, None, int]
"""A program that runs; what it returns is its exit code."""


FindNameFor: TypeAlias = Callable[[str, Callable[[NameFound], None]], None]


def nothing_found(name: str, found: Callable[[NameFound], None]) -> None:
    """Where there are no names."""
    found(NameFound(name))


VisitFor: TypeAlias = Callable[[str, int, str, Callable[[Visited], None]], None]


def nobody_there(_host: str, _port: int, _path: str, visited: Callable[[Visited], None]) -> None:
    """Where there is no network."""
    visited(Visited())


class Interrupted(BaseException):
    """Ctrl-C was typed."""


class Process:
    """A program that was started.

    Args:
        run: the program.
        number: its id.
        owner: what it belongs to, and dies with.
        due: when it goes on, unix nanoseconds; None while it waits for something, or for ever.
    """

    __slots__ = (
        "_commands",
        "_is_stepping",
        "_run",
        "_second",
        "due",
        "exit_code",
        "is_endless",
        "number",
        "on_end",
        "owner",
        "waits_for",
    )

    def __init__(self, run: Run, number: int, owner: object, due: int) -> None:
        self._run = run
        self._is_stepping = False
        self._second = 0
        self._commands = 0
        self.number: int = number
        self.owner: object = owner
        self.due: int | None = due
        self.waits_for: Callable[[], bool] | None = None
        self.exit_code: int | None = None
        """None while it runs."""
        self.is_endless: bool = False
        """It has got where it will not end by itself: nobody need look at it before something else happens."""
        self.on_end: Callable[[int], None] | None = None
        """Told the exit code, once."""

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.exit_code is not None

    def go_on(self, now: int) -> None:
        """Run to the next step, or to the end."""
        self._step(now, lambda: next(self._run))

    def spend(self, now: int) -> float:
        """Count a command: how long it has to wait, in seconds, since too many ran in this second."""
        second = now // SECOND
        if second != self._second:
            self._second, self._commands = second, 0
        self._commands += 1
        return 0.0 if self._commands <= COMMANDS_PER_SECOND else ((second + 1) * SECOND - now) / SECOND

    def interrupt(self, now: int) -> None:
        """Ctrl-C."""
        if not self.is_over:
            self._step(now, lambda: self._run.throw(Interrupted()))

    def end(self, code: int) -> None:
        """It is over, by itself or not."""
        if self.exit_code is None:
            self.exit_code = code
            self.due = self.waits_for = None
            if not self._is_stepping:  # it may be the one that ends itself
                self._run.close()
            if self.on_end is not None:
                self.on_end(code)

    def _step(self, now: int, step: Callable[[], Step]) -> None:
        self.due = self.waits_for = None
        self._is_stepping = True
        try:
            wanted = step()
        except StopIteration as ended:
            self.end(ended.value)
        except Interrupted:
            self.end(INTERRUPTED)
        except BrokenPipe:
            self.end(BROKEN_PIPE)
        except (FileError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
            self.end(FAILED)  # what people write ends their program, and nothing else
        else:
            if isinstance(wanted, Until):
                self.waits_for = wanted.ready
            elif wanted.seconds is not None:
                self.due = now + int(wanted.seconds * SECOND)
        finally:
            self._is_stepping = False


class Processes:
    """All processes of a sandbox.

    Args:
        now: unix nanoseconds.
        find_name: asks what a name of the cluster stands for, and is given whom to tell.
        visit: makes a request over HTTP, and is given whom to tell.
    """

    __slots__ = ("_made", "_processes", "clock", "find_name", "running", "visit")

    def __init__(self, now: int, find_name: FindNameFor = nothing_found, visit: VisitFor = nobody_there) -> None:
        self.find_name: FindNameFor = find_name
        self.visit: VisitFor = visit
        self.clock: int = now
        """The time at which the process runs that runs now, unix nanoseconds."""
        self._processes: list[Process] = []
        self._made = 0
        self.running: Process | None = None
        """The one that runs now; None between them."""

    def now(self) -> int:
        """The time in the process that runs."""
        return self.clock

    def spawn(self, run: Run, owner: object, at: int | None = None) -> Process:
        """Start a program, at once or at a later time."""
        self._made += 1
        process = Process(run, self._made, owner, self.clock if at is None else max(at, self.clock))
        self._processes.append(process)
        return process

    def advance(self, now: int) -> None:
        """Run all that is due until then, the earliest first. Called from within a process it does nothing."""
        if self.running is not None:
            return
        while (process := self._first()) is not None and process.due is not None and process.due <= now:
            self.clock = max(self.clock, process.due)
            self.running = process
            process.go_on(self.clock)
            self.running = None
        self.clock = max(self.clock, now)

    def next_due(self, owner: object) -> int | None:
        """When a process of an owner goes on next."""
        self._rouse()
        dues = (one.due for one in self._processes if one.owner is owner)
        return min((one for one in dues if one is not None), default=None)

    @property
    def are_too_many(self) -> bool:
        """Whether scripts may start no more."""
        return len(self._processes) >= MAX_PROCESSES

    def spend(self) -> float:
        """Count a command of the process that runs: see `Process.spend`."""
        return 0.0 if self.running is None else self.running.spend(self.clock)

    def find(self, number: int) -> Process | None:
        """The process with this id, if it runs."""
        return next((one for one in self._processes if one.number == number), None)

    def kill(self, owner: object) -> None:
        """End all that belongs to an owner."""
        for one in [one for one in self._processes if one.owner is owner]:
            self._processes.remove(one)
            one.end(KILLED)

    def _rouse(self) -> None:
        for one in self._processes:
            if one.waits_for is not None and one.waits_for():
                one.waits_for, one.due = None, self.clock

    def _first(self) -> Process | None:
        self._rouse()
        self._processes = [one for one in self._processes if not one.is_over]
        ready = [one for one in self._processes if one.due is not None]
        return min(ready, key=lambda one: (one.due or 0, one.number), default=None)

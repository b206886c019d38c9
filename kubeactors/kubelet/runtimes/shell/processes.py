"""Processes in virtual time: generators that yield how long they sleep, or what they wait for.

Processes run when the sandbox is observed at a later time: then all of them are advanced in the order of their times,
so that each sees what others have written before. Nothing runs by itself, and no clock is read.
"""

from collections.abc import Callable, Generator
from typing import TypeAlias

import msgspec

from kubeactors.kubelet.runtimes.question import NameFound, Visited, WebRequest
from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.pipes import BrokenPipe

SECOND = 1_000_000_000
COMMANDS_PER_SECOND = 500
"""The maximum number of commands of a process in a second of virtual time, which bounds the cost of busy loops."""
COMMAND, STEP = 20_000, 500
"""What a command costs, and what a step of a program does, such as to read a line; the unit is a character processed."""
BUDGET = COMMANDS_PER_SECOND * COMMAND
"""What a process may spend in a second of virtual time. It waits while it has spent more."""
MAX_PROCESSES = 100
"""The maximum number of processes of a sandbox that scripts may start."""
FAILED, INTERRUPTED, KILLED, BROKEN_PIPE = 1, 130, 137, 141


class Sleep(msgspec.Struct, frozen=True):
    """Continue after this many seconds; None means never."""

    seconds: float | None


class Until(msgspec.Struct, frozen=True):
    """Continue when the condition is true, which other processes or input bring about."""

    ready: Callable[[], bool]


Step: TypeAlias = Sleep | Until
Run: TypeAlias = Generator[Step, None, int]
"""A running program, which returns its exit code."""


FindNameFor: TypeAlias = Callable[[str, Callable[[NameFound], None]], None]


def unresolvable(name: str, found: Callable[[NameFound], None]) -> None:
    """Resolve no names."""
    found(NameFound(name))


VisitFor: TypeAlias = Callable[[str, int, WebRequest, Callable[[Visited], None]], None]


def unreachable(_host: str, _port: int, _request: WebRequest, visited: Callable[[Visited], None]) -> None:
    """Reach no servers."""
    visited(Visited())


class Interrupted(BaseException):
    """Raised in a program by Ctrl-C."""


class Process:
    """A process.

    Args:
        run: the program.
        number: its PID.
        owner: what it belongs to, and is killed with.
        due: when it continues, in Unix nanoseconds; None while it waits for a condition, or forever.
    """

    __slots__ = (
        "_is_stepping",
        "_run",
        "_second",
        "_spent",
        "due",
        "exit_code",
        "is_endless",
        "number",
        "on_end",
        "owner",
        "parent",
        "waits_for",
    )

    def __init__(self, run: Run, number: int, owner: object, due: int) -> None:
        self._run = run
        self._is_stepping = False
        self._second = 0
        self._spent = 0
        self.number: int = number
        self.owner: object = owner
        self.due: int | None = due
        self.waits_for: Callable[[], bool] | None = None
        self.exit_code: int | None = None
        """The exit code; None while it is running."""
        self.is_endless: bool = False
        """Whether it will not end by itself, so that it need not be observed before something else happens."""
        self.on_end: Callable[[int], None] | None = None
        """Called with the exit code, once."""
        self.parent: Process | None = None
        """Pays what this process owes when it exits."""

    @property
    def is_over(self) -> bool:
        """Whether it has exited."""
        return self.exit_code is not None

    def go_on(self, now: int) -> None:
        """Run to the next step, or to the exit."""
        self._step(now, lambda: next(self._run))

    def spend(self, now: int, cost: int = COMMAND) -> int:
        """Charge a command, or other work. Returns until when to wait because it has spent too much."""
        second = now // SECOND
        self._spent = max(self._spent - (second - self._second) * BUDGET, 0) + cost
        self._second = second
        over = (self._spent - 1) // BUDGET
        return (second + over) * SECOND if over > 0 else now

    def pay(self, second: int, spent: int) -> None:
        """Charge what a child has spent up to a second."""
        late = max(self._second - second, 0)
        self.spend((second + late) * SECOND, max(spent - late * BUDGET, 0))

    def interrupt(self, now: int) -> None:
        """Interrupt it, as by Ctrl-C."""
        if not self.is_over:
            self._step(now, lambda: self._run.throw(Interrupted()))

    def end(self, code: int) -> None:
        """Note its exit, by itself or not."""
        if self.exit_code is None:
            self.exit_code = code
            self.due = self.waits_for = None
            if not self._is_stepping:  # a running generator cannot be closed
                self._run.close()
            if self.parent is not None and not self.parent.is_over:
                self.parent.pay(self._second, self._spent)
            self.parent = None
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
            self.end(FAILED)  # an error in a user's program ends only that program
        else:
            paid = self.spend(now, STEP)
            if isinstance(wanted, Until):
                self.waits_for = wanted.ready
            elif wanted.seconds is not None:
                self.due = max(now + int(wanted.seconds * SECOND), paid)
        finally:
            self._is_stepping = False


class Processes:
    """The processes of a sandbox.

    Args:
        now: Unix nanoseconds.
        find_name: resolves a name of the cluster, and calls back with the result.
        visit: makes an HTTP request, and calls back with the result.
    """

    __slots__ = ("_made", "_processes", "clock", "find_name", "running", "visit")

    def __init__(self, now: int, find_name: FindNameFor = unresolvable, visit: VisitFor = unreachable) -> None:
        self.find_name: FindNameFor = find_name
        self.visit: VisitFor = visit
        self.clock: int = now
        """The time of the running process, in Unix nanoseconds."""
        self._processes: list[Process] = []
        self._made = 0
        self.running: Process | None = None
        """The running process; None if there is none."""

    def now(self) -> int:
        """The time of the running process."""
        return self.clock

    def spawn(self, run: Run, owner: object, at: int | None = None) -> Process:
        """Start a program, now or at a later time."""
        self._made += 1
        process = Process(run, self._made, owner, self.clock if at is None else max(at, self.clock))
        process.parent = self.running
        self._processes.append(process)
        return process

    def advance(self, now: int) -> None:
        """Run everything that is due until then, earliest first. Does nothing when called from within a process."""
        if self.running is not None:
            return
        while (process := self._first()) is not None and process.due is not None and process.due <= now:
            self.clock = max(self.clock, process.due)
            self.running = process
            process.go_on(self.clock)
            self.running = None
        self.clock = max(self.clock, now)

    def next_due(self, owner: object) -> int | None:
        """When a process of the owner continues next; None if none does by itself."""
        self._rouse()
        dues = (one.due for one in self._processes if one.owner is owner)
        return min((one for one in dues if one is not None), default=None)

    @property
    def are_too_many(self) -> bool:
        """Whether scripts must not start more processes."""
        return len(self._processes) >= MAX_PROCESSES

    def spend(self) -> float:
        """Charge a command to the running process. Returns the seconds to wait."""
        return 0.0 if self.running is None else (self.running.spend(self.clock) - self.clock) / SECOND

    def charge(self, cost: int) -> None:
        """Charge work to the running process, which waits at its next step or command if it has spent too much."""
        if self.running is not None:
            self.running.spend(self.clock, cost)

    @property
    def owes(self) -> bool:
        """Whether the running process has spent too much."""
        return self.running is not None and self.running.spend(self.clock, 0) > self.clock

    def find(self, number: int) -> Process | None:
        """The running process with this PID; None if there is none."""
        return next((one for one in self._processes if one.number == number), None)

    def kill(self, owner: object) -> None:
        """Kill all processes of an owner."""
        for one in [one for one in self._processes if one.owner is owner]:
            self._processes.remove(one)
            one.end(KILLED)

    def _rouse(self) -> None:
        for one in self._processes:
            if one.waits_for is not None and one.waits_for():
                one.waits_for, one.due = None, one.spend(self.clock, 0)

    def _first(self) -> Process | None:
        self._rouse()
        self._processes = [one for one in self._processes if not one.is_over]
        ready = [one for one in self._processes if one.due is not None]
        return min(ready, key=lambda one: (one.due or 0, one.number), default=None)

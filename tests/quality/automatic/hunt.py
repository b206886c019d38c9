"""The default campaign on a mutant: is it killed, that is, is anything violated that holds without it?"""

import signal
import sys
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from random import Random
from types import CodeType, FrameType

import msgspec

from kubeactors.sim.grammar import generate
from kubeactors.sim.plan import Plan
from kubeactors.sim.simulation import Simulation
from tests.quality.automatic.mutants import Mutant, can_be_made, function_of, in_force

HANG_SECONDS = 20.0
"""A scenario that takes longer, in seconds of CPU, hangs: some take one second."""
REACH_SCENARIOS = 12
"""By so many scenarios it is found out which functions run at all."""


class Hanging(BaseException):
    """A scenario does not end."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a hunt came to: what was violated, empty if nothing was. Seconds are of CPU."""

    mutant: Mutant
    violated: str
    scenarios: int
    seconds: float


def hunt(mutant: Mutant, seconds: float, *, first_seed: int = 0, scenarios: int = sys.maxsize) -> Verdict:
    """Run scenarios with the mutant until one fails that does not fail without it, for at most so many seconds."""
    began = time.process_time()
    count = 0
    while count < scenarios and time.process_time() < began + seconds:
        plan = generate(first_seed + count)
        count += 1
        with in_force(mutant):
            violated = outcome(plan)
        if violated and not outcome(plan):
            return Verdict(mutant=mutant, violated=violated, scenarios=count, seconds=time.process_time() - began)
    return Verdict(mutant=mutant, violated="", scenarios=count, seconds=time.process_time() - began)


def outcome(plan: Plan) -> str:
    """What a run of a plan violates; or that it crashes or hangs."""
    try:
        with _limited(HANG_SECONDS):
            violations = Simulation(plan).run().violations
    except Hanging:
        return "hangs"
    except Exception as error:  # noqa: BLE001 -- whatever the mutant has broken
        return f"crashes: {type(error).__name__}"
    return violations[0].invariant if violations else ""


@contextmanager
def _limited(seconds: float) -> Generator[None]:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise Hanging

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def reached(mutants: Iterable[Mutant]) -> list[Mutant]:
    """Those whose function runs in some of the first scenarios."""
    ran: dict[CodeType, None] = {}

    def note(frame: FrameType, _event: str, _argument: object) -> None:
        ran[frame.f_code] = None

    sys.setprofile(note)
    try:
        for seed in range(REACH_SCENARIOS):
            Simulation(generate(seed)).run()
    finally:
        sys.setprofile(None)
    return [one for one in mutants if _code(one) in ran]


def _code(mutant: Mutant) -> CodeType | None:
    with suppress(AttributeError, KeyError, TypeError):  # of a function within another one
        return function_of(mutant).__code__
    return None


def sample(mutants: Iterable[Mutant], size: int, seed: int) -> list[Mutant]:
    """So many of them by lot: about as many of each operator, as far as there are."""
    random = Random(seed)
    stacks: dict[str, list[Mutant]] = {}
    for one in mutants:
        stacks.setdefault(one.operator, []).append(one)
    for stack in stacks.values():
        random.shuffle(stack)
    drawn: list[Mutant] = []
    while len(drawn) < size and any(stacks.values()):
        for stack in stacks.values():
            while stack:
                one = stack.pop()
                if can_be_made(one):
                    drawn.append(one)
                    break
    return drawn[:size]

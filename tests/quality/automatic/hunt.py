"""The default campaign on a mutant: is it killed, that is, is anything violated that holds without it?"""

import signal
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from math import inf
from random import Random
from types import FrameType

import msgspec

from kubeactors.sim.grammar import generate
from kubeactors.sim.plan import Plan
from kubeactors.sim.simulation import Simulation
from tests.quality.automatic.marks import marked
from tests.quality.automatic.mutants import Mutant, can_be_made, in_force

HANG_SECONDS = 20.0
"""A scenario that takes longer, in seconds of CPU, hangs: some take one second."""


class Hanging(BaseException):
    """A scenario does not end."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a hunt came to: what was violated, empty if nothing was. Seconds are of CPU."""

    mutant: Mutant
    violated: str
    scenarios: int
    seconds: float


class Campaign(msgspec.Struct, frozen=True):
    """The default one without any mutant: which scenarios are silent, and in which of them mistakes make a difference."""

    places: dict[int, dict[str, None]]
    """By seed, of those in which nothing is violated: the names of mutants that behave otherwise."""
    functions: dict[str, None]
    """Those that run in any of them."""

    def runs(self, mutant: Mutant) -> bool:
        """Whether its function does."""
        return f"{mutant.module}:{mutant.function}" in self.functions

    def seeds(self, mutant: Mutant) -> list[int]:
        """Of the scenarios in which it makes a difference; any other is the same with it as without."""
        return [seed for seed, places in self.places.items() if mutant.name in places]


def campaign(mutants: Iterable[Mutant], seeds: Iterable[int]) -> Campaign:
    """Run the scenarios of these seeds without a mutant, and note where it would make a difference."""
    functions: dict[str, None] = {}
    found: dict[int, dict[str, None]] = {}
    with marked(mutants) as places:
        for seed in seeds:
            places.clear()
            violated = outcome(generate(seed))
            functions.update(places)
            if not violated:
                found[seed] = dict(places)
    return Campaign(found, functions)


def merged(campaigns: Iterable[Campaign]) -> Campaign:
    """The campaign that these are parts of.

    >>> merged((Campaign({2: {}}, {"f": None}), Campaign({1: {}}, {"g": None})))
    Campaign(places={1: {}, 2: {}}, functions={'f': None, 'g': None})
    """
    parts = tuple(campaigns)
    places = sorted(((seed, found) for one in parts for seed, found in one.places.items()), key=lambda pair: pair[0])
    return Campaign(dict(places), {name: None for one in parts for name in one.functions})


def hunt(mutant: Mutant, seeds: Iterable[int], seconds: float = inf) -> Verdict:
    """Run scenarios that are silent without the mutant until one is not with it, for at most so many seconds."""
    began = time.process_time()
    count, violated = 0, ""
    with in_force(mutant):
        for seed in seeds:
            if violated or time.process_time() > began + seconds:
                break
            violated = outcome(generate(seed))
            count += 1
    return Verdict(mutant=mutant, violated=violated, scenarios=count, seconds=time.process_time() - began)


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

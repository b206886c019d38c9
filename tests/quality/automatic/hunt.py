"""The default campaign on a mutant: it is killed if an invariant is violated that holds without it."""

import signal
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import reduce
from math import inf
from random import Random
from types import FrameType
from zlib import crc32

import msgspec

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apiserver.objects import with_metadata
from kubeactors.sim.grammar import generate
from kubeactors.sim.plan import Plan
from kubeactors.sim.simulation import Simulation
from kubeactors.sim.world import World
from tests.quality.automatic.marks import marked
from tests.quality.automatic.mutants import Mutant, can_be_made, in_force

HANG_SECONDS = 20.0
"""A scenario that takes longer counts as hanging (seconds of CPU); usual ones take up to one second."""


class Hanging(BaseException):
    """A scenario hangs."""


class Course(msgspec.Struct, frozen=True):
    """The outcome of a scenario: the violated invariant (empty if none), and two fingerprints."""

    violated: str
    messages: int = 0
    """The number of messages."""
    written: int = 0
    """A checksum of the sequence of states of every object. The order of writes to different objects is not specified, so it
    is left out, and with it resource versions."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a hunt: the violated invariant, empty if none. `seconds` are of CPU."""

    mutant: Mutant
    violated: str
    reached: bool = True
    """Whether the mutant makes a difference in its function in any scenario: reach and infection."""
    stirs: bool
    """Whether it changes the number of messages in any scenario."""
    shows: bool
    """Whether it changes what is written in any scenario: propagation. Reach, infection and propagation are the three steps
    from a mistake to a failure.

    Source: Morell, "A Theory of Fault-Based Testing" (1990); Voas, "PIE" (1992).
    """
    scenarios: int
    seconds: float


class Campaign(msgspec.Struct, frozen=True):
    """The default campaign without mutants: scenarios without violations, and the mutants that would affect each."""

    places: dict[int, dict[str, None]]
    """By seed, for scenarios without violations: the names of mutants that would make a difference."""
    functions: dict[str, None]
    """The functions that run in any of them."""
    courses: dict[int, Course]
    """The outcomes by seed."""

    def runs(self, mutant: Mutant) -> bool:
        """Whether the mutant's function runs in any scenario."""
        return f"{mutant.module}:{mutant.function}" in self.functions

    def about(self, mutant: Mutant) -> dict[int, Course]:
        """The scenarios in which the mutant makes a difference, by seed; others are identical with it."""
        return {seed: self.courses[seed] for seed, places in self.places.items() if mutant.name in places}


def campaign(mutants: Iterable[Mutant], seeds: Iterable[int]) -> Campaign:
    """Run the scenarios of these seeds without mutants, and note which mutants would make a difference."""
    functions: dict[str, None] = {}
    found: dict[int, dict[str, None]] = {}
    courses: dict[int, Course] = {}
    with marked(mutants) as places:
        for seed in seeds:
            places.clear()
            course = outcome(generate(seed))
            functions.update(places)
            if not course.violated:
                found[seed], courses[seed] = dict(places), course
    return Campaign(found, functions, courses)


def merged(campaigns: Iterable[Campaign]) -> Campaign:
    """Merge parts of a campaign.

    >>> merged((Campaign({2: {}}, {"f": None}, {}), Campaign({1: {}}, {"g": None}, {})))
    Campaign(places={1: {}, 2: {}}, functions={'f': None, 'g': None}, courses={})
    """
    parts = tuple(campaigns)
    places = sorted(((seed, found) for one in parts for seed, found in one.places.items()), key=lambda pair: pair[0])
    functions = {name: None for one in parts for name in one.functions}
    return Campaign(dict(places), functions, {seed: course for one in parts for seed, course in one.courses.items()})


def hunt(mutant: Mutant, courses: Mapping[int, Course], seconds: float = inf) -> Verdict:
    """Run scenarios that pass without the mutant until one fails with it, for at most so many seconds.

    Args:
        mutant: to kill.
        courses: the outcomes without it, by seed.
        seconds: of CPU.
    """
    began = time.process_time()
    count, violated, stirs, shows = 0, "", False, False
    with in_force(mutant):
        for seed, without in courses.items():
            if violated or time.process_time() > began + seconds:
                break
            course = outcome(generate(seed))
            violated = course.violated
            stirs |= course.messages != without.messages
            shows |= bool(violated) or course.written != without.written
            count += 1
    spent = time.process_time() - began
    reached = bool(courses)
    return Verdict(
        mutant=mutant, violated=violated, reached=reached, stirs=stirs, shows=shows, scenarios=count, seconds=spent
    )


def outcome(plan: Plan) -> Course:
    """The outcome of a plan; a crash or hang counts as a violation."""
    try:
        with _limited(HANG_SECONDS):
            simulation = Simulation(plan)
            found = simulation.run()
    except Hanging:
        return Course("hangs")
    except Exception as error:  # noqa: BLE001 -- whatever the mutant has broken
        return Course(f"crashes: {type(error).__name__}")
    violated = found.violations[0].invariant if found.violations else ""
    return Course(violated, found.messages, _written(simulation.world))


def _written(world: World) -> int:
    histories: dict[str, list[TypedObject | None]] = {}
    for log in world.log.values():
        for commit in log:
            histories.setdefault(commit.key, []).append(commit.new and _without_version(commit.new))
    told = (msgspec.json.encode((key, histories[key]), enc_hook=repr) for key in sorted(histories))
    return reduce(lambda sum_, text: crc32(text, sum_), told, 0)


def _without_version(value: TypedObject) -> TypedObject:
    return with_metadata(value, msgspec.structs.replace(value.metadata, resource_version=""))


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
    """A random sample of so many mutants, with about as many of each operator."""
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

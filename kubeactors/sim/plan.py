"""Plans: what happens in one scenario, and their text form, which is the replay file.

The file has a line of JSON for the plan as a whole, one for each deviation of its tape, and one for each step. Lines that start with `#` say something to
people.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import get_args

import msgspec

from kubeactors.sim.chaos.faults import AnyFault, OwnFault
from kubeactors.sim.former_names import current_fault, with_current_kind
from kubeactors.sim.search.strategies import DELAYS, STRATEGIES, TAPE
from kubeactors.sim.search.tape import Deviation
from kubeactors.sim.steps import Fault, kind_of
from kubeactors.sim.workload import AnyAction, OwnAction

FORMAT = 1
STEP = "step"
AnyStep = AnyAction | OwnAction | AnyFault | OwnFault

FAULT_KINDS: tuple[str, ...] = tuple(str(one.__struct_config__.tag) for one in get_args(AnyFault))
"""The names of all faults."""
ACTION_KINDS: tuple[str, ...] = tuple(str(one.__struct_config__.tag) for one in get_args(AnyAction))
"""The names of all that users do."""

_LINE: msgspec.json.Decoder[AnyStep | Deviation] = msgspec.json.Decoder(AnyStep | Deviation)


class PlanError(ValueError):
    """This is no plan; the message names the line and what is wrong with it."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario: a cluster, what users do to it, and what breaks.

    The seed decides everything that is left to chance: the order of deliveries, names, delays.
    """

    seed: int = 0
    nodes: int = 3
    pods_per_node: int = 12
    candidates: int = 1
    """How many schedulers and controller managers there are; of several one of each is elected."""
    start_seconds: tuple[float, ...] = ()
    """How long containers take to start, on each node in turn; without any it is the same on all."""
    own_pods: int = 0
    """How many pods each node runs by itself, whatever the API server says: static pods."""
    events: bool = True
    """Whether components write Events. They are for people; who acts reads none of them, and with a burst Kubernetes
    itself drops them. A quarter of all writes are theirs, so most scenarios do without."""
    schedule: str = DELAYS
    """The strategy that chooses the order of deliveries; see `search/strategies.py`."""
    tape: tuple[Deviation, ...] = ()
    """With the strategy `tape`: in what the order differs from first in, first out."""
    steps: tuple[AnyStep, ...] = ()

    @property
    def ends_at(self) -> float:
        """When the last step has happened and the last fault has healed, in seconds."""
        return max((one.heals_at for one in self.steps), default=0.0)

    @property
    def faults(self) -> tuple[AnyFault | OwnFault, ...]:
        """What breaks."""
        return tuple(one for one in self.steps if isinstance(one, Fault))

    def with_steps(self, steps: tuple[AnyStep, ...]) -> "Plan":
        """The same scenario with other steps."""
        return msgspec.structs.replace(self, steps=steps)

    def with_order(self, schedule: str, tape: Sequence[Deviation] = ()) -> "Plan":
        """The same scenario in another order."""
        return msgspec.structs.replace(self, schedule=schedule, tape=tuple(tape))


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, the invariant that it violated (empty if it is not known to), and the version that found it."""

    plan: Plan
    invariant: str = ""
    version: str = ""
    operator: str = ""
    """Where the operator is that was tested, as `module:name`; empty if it was the control plane itself."""
    unknown: tuple[str, ...] = ()
    """What this version does not know of a file of another one: steps that were left out, fields that mean nothing here."""
    happened: tuple[str, ...] = ()
    """The kinds of faults that fired, and of what users did with an effect, when it was written; empty if that is unknown."""
    left_out: tuple[str, ...] = ()
    """Of these the steps: without them it is another plan."""


class _Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    format: int
    version: str
    seed: int
    nodes: int
    pods_per_node: int
    invariant: str
    candidates: int = 1
    start_seconds: tuple[float, ...] = ()
    own_pods: int = 0
    events: bool = True
    schedule: str = DELAYS
    operator: str = ""
    happened: tuple[str, ...] = ()


def this_version() -> str:
    """The version of this package."""
    return version("kubeactors")


def encode(
    plan: Plan, invariant: str = "", *, comment: str = "", operator: str = "", happened: Sequence[str] = ()
) -> str:
    """A plan as text. See `Replay` for what else it says.

    >>> print(encode(Plan(seed=7), "surge"), end="")
    {"format":1,"version":"0.1.0","seed":7,"nodes":3,"pods_per_node":12,"invariant":"surge"}
    """
    header = _Header(
        format=FORMAT,
        version=this_version(),
        seed=plan.seed,
        nodes=plan.nodes,
        pods_per_node=plan.pods_per_node,
        candidates=plan.candidates,
        start_seconds=plan.start_seconds,
        own_pods=plan.own_pods,
        events=plan.events,
        schedule=plan.schedule,
        invariant=invariant,
        operator=operator,
        happened=tuple(happened),
    )
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    lines += [msgspec.json.encode(one).decode() for one in (header, *plan.tape, *plan.steps)]
    return "\n".join(lines) + "\n"


def decode(text: str) -> Replay:
    """A plan from its text.

    >>> decode(encode(Plan(seed=7), "surge")).plan
    Plan(seed=7, nodes=3, pods_per_node=12, candidates=1, start_seconds=(), own_pods=0, events=True, schedule='delays', tape=(), steps=())

    Raises:
        PlanError: it is none.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip() and line[0] != "#"]
    if not lines:
        raise PlanError("this is no replay: it is empty")
    header = _header(*lines[0])
    lines = [(number, with_current_kind(line)) for number, line in lines]
    unknown = _unknown(lines[1:]) if header.version != this_version() else {}
    lines = [one for one in lines if not unknown.get(one[0], "").startswith(STEP)]
    found = [_line(number, line) for number, line in lines[1:]]
    plan = Plan(
        seed=header.seed,
        nodes=header.nodes,
        pods_per_node=header.pods_per_node,
        candidates=header.candidates,
        start_seconds=header.start_seconds,
        own_pods=header.own_pods,
        events=header.events,
        schedule=header.schedule,
        tape=tuple(one for one in found if isinstance(one, Deviation)),
        steps=tuple(one for one in found if not isinstance(one, Deviation)),
    )
    return Replay(
        plan=plan,
        invariant=header.invariant,
        version=header.version,
        operator=header.operator,
        happened=tuple(map(current_fault, header.happened)),
        unknown=tuple(unknown.values()),
        left_out=tuple(one for one in unknown.values() if one.startswith(STEP)),
    )


def _unknown(lines: Sequence[tuple[int, str]]) -> dict[int, str]:
    """What is unknown here, by the number of the line: a step, or some of its fields."""
    known = {str(one.__struct_config__.tag): one for one in get_args(AnyStep | Deviation)}
    found: dict[int, str] = {}
    for number, line in lines:
        try:
            fields = msgspec.json.decode(line, type=dict[str, object])
        except msgspec.DecodeError:
            continue  # it is refused, with the reason, when it is decoded
        kind = str(fields.get("kind"))
        if kind not in known:
            found[number] = f"{STEP} {kind} in line {number}"
        elif new := [field for field in fields if field not in ("kind", *known[kind].__struct_fields__)]:
            found[number] = f"field {', '.join(new)} of {kind} in line {number}"
    return found


def _header(number: int, line: str) -> _Header:
    try:
        header = msgspec.json.decode(line, type=_Header)
    except msgspec.DecodeError as error:
        raise PlanError(f"line {number}: this is no replay of kubeactors: {error}") from error
    if header.format != FORMAT:
        raise PlanError(f"line {number}: replays of format {header.format} are unknown here; this is format {FORMAT}")
    if header.schedule not in (*STRATEGIES, TAPE):
        known = ", ".join((*STRATEGIES, TAPE))
        raise PlanError(f"line {number}: no strategy is named {header.schedule!r}; there are {known}")
    return header


def _line(number: int, line: str) -> AnyStep | Deviation:
    try:
        return _LINE.decode(line)
    except msgspec.DecodeError as error:
        raise PlanError(f"line {number}: {_explained(line, error)}") from error


def _explained(line: str, error: msgspec.DecodeError) -> str:
    """An unknown kind is the likeliest mistake: name the known ones."""
    try:
        kind = msgspec.json.decode(line, type=dict[str, object]).get("kind")
    except msgspec.DecodeError:
        return f"this is no step: {error}"
    known = sorted(str(one.__struct_config__.tag) for one in get_args(AnyStep))
    if kind not in known:
        return f"no step is of kind {kind!r}; there are {', '.join(known)}"
    return f"this is no {kind}: {error}"


def in_order(steps: list[AnyStep]) -> tuple[AnyStep, ...]:
    """Steps by time; of one time as they came."""
    return tuple(sorted(steps, key=lambda step: step.at))


def described(step: AnyStep) -> str:
    """A step for people: what is usual about it is not said.

    >>> from kubeactors.sim.workload import CreateDeployment
    >>> described(CreateDeployment(at=12.5, name="web", replicas=5, recreate=True))
    '12.5 s  create-deployment name=web replicas=5 recreate=True'
    """
    said = (
        f"{one.name}={getattr(step, one.name)}"
        for one in msgspec.structs.fields(step)
        if one.name != "at" and getattr(step, one.name) != one.default
    )
    return f"{step.at:g} s  {kind_of(step)} {' '.join(said)}".rstrip()

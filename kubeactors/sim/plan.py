"""Plans: what happens in one scenario, and their text form, the replay file.

The file has a line of JSON for the plan as a whole, one for each deviation of its tape, and one for each step. Lines that
start with `#` are comments.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import get_args

import msgspec

from kubeactors.sim.chaos.faults import AnyFault, OwnFault
from kubeactors.sim.former_names import current_invariant, current_kind, with_current_kind
from kubeactors.sim.search.strategies import DELAYS, STRATEGIES, TAPE
from kubeactors.sim.search.tape import Deviation
from kubeactors.sim.steps import Fault, kind_of
from kubeactors.sim.workload import AnyAction, OwnAction, SendRequest, UserAction

FORMAT = 1
STEP = "step"
AnyStep = UserAction | AnyFault | OwnFault

FAULT_KINDS: tuple[str, ...] = tuple(str(one.__struct_config__.tag) for one in get_args(AnyFault))
"""The names of all kinds of faults."""
ACTION_KINDS: tuple[str, ...] = tuple(str(one.__struct_config__.tag) for one in get_args(AnyAction))
"""The names of all kinds of user actions."""

_LINE: msgspec.json.Decoder[AnyStep | Deviation] = msgspec.json.Decoder(AnyStep | Deviation)


class PlanError(ValueError):
    """The text is not a valid replay; the message names the line and what is wrong with it."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario: a cluster, user actions, and faults.

    The seed decides everything random: the order of deliveries, generated names, delays.
    """

    seed: int = 0
    nodes: int = 3
    pods_per_node: int = 12
    candidates: int = 1
    """How many schedulers and controller managers there are; of several, one of each is elected leader."""
    start_seconds: tuple[float, ...] = ()
    """How long containers take to start, by node in turn; the default on all nodes if empty."""
    own_pods: int = 0
    """How many static pods each node runs."""
    events: bool = True
    """Whether components write Events. No component reads them, and Kubernetes itself drops some in bursts. They are a
    quarter of all writes, so most scenarios go without."""
    schedule: str = DELAYS
    """The strategy that chooses the order of deliveries; see `search/strategies.py`."""
    tape: tuple[Deviation, ...] = ()
    """For the strategy `tape`: how the order differs from first in, first out."""
    steps: tuple[AnyStep, ...] = ()

    @property
    def ends_at(self) -> float:
        """When the last step has happened and the last fault has healed, in seconds."""
        return max((one.heals_at for one in self.steps), default=0.0)

    @property
    def faults(self) -> tuple[AnyFault | OwnFault, ...]:
        """The faults among the steps."""
        return tuple(one for one in self.steps if isinstance(one, Fault))

    def with_steps(self, steps: tuple[AnyStep, ...]) -> "Plan":
        """The same scenario with other steps."""
        return msgspec.structs.replace(self, steps=steps)

    def with_order(self, schedule: str, tape: Sequence[Deviation] = ()) -> "Plan":
        """The same scenario in another order."""
        return msgspec.structs.replace(self, schedule=schedule, tape=tuple(tape))


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, the invariant that it violated (empty if none is known), and the version that wrote the file."""

    plan: Plan
    invariant: str = ""
    version: str = ""
    operator: str = ""
    """The operator under test, as `module:name`; empty if it was the control plane itself."""
    unknown: tuple[str, ...] = ()
    """Unknown parts of a file of another version: steps that are left out, fields that are ignored."""
    happened: tuple[str, ...] = ()
    """The kinds of faults that took effect, and of user actions that had one, when it was written; empty if unknown."""
    left_out: tuple[str, ...] = ()
    """The steps among `unknown`: without them it is a different plan."""


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
    """A plan as text. See `Replay` for the other parts.

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
        PlanError: the text is not a valid replay.
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
        invariant=current_invariant(header.invariant),
        version=header.version,
        operator=header.operator,
        happened=header.happened if header.operator else tuple(map(current_kind, header.happened)),
        unknown=tuple(unknown.values()),
        left_out=tuple(one for one in unknown.values() if one.startswith(STEP)),
    )


def _unknown(lines: Sequence[tuple[int, str]]) -> dict[int, str]:
    """The steps, or fields of steps, that this version does not know, by line number."""
    known = {str(one.__struct_config__.tag): one for one in get_args(AnyStep | Deviation)}
    found: dict[int, str] = {}
    for number, line in lines:
        try:
            fields = msgspec.json.decode(line, type=dict[str, object])
        except msgspec.DecodeError:
            continue  # rejected, with the reason, when it is decoded
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
    """The decoding error; for an unknown kind, the likeliest mistake, with the known ones."""
    try:
        kind = msgspec.json.decode(line, type=dict[str, object]).get("kind")
    except msgspec.DecodeError:
        return f"this is no step: {error}"
    known = sorted(str(one.__struct_config__.tag) for one in get_args(AnyStep))
    if kind not in known:
        return f"no step is of kind {kind!r}; there are {', '.join(known)}"
    return f"this is no {kind}: {error}"


def in_order(steps: list[AnyStep]) -> tuple[AnyStep, ...]:
    """Steps by time; the sort is stable."""
    return tuple(sorted(steps, key=lambda step: step.at))


def described(step: AnyStep) -> str:
    """A step in one line, without fields that have their default. Of a request only the subject and a patch.

    >>> from kubeactors.sim.workload import CreateDeployment
    >>> described(CreateDeployment(at=12.5, name="web", replicas=5, recreate=True))
    '12.5 s  create-deployment name=web replicas=5 recreate=True'
    >>> described(OwnAction(at=3, name="order", arguments={"pods": 2}))
    '3 s  order(pods=2)'
    """
    if isinstance(step, SendRequest):
        return f"{step.at:g} s  {step.summary}"
    own = step if isinstance(step, OwnAction | OwnFault) else None
    hidden = ("at", "name", "arguments") if own else ("at",)
    said = (
        f"{one.name}={getattr(step, one.name)}"
        for one in msgspec.structs.fields(step)
        if one.name not in hidden and getattr(step, one.name) != one.default
    )
    return f"{step.at:g} s  {_call(own) if own else kind_of(step)} {' '.join(said)}".rstrip()


def _call(step: OwnAction | OwnFault) -> str:
    return f"{step.name}({', '.join(f'{name}={value!r}' for name, value in step.arguments.items())})"

"""Variants of known replays: the plans around a failure or a false alarm are likelier to show another one.

A variant has another seed and order, some of its steps happen at other times, and more may happen: faults of other replays,
admission rules for pods, changes of the store's leader.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

from msgspec.structs import replace

from kubeactors.sim import Plan
from kubeactors.sim.chaos.faults import StoreLeaderChange
from kubeactors.sim.plan import AnyStep, decode
from kubeactors.sim.steps import Fault
from kubeactors.sim.workload import SetAdmissionRule
from kubeactors.sim.workload.rules import Answer, Form, Operation, Place

ORDERS = ("delays", "fifo", "priorities")
SHIFTS = (-3.0, -0.5, -0.05, 0.05, 0.3, 1.0, 3.0, 10.0)
"""How far a step is moved at most, in seconds."""
EARLIEST = 0.05
FORMS: tuple[Form, ...] = ("validating", "validating-webhook", "validating-webhook")
OPERATIONS: tuple[tuple[Operation, ...], ...] = (("DELETE",), ("CREATE",), ("UPDATE",), ("*",), ("CREATE", "UPDATE"))
ANSWERS: tuple[Answer, ...] = ("refuse", "nobody", "allow", "error", "nonsense")
PLACES: tuple[Place, ...] = ("elsewhere", "elsewhere", "default")


def known(directories: Iterable[Path]) -> dict[str, Plan]:
    """The plans of the control plane's replays in these directories, by name, as far as this version knows all their steps."""
    files = (path for one in directories for path in sorted(one.glob("*.jsonl")))
    replays = {path.stem: decode(path.read_text(encoding="utf-8")) for path in files}
    return {name: one.plan for name, one in replays.items() if not one.operator and not one.left_out}


class Variants:
    """Draws variants.

    Args:
        plans: the known plans by name.
    """

    def __init__(self, plans: dict[str, Plan]) -> None:
        self._plans = plans
        self._faults: Sequence[AnyStep] = [
            step for one in plans.values() for step in one.steps if isinstance(step, Fault)
        ]

    def of(self, name: str, number: int) -> Plan:
        """A variant of the plan of that name; the same for the same number and plans."""
        random, plan = Random(f"{name}/{number}"), self._plans[name]
        steps = [_moved(random, one) for one in plan.steps]
        end = max((one.at for one in steps), default=0.0)
        steps += [self._another(random, end) for _ in range(random.randrange(4))]
        return replace(
            plan,
            seed=random.randrange(10**6),
            nodes=random.choice((plan.nodes, plan.nodes, plan.nodes, 1, 5)),
            candidates=random.choice((plan.candidates, 2)),
            schedule=random.choice(ORDERS),
            tape=(),
            steps=tuple(sorted(steps, key=lambda one: one.at)),
        )

    def _another(self, random: Random, end: float) -> AnyStep:
        at = round(random.uniform(EARLIEST, end + 2.0), 2)
        match random.randrange(4):
            case 0:
                return _rule(random, at)
            case 1:
                return StoreLeaderChange(at=at, seconds=random.choice((5.0, 10.0, 20.0)))
            case _:
                return replace(random.choice(self._faults), at=at)


def _moved(random: Random, step: AnyStep) -> AnyStep:
    shift = random.choice(SHIFTS) * random.random() if random.randrange(2) else 0.0
    return replace(step, at=round(max(EARLIEST, step.at + shift), 2))


def _rule(random: Random, at: float) -> SetAdmissionRule:
    answer: Answer = random.choice(ANSWERS)
    return SetAdmissionRule(
        at=at,
        form=random.choice(FORMS),
        number=random.randrange(1, 4),
        seconds=random.choice((25.0, 40.0, 60.0)),
        sort="pod",
        operations=random.choice(OPERATIONS),
        place=random.choice(PLACES),
        answer=answer,
        takes_seconds=0.0 if answer == "nobody" else random.choice((0.0, 0.5, 5.0)),
    )

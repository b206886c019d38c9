"""What is stored is wrong."""

from typing import get_args

from kubeactors.sim.chaos.faults import FieldSpoilt, Spoilable, StatusLost
from kubeactors.sim.grammar.faults.aim import Aim
from kubeactors.sim.grammar.faults.draw import Draw
from kubeactors.sim.grammar.faults.spans import SPANS

FIELDS: tuple[Spoilable, ...] = get_args(Spoilable)
MANY = 11
"""The greatest number by which an object is chosen."""


def _status(aim: Aim, at: float) -> StatusLost:
    number = aim.source.integer(0, MANY)
    return StatusLost(at=at, resource=aim.source.choice((*aim.restorable, "any", "pods", "nodes")), number=number)


def _field(aim: Aim, at: float) -> FieldSpoilt:
    number, choice = aim.source.integer(0, MANY), aim.source.choice
    return FieldSpoilt(at=at, field=choice(FIELDS), number=number, seconds=choice(SPANS[2:]))


DRAWS: dict[str, Draw] = {"status-lost": _status, "field-spoilt": _field}

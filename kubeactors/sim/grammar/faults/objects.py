"""Draws corruptions of stored objects."""

from typing import get_args

from kubeactors.sim.chaos.faults import CorruptibleField, FieldCorrupted, StatusCleared
from kubeactors.sim.grammar.faults.aim import Aim
from kubeactors.sim.grammar.faults.draw import Draw
from kubeactors.sim.grammar.faults.spans import SPANS

FIELDS: tuple[CorruptibleField, ...] = get_args(CorruptibleField)
MANY = 11
"""The greatest index by which an object is chosen."""


def _status(aim: Aim, at: float) -> StatusCleared:
    number = aim.source.integer(0, MANY)
    return StatusCleared(at=at, resource=aim.source.choice((*aim.clearable, "any", "pods", "nodes")), number=number)


def _field(aim: Aim, at: float) -> FieldCorrupted:
    number, choice = aim.source.integer(0, MANY), aim.source.choice
    return FieldCorrupted(at=at, field=choice(FIELDS), number=number, seconds=choice(SPANS[2:]))


DRAWS: dict[str, Draw] = {"status-cleared": _status, "field-corrupted": _field}

"""The type of functions that draw faults."""

from collections.abc import Callable
from typing import TypeAlias

from kubeactors.sim.chaos.faults import AnyFault
from kubeactors.sim.grammar.faults.aim import Aim

Draw: TypeAlias = Callable[[Aim, float], AnyFault]
"""Draws a fault, given the source of targets and the time at which it begins."""

"""How one kind of fault is drawn."""

from collections.abc import Callable
from typing import TypeAlias

from kubeactors.sim.chaos.faults import AnyFault
from kubeactors.sim.grammar.faults.aim import Aim

Draw: TypeAlias = Callable[[Aim, float], AnyFault]
"""Given what faults are about, and when this one begins."""

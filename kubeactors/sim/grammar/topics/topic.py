"""The protocol of topics."""

from typing import Protocol

from kubeactors.sim.workload import AnyAction


class Topic(Protocol):
    """Draws actions on objects other than workloads."""

    def first(self, at: float) -> list[AnyAction]:
        """The first actions."""
        ...

    def another(self, at: float) -> AnyAction:
        """One more action."""
        ...

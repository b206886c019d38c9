"""What a topic is."""

from typing import Protocol

from kubeactors.sim.workload import AnyAction


class Topic(Protocol):
    """Draws actions about something that users keep besides workloads."""

    def first(self, at: float) -> list[AnyAction]:
        """What it begins with."""
        ...

    def another(self, at: float) -> AnyAction:
        """What follows."""
        ...

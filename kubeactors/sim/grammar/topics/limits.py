"""LimitRanges."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

LIMITS: tuple[tuple[str, str, str, int], ...] = (
    ("150m", "", "", 0),
    ("", "", "150m", 0),
    ("200m", "150m", "", 2),
    ("", "100m", "1", 2),
    ("", "", "", 1),
    ("", "", "", 0),
)
"""Default, minimum and maximum CPU of containers, and the maximum size of claims in GiB."""
KNOWN = (0.0, 12.0, 12.0)
"""The delay of a creation, in seconds: before admission is certain to have observed the limits, and after."""


class Limits:
    """Draws actions on them.

    Args:
        source: makes the choices.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def first(self, at: float) -> list[AnyAction]:
        """Limits, and an object that may exceed them."""
        return [self._set_limits(at), self._fit(at + 0.5)]

    def _set_limits(self, at: float) -> AnyAction:
        number = self._source.choice((1, 1, 2))
        default, smallest, largest, gibibytes = self._source.choice(LIMITS)
        return workload.SetLimitRange(
            at=at, number=number, default=default, smallest=smallest, largest=largest, gibibytes=gibibytes
        )

    def another(self, at: float) -> AnyAction:
        """Mostly an object after admission has observed the limits: it is rejected if it exceeds them."""
        return self._fit(at + self._source.choice(KNOWN)) if self._source.integer(0, 2) else self._set_limits(at)

    def _fit(self, at: float) -> AnyAction:
        source = self._source
        sort: workload.Sort = source.choice(("pod", "pod", "claim"))
        return workload.CreateTenantObject(
            at=round(at, 3), sort=sort, number=source.integer(1, 5), cpu=source.choice(("100m", "200m", "2", ""))
        )

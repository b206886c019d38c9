"""Limits of single containers and claims."""

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
"""Of single containers and claims: what they get, the least and the most that they may have, and how large a claim is."""
KNOWN = (0.0, 12.0, 12.0)
"""How long after it was set what is bounded is tried: before everybody is certain to know it, and after."""


class Limits:
    """Draws what is done about them.

    Args:
        source: where choices come from.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def first(self, at: float) -> list[AnyAction]:
        """Limits, and something that may not keep them."""
        return [self._set_limits(at), self._fit(at + 0.5)]

    def _set_limits(self, at: float) -> AnyAction:
        number = self._source.choice((1, 1, 2))
        default, smallest, largest, gibibytes = self._source.choice(LIMITS)
        return workload.SetLimits(
            at=at, number=number, default=default, smallest=smallest, largest=largest, gibibytes=gibibytes
        )

    def another(self, at: float) -> AnyAction:
        """Mostly when everybody knows the limits: what does not keep them then is not admitted."""
        return self._fit(at + self._source.choice(KNOWN)) if self._source.integer(0, 2) else self._set_limits(at)

    def _fit(self, at: float) -> AnyAction:
        source = self._source
        sort: workload.Sort = source.choice(("pod", "pod", "claim"))
        return workload.Furnish(
            at=round(at, 3), sort=sort, number=source.integer(1, 5), cpu=source.choice(("100m", "200m", "2", ""))
        )

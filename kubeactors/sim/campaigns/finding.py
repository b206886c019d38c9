"""Findings of a campaign."""

import msgspec

from kubeactors.sim.judge import Violation
from kubeactors.sim.plan import Plan


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A violation, and the plan that produces it."""

    violation: Violation
    plan: Plan
    happened: tuple[str, ...] = ()
    """The faults and actions with an effect until then; see `Outcome.happened`. Empty if not recorded."""

    def of(self, plan: Plan) -> "Finding":
        """The same violation with another plan."""
        return Finding(violation=self.violation, plan=plan)

"""What a campaign finds."""

import msgspec

from kubeactors.sim.judge import Violation
from kubeactors.sim.plan import Plan


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A violation, and the plan that shows it."""

    violation: Violation
    plan: Plan
    happened: tuple[str, ...] = ()
    """What fired, and what had an effect, until then; see `Outcome.happened`. Empty if that was not noted."""

    def of(self, plan: Plan) -> "Finding":
        """The same violation, as another plan has shown it."""
        return Finding(violation=self.violation, plan=plan)

"""What the author of an operator has declared."""

from kubeactors.sim.steps import Lasting


class OwnFault(Lasting, frozen=True, kw_only=True, tag="own-fault"):
    """A fault that the author of an operator has declared: see `operators/`. It is over after `seconds`."""

    name: str
    arguments: dict[str, object] = {}

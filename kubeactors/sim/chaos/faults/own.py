"""Faults declared by the author of an operator."""

from kubeactors.sim.steps import Lasting


class OwnFault(Lasting, frozen=True, kw_only=True, tag="own-fault"):
    """A fault that the author of an operator has declared: see `operators/`."""

    name: str
    arguments: dict[str, object] = {}

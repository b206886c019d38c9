"""What the author of an operator has declared that users do: see `operators/`."""

from kubeactors.sim.steps import Action


class OwnAction(Action, frozen=True, kw_only=True, tag="own"):
    """The action of this name, with these arguments."""

    name: str
    arguments: dict[str, object] = {}

"""User actions declared by the author of an operator: see `operators/`."""

from kubeactors.sim.steps import Action


class OwnAction(Action, frozen=True, kw_only=True, tag="own"):
    """The declared action of this name, with these arguments."""

    name: str
    arguments: dict[str, object] = {}

    @property
    def counted_as(self) -> str:
        """Its name."""
        return self.name

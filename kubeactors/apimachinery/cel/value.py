"""What is known of the value of a part of an expression, before it is evaluated."""

import msgspec

from kubeactors.apimachinery.cel.sizes import ANY, DYN, ONE, SCALARS, UNKNOWN, Declared, Range


class Entries(msgspec.Struct, frozen=True):
    """How large the keys and the values of a list or a map (`kind`) are that an expression has made."""

    kind: str
    keys: Range
    values: Range


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What it costs to get a value, and what is known of it.

    `place` is where in the schema it comes from: None if it was made. `size` is known from the expression; `fallback`
    is taken where neither the place nor the type tell one.
    """

    cost: Range
    type: Declared = ANY
    place: Declared | None = None
    size: Range | None = None
    fallback: Range | None = None
    entries: Entries | None = None

    @property
    def sized(self) -> Range | None:
        """Its size; None if nothing tells it."""
        if self.size is not None:
            return self.size
        if self.place is not None and (self.place.kind != DYN or self.place.max_size):
            return Range(0, self.place.max_size)
        return ONE if self.type.kind in SCALARS else self.fallback

    @property
    def known_size(self) -> Range:
        """Its size, or that it may have any."""
        return self.sized or UNKNOWN

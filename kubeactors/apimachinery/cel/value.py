"""Estimates of the values of subexpressions."""

import msgspec

from kubeactors.apimachinery.cel.sizes import ANY, DYN, ONE, SCALARS, UNKNOWN, Declared, Range


class Entries(msgspec.Struct, frozen=True):
    """The sizes of the keys and values of a computed list or map (`kind`)."""

    kind: str
    keys: Range
    values: Range


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of a value, and what is known of it.

    `place` is its place in the schema: None if it is computed. `size` is known from the expression; `fallback` is used
    if neither the place nor the type has a size.
    """

    cost: Range
    type: Declared = ANY
    place: Declared | None = None
    size: Range | None = None
    fallback: Range | None = None
    entries: Entries | None = None

    @property
    def sized(self) -> Range | None:
        """Its size; None if it is unknown."""
        if self.size is not None:
            return self.size
        if self.place is not None and (self.place.kind != DYN or self.place.max_size):
            return Range(0, self.place.max_size)
        return ONE if self.type.kind in SCALARS else self.fallback

    @property
    def known_size(self) -> Range:
        """Its size; unbounded if it is unknown."""
        return self.sized or UNKNOWN

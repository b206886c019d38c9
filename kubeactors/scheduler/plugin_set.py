"""The plugins of a profile, by extension point, and their weights."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import msgspec

from kubeactors.scheduler.framework import Plugin
from kubeactors.scheduler.handle import Handle


class PluginSet(msgspec.Struct, frozen=True, kw_only=True):
    """Plugins in order; exceptions for single extension points; and weights that differ from the plugins' own."""

    plugins: tuple[Plugin, ...]
    points: Mapping[str, tuple[Plugin, ...]] = {}
    weights: Mapping[str, int] = {}

    def at(self, point: str) -> tuple[Plugin, ...]:
        """The plugins enabled for an extension point, in order, including those that do not implement it."""
        return self.points.get(point, self.plugins)


PluginFactory: TypeAlias = Callable[[Handle], PluginSet | Iterable[Plugin]]
"""Makes the plugins of a profile."""

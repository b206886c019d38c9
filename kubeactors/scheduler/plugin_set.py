"""Which plugins a profile has, where, and how much their scores count."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import msgspec

from kubeactors.scheduler.framework import Plugin
from kubeactors.scheduler.handle import Handle


class PluginSet(msgspec.Struct, frozen=True, kw_only=True):
    """Plugins in order; those of each extension point that differs from that; and weights other than their own."""

    plugins: tuple[Plugin, ...]
    points: Mapping[str, tuple[Plugin, ...]] = {}
    weights: Mapping[str, int] = {}

    def at(self, point: str) -> tuple[Plugin, ...]:
        """The plugins that are asked there, in order, those that have nothing to say there included."""
        return self.points.get(point, self.plugins)


PluginFactory: TypeAlias = Callable[[Handle], PluginSet | Iterable[Plugin]]
"""Makes the plugins of a profile."""

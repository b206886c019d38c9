"""Which cluster events each plugin waits for."""

from collections.abc import Iterable, Mapping
from typing import cast

from kubeactors.scheduler.cluster_event import ANYTHING, EnqueueExtensions, Hint
from kubeactors.scheduler.extension_points import provides
from kubeactors.scheduler.framework import PermitPlugin, Plugin, PreEnqueuePlugin, PreFilterPlugin, ReservePlugin
from kubeactors.scheduler.plain import is_plain_filter

_REJECTING = (PreEnqueuePlugin, PreFilterPlugin, ReservePlugin, PermitPlugin)


def hints_of(plugin: Plugin) -> tuple[Hint, ...]:
    """The hints of a plugin. One that may reject pods and declares none waits for any event."""
    if hasattr(plugin, "hints"):
        return cast("EnqueueExtensions", plugin).hints()
    return ANYTHING if any(provides(plugin, one) for one in _REJECTING) or is_plain_filter(plugin) else ()


def merged(hints: Iterable[Mapping[str, tuple[Hint, ...]]]) -> dict[str, tuple[Hint, ...]]:
    """The hints of several profiles, by plugin."""
    found: dict[str, tuple[Hint, ...]] = {}
    for one in hints:
        for plugin, several in one.items():
            found[plugin] = (*found.get(plugin, ()), *several)
    return found

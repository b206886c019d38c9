"""Which extension points a plugin has.

This is checked for every plugin and extension point when a scheduler starts. `isinstance` with a runtime-checkable
Protocol would determine the protocol's members anew each time; here they are cached.
"""

from collections.abc import Callable, Hashable
from functools import cache
from typing import TypeGuard, TypeVar

from kubeactors.scheduler.framework import Plugin

P = TypeVar("P")


def provides(plugin: Plugin, point: Callable[..., P]) -> TypeGuard[P]:
    """Whether the plugin has all members of the extension point, a Protocol.

    (A Protocol is no `type[P]`, since nothing can be just that.)

    >>> from kubeactors.scheduler.framework import FilterPlugin, QueueSortPlugin
    >>> from kubeactors.scheduler.plugins.priority_sort import PrioritySort
    >>> provides(PrioritySort(), QueueSortPlugin), provides(PrioritySort(), FilterPlugin)
    (True, False)
    """
    return all(getattr(plugin, name, None) is not None for name in _members(point))


@cache
def _members(point: Hashable) -> tuple[str, ...]:
    return tuple(name for name in dir(point) if not name.startswith("_"))

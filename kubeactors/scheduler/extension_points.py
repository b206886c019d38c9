"""Which extension points a plugin has.

It is asked of every plugin and every point when a scheduler starts. A look at a class that is a runtime-checkable
Protocol finds out anew, each time, what its members are; here that is known.
"""

from collections.abc import Callable, Hashable
from functools import cache
from typing import TypeGuard, TypeVar

from kubeactors.scheduler.framework import Plugin

P = TypeVar("P")


def provides(plugin: Plugin, point: Callable[..., P]) -> TypeGuard[P]:
    """Whether the plugin has all that the extension point, a Protocol of methods and properties, asks for.

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

"""Plugins of users: called for every pod and node, so that they may depend on anything.

The results of built-in plugins are cached by the shape of pods. That requires declarations of what a result depends on,
which a small class of a user should not have to make.
"""

from collections.abc import Sequence

import numpy as np

from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.extension_points import provides
from kubeactors.scheduler.framework import (
    NormalizingPlugin,
    PlainFilterPlugin,
    PlainScorePlugin,
    Plugin,
    PreScorePlugin,
)
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Mask, Scores, Status

_DEFAULT_WEIGHT = 1


def is_plain_filter(plugin: Plugin) -> bool:
    """Whether the plugin filters without declaring what its results depend on."""
    return provides(plugin, PlainFilterPlugin) and not hasattr(plugin, "skips")


def is_plain_score(plugin: Plugin) -> bool:
    """Whether the plugin scores without declaring what its results depend on."""
    return provides(plugin, PlainScorePlugin) and not hasattr(plugin, "skips")


def weight_of(plugin: Plugin) -> int:
    """The weight of a plugin's scores if the profile does not set it."""
    weight = getattr(plugin, "weight", _DEFAULT_WEIGHT)
    return weight if isinstance(weight, int) else _DEFAULT_WEIGHT


class PlainFilterView:
    """The results of a Filter plugin for one pod and all nodes."""

    def __init__(self, plugin: PlainFilterPlugin, pod: PodInfo, cache: Cache) -> None:
        self._plugin = plugin
        self._pod = pod
        self._cache = cache
        self._refusals: dict[Status, Mask] = {}

    def refresh(self) -> None:
        """Filter every node."""
        self._refusals = {}
        for info in self._cache:
            status = self._plugin.filter(self._pod, info.for_pod(self._pod))
            if status is not None:
                self._mask(status.signed(self._plugin.name))[info.row] = True

    def refusals(self) -> Sequence[tuple[Status, Mask]]:
        """The rejected nodes, by status."""
        return tuple(self._refusals.items())

    def scores(self, feasible: Mask) -> Scores | None:
        """None: the view only filters."""
        del feasible
        return None

    def _mask(self, status: Status) -> Mask:
        found = self._refusals.get(status)
        if found is None:
            found = self._refusals[status] = np.zeros(self._cache.table.capacity, np.bool_)
        return found


class PlainScoreView:
    """The results of a Score plugin for one pod and the feasible nodes."""

    def __init__(self, plugin: PlainScorePlugin, pod: PodInfo, cache: Cache) -> None:
        self._plugin = plugin
        self._pod = pod
        self._cache = cache

    def refresh(self) -> None:
        """Nothing to refresh: scores are computed on each call."""

    def refusals(self) -> Sequence[tuple[Status, Mask]]:
        """None: the view only scores."""
        return ()

    def scores(self, feasible: Mask) -> Scores | None:
        """0 to 100, where `feasible`."""
        nodes = self._nodes(feasible)
        if not nodes or self._skips(nodes):
            return None
        raw = np.array([self._plugin.score(self._pod, one) for one in nodes], np.int64)
        found = np.zeros(len(feasible), np.int64)
        rows = np.array([one.row for one in nodes], np.intp)
        found[rows] = self._plugin.normalize(raw) if provides(self._plugin, NormalizingPlugin) else raw
        return found

    def _nodes(self, feasible: Mask) -> list[NodeInfo]:
        rows = (self._cache.rows[int(row)] for row in np.flatnonzero(feasible))
        return [one for one in rows if one is not None]

    def _skips(self, nodes: Sequence[NodeInfo]) -> bool:
        if not provides(self._plugin, PreScorePlugin):
            return False
        status = self._plugin.pre_score(self._pod, nodes)
        return status is not None and status.code == Code.SKIP

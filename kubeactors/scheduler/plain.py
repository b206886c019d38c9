"""Plugins of users: asked about every pod and every node, so that they may look at anything.

What the built-in plugins say is kept by the shape of pods. That needs promises about what an answer depends on, which
a small class of a user's own should not have to make.
"""

from collections.abc import Sequence

import numpy as np

from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.extension_points import provides
from kubeactors.scheduler.framework import (
    Code,
    Mask,
    NormalizingPlugin,
    PlainFilterPlugin,
    PlainScorePlugin,
    Plugin,
    PreScorePlugin,
    Scores,
    Status,
)
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo

_DEFAULT_WEIGHT = 1


def filters_plainly(plugin: Plugin) -> bool:
    """Whether the plugin filters and promises nothing about what its answers depend on."""
    return provides(plugin, PlainFilterPlugin) and not hasattr(plugin, "skips")


def scores_plainly(plugin: Plugin) -> bool:
    """The same of scores."""
    return provides(plugin, PlainScorePlugin) and not hasattr(plugin, "skips")


def weight_of(plugin: Plugin) -> int:
    """How much a plugin's scores count if the profile does not say."""
    weight = getattr(plugin, "weight", _DEFAULT_WEIGHT)
    return weight if isinstance(weight, int) else _DEFAULT_WEIGHT


class PlainFilterView:
    """What one filter says of all nodes, for one pod."""

    def __init__(self, plugin: PlainFilterPlugin, pod: PodInfo, cache: Cache) -> None:
        self._plugin = plugin
        self._pod = pod
        self._cache = cache
        self._refusals: dict[Status, Mask] = {}

    def refresh(self) -> None:
        """Ask about every node."""
        self._refusals = {}
        for info in self._cache:
            status = self._plugin.filter(self._pod, info.for_pod(self._pod))
            if status is not None:
                self._mask(status.signed(self._plugin.name))[info.row] = True

    def refusals(self) -> Sequence[tuple[Status, Mask]]:
        """By what is said."""
        return tuple(self._refusals.items())

    def scores(self, feasible: Mask) -> Scores | None:
        """None: it only filters."""
        del feasible
        return None

    def _mask(self, status: Status) -> Mask:
        found = self._refusals.get(status)
        if found is None:
            found = self._refusals[status] = np.zeros(self._cache.table.capacity, np.bool_)
        return found


class PlainScoreView:
    """What one score plugin says of the feasible nodes, for one pod."""

    def __init__(self, plugin: PlainScorePlugin, pod: PodInfo, cache: Cache) -> None:
        self._plugin = plugin
        self._pod = pod
        self._cache = cache

    def refresh(self) -> None:
        """It is asked afresh each time."""

    def refusals(self) -> Sequence[tuple[Status, Mask]]:
        """None: it only scores."""
        return ()

    def scores(self, feasible: Mask) -> Scores | None:
        """0 to 100, where the pod can be."""
        nodes = self._nodes(feasible)
        if not nodes or self._leaves_out(nodes):
            return None
        raw = np.array([self._plugin.score(self._pod, one) for one in nodes], np.int64)
        found = np.zeros(len(feasible), np.int64)
        rows = np.array([one.row for one in nodes], np.intp)
        found[rows] = self._plugin.normalize(raw) if provides(self._plugin, NormalizingPlugin) else raw
        return found

    def _nodes(self, feasible: Mask) -> list[NodeInfo]:
        rows = (self._cache.rows[int(row)] for row in np.flatnonzero(feasible))
        return [one for one in rows if one is not None]

    def _leaves_out(self, nodes: Sequence[NodeInfo]) -> bool:
        if not provides(self._plugin, PreScorePlugin):
            return False
        status = self._plugin.pre_score(self._pod, nodes)
        return status is not None and status.code == Code.SKIP

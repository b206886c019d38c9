"""A profile: which plugins run, in which order; and what they say together.

Source: pkg/scheduler/framework/runtime/framework.go, pkg/scheduler/apis/config/v1/default_plugins.go (v1.36).
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from random import Random
from typing import TypeVar, cast

import msgspec
import numpy as np

from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.cluster_event import EnqueueExtensions, Hint
from kubeactors.scheduler.framework import (
    BindPlugin,
    Code,
    Diagnosis,
    FilterPlugin,
    Plugin,
    PostFilterPlugin,
    PreEnqueuePlugin,
    PreFilterPlugin,
    ReservePlugin,
    StaticScorePlugin,
    Status,
    VectorScorePlugin,
)
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo, Signature, StaticSignature
from kubeactors.scheduler.verdicts import StaticVerdicts, Verdicts, diagnosis, first_refusal

_SIGNATURES = 128
"""Shapes of pods whose verdicts are kept; the one that was not asked for longest goes first."""

P = TypeVar("P")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Profile:
    """Plugins in order, and the verdicts that were worked out with them."""

    def __init__(self, plugins: Iterable[Plugin], cache: Cache) -> None:
        everything = tuple(plugins)
        self._cache = cache
        self._pre_enqueue = [one for one in everything if isinstance(one, PreEnqueuePlugin)]
        self._pre_filters = [one for one in everything if isinstance(one, PreFilterPlugin)]
        self._filters = [one for one in everything if isinstance(one, FilterPlugin)]
        self._static_scores = [one for one in everything if isinstance(one, StaticScorePlugin)]
        self._scores = [one for one in everything if isinstance(one, VectorScorePlugin)]
        self._post_filters = [one for one in everything if isinstance(one, PostFilterPlugin)]
        self._binders = [one for one in everything if isinstance(one, BindPlugin)]
        self._reserves = [one for one in everything if isinstance(one, ReservePlugin)]
        self.hints: dict[str, tuple[Hint, ...]] = {
            one.name: cast("EnqueueExtensions", one).hints() for one in everything if hasattr(one, "hints")
        }
        self._static: OrderedDict[StaticSignature, StaticVerdicts] = OrderedDict()
        self._verdicts: OrderedDict[Signature, Verdicts] = OrderedDict()

    def gate(self, pod: PodInfo) -> Status | None:
        """What keeps the pod out of the queue."""
        return next((status for one in self._pre_enqueue if (status := one.pre_enqueue(pod)) is not None), None)

    def select(self, pod: PodInfo, random: Random) -> NodeInfo | Diagnosis:
        """The node for the pod, or why there is none."""
        if not self._cache.node_count:
            return Diagnosis(nodes=0, statuses={}, plugins=tuple(sorted(one.name for one in self._filters)))
        names: tuple[str, ...] | None = None
        narrowing: list[str] = []
        for plugin in self._pre_filters:
            result = plugin.pre_filter(pod)
            if isinstance(result, Status):
                return self._refused_by_all(result)
            if result is not None:
                narrowing.append(plugin.name)
                names = result if names is None else tuple(one for one in names if one in result)
        if names is not None:
            return self._select_among(pod, names, narrowing, random)
        verdicts = self._verdicts_of(pod)
        return verdicts.best(random) or verdicts.diagnose()

    def explain(self, pod: PodInfo, found: Diagnosis) -> str:
        """What the post-filter plugins add to the message."""
        return ", ".join(one.post_filter(pod, found) for one in self._post_filters)

    def reserve(self, pod: PodInfo, node_name: str) -> Status | None:
        """Tell the plugins that keep books; the first refusal undoes all."""
        for one in self._reserves:
            status = one.reserve(pod, node_name)
            if status is not None:
                self.unreserve(pod, node_name)
                return status
        return None

    def unreserve(self, pod: PodInfo, node_name: str) -> None:
        """Undo, last first."""
        for one in reversed(self._reserves):
            one.unreserve(pod, node_name)

    async def bind(self, pod: PodInfo, node_name: str) -> None:
        """Bind with the first plugin that binds.

        Raises:
            StatusError: the pod is not bound, as far as is known.
        """
        await self._binders[0].bind(pod, node_name)

    def _refused_by_all(self, status: Status) -> Diagnosis:
        """A refusal before any node was asked holds for all of them."""
        statuses = {info.name: status for info in self._cache}
        found = diagnosis(statuses, self._cache.node_count)
        return msgspec.structs.replace(found, pre_filter_message=status.message)

    def _select_among(
        self, pod: PodInfo, names: tuple[str, ...], narrowing: list[str], random: Random
    ) -> NodeInfo | Diagnosis:
        """The few nodes that a pre-filter left, one by one."""
        statuses: dict[str, Status] = {}
        feasible: list[NodeInfo] = []
        filters = [one for one in self._filters if not one.skips(pod)]
        for name in names:
            info = self._cache.get(name)
            if info is None:
                continue
            status = first_refusal(filters, pod, info)
            if status is None:
                feasible.append(info)
            else:
                statuses[name] = status
        if feasible:
            return self._best_of(pod, feasible, random)
        reason = f"node(s) didn't satisfy plugin(s) [{' '.join(sorted(narrowing))}]"
        absent = Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (reason,), "")
        found = diagnosis(statuses, self._cache.node_count, absent)
        return msgspec.structs.replace(found, plugins=tuple(sorted({*found.plugins, *narrowing})))

    def _best_of(self, pod: PodInfo, infos: list[NodeInfo], random: Random) -> NodeInfo:
        if len(infos) == 1:
            return infos[0]
        total = np.array(
            [sum(one.weight * one.score(pod, info) for one in self._scores if not one.skips(pod)) for info in infos]
        )
        for plugin in self._static_scores:
            if not plugin.skips(pod):
                total += plugin.weight * plugin.normalize(np.array([plugin.score(pod, info) for info in infos]))
        ties = np.flatnonzero(total == total.max())
        return infos[int(ties[random.randrange(len(ties))])]

    def _verdicts_of(self, pod: PodInfo) -> Verdicts:
        signature = pod.signature
        verdicts = self._verdicts.get(signature)
        if verdicts is not None:
            self._verdicts.move_to_end(signature)
            verdicts.refresh()
            return verdicts
        static = self._static_of(pod)
        verdicts = Verdicts(pod, static, (one for one in self._filters if not one.static), self._scores, self._cache)
        _keep(self._verdicts, signature, verdicts)
        return verdicts

    def _static_of(self, pod: PodInfo) -> StaticVerdicts:
        signature = pod.signature[0]
        static = self._static.get(signature)
        if static is not None:
            self._static.move_to_end(signature)
            static.refresh()
            return static
        filters = (one for one in self._filters if one.static)
        static = StaticVerdicts(pod, filters, self._static_scores, self._cache)
        _keep(self._static, signature, static)
        return static


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    if len(kept) > _SIGNATURES:
        kept.popitem(last=False)

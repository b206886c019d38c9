"""A profile: runs its plugins, from PreEnqueue to PostFilter, and combines their results.

Source: pkg/scheduler/framework/runtime/framework.go, pkg/scheduler/apis/config/v1/default_plugins.go (v1.36).
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from copy import copy
from functools import partial
from random import Random
from typing import Protocol, TypeVar, cast

import msgspec
import numpy as np

from kubeactors.scheduler.binding import Binding, binding_of
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.cluster_event import Hint, Subject
from kubeactors.scheduler.extension_points import provides
from kubeactors.scheduler.framework import (
    FilterPlugin,
    NamespaceListener,
    ObjectListener,
    PlainFilterPlugin,
    PlainScorePlugin,
    Plugin,
    PostFilterPlugin,
    PreEnqueuePlugin,
    PreFilterPlugin,
    QueueSortPlugin,
    ScorePlugin,
    StaticScorePlugin,
    VectorScorePlugin,
    ViewPlugin,
)
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.nominations import nominations_view, refusal_beside_nominated, refusal_of
from kubeactors.scheduler.plain import PlainFilterView, PlainScoreView, is_plain_filter, is_plain_score, weight_of
from kubeactors.scheduler.plugin_set import PluginSet
from kubeactors.scheduler.plugins.priority_sort import PrioritySort
from kubeactors.scheduler.pod_info import PodInfo, Signature, StaticSignature, anonymous
from kubeactors.scheduler.queue import SortKey
from kubeactors.scheduler.queueing_hints import hints_of
from kubeactors.scheduler.results import Code, Diagnosis, Mask, PostFilterResult, Scores, Status
from kubeactors.scheduler.verdicts import ScoresOnly, StaticVerdicts, Verdicts, WeightedView, diagnosis, first_refusal

NOT_ASKED = "not found"
"""The PostFilter message after a PreFilter rejection: in the original the first PostFilter plugin, DynamicResources,
fails since its cycle state was not written yet, and that ends PostFilter."""
_LAST_PRE_FILTER = "DynamicResources"
"""It has written its cycle state when it rejects a pod itself."""
_SIGNATURES = 128
"""How many signatures' verdicts are kept; the least recently used are evicted."""

P = TypeVar("P")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
W = TypeVar("W", bound=ScorePlugin)


class _Weighted(Protocol):
    """A copy of a plugin, whose weight is set."""

    weight: int


class _PreFiltered(msgspec.Struct, frozen=True):
    """The nodes that PreFilter plugins left (None: all), and these plugins."""

    names: tuple[str, ...] | None
    plugins: tuple[str, ...]


_EVERYWHERE = _PreFiltered(None, ())


class Profile:
    """Plugins in order, and their cached verdicts."""

    def __init__(self, plugins: PluginSet | Iterable[Plugin], cache: Cache) -> None:
        chosen = plugins if isinstance(plugins, PluginSet) else PluginSet(plugins=tuple(plugins))
        self.plugins: tuple[Plugin, ...] = chosen.plugins
        everything = self.plugins
        filtering, scoring = chosen.at("filter"), chosen.at("score")
        self._listening = [one for one in everything if provides(one, ObjectListener)]
        self._cache = cache
        self._weights = chosen.weights
        self._pre_enqueue = [one for one in chosen.at("preEnqueue") if provides(one, PreEnqueuePlugin)]
        self._pre_filters = [one for one in chosen.at("preFilter") if provides(one, PreFilterPlugin)]
        plain = [one for one in filtering if is_plain_filter(one)]
        self._filters = [one for one in filtering if provides(one, FilterPlugin) and one not in plain]
        self._plain_filters = cast("list[PlainFilterPlugin]", plain)
        plain = [one for one in scoring if is_plain_score(one)]
        self._plain_scores = cast("list[PlainScorePlugin]", plain)
        self._static_scores = [self._weighted(one) for one in scoring if provides(one, StaticScorePlugin)]
        self._scores = [self._weighted(one) for one in scoring if provides(one, VectorScorePlugin)]
        self._viewing = [one for one in everything if provides(one, ViewPlugin)]
        self._blind = [one.name for one in everything if one not in filtering]
        self._unscored = [one.name for one in everything if one not in scoring]
        self._post_filters = [one for one in chosen.at("postFilter") if provides(one, PostFilterPlugin)]
        self.queue_sort: QueueSortPlugin | None = next(
            (one for one in chosen.at("queueSort") if provides(one, QueueSortPlugin)), None
        )
        self.binding: Binding = binding_of(chosen)
        self.hints: dict[str, tuple[Hint, ...]] = {one.name: hints_of(one) for one in everything}
        self._static: OrderedDict[StaticSignature, StaticVerdicts] = OrderedDict()
        self._verdicts: OrderedDict[Signature, Verdicts] = OrderedDict()

    def gate(self, pod: PodInfo) -> Status | None:
        """The status of the first PreEnqueue plugin that gates the pod; None if none does."""
        for one in self._pre_enqueue:
            status = one.pre_enqueue(pod)
            if status is not None:
                return status.signed(one.name)
        return None

    def select(self, pod: PodInfo, random: Random) -> NodeInfo | Diagnosis:
        """The best node for the pod, or why there is none."""
        pre_filtered = self._run_pre_filters(pod)
        if isinstance(pre_filtered, Diagnosis):
            return pre_filtered
        views = self.views(pod)
        if pre_filtered.names is not None:
            infos = self._among(pod, pre_filtered, views)
            return infos if isinstance(infos, Diagnosis) else self._best_of(pod, infos, random, views)
        reserved = self._nominated_node(pod)
        if reserved is not None:
            return reserved
        verdicts = self.verdicts(pod)
        return verdicts.best(random, views) or verdicts.diagnose(views)

    def feasible(self, pod: PodInfo) -> Mapping[NodeInfo, int] | Diagnosis:
        """All feasible nodes with their scores, or why there is none."""
        pre_filtered = self._run_pre_filters(pod)
        if isinstance(pre_filtered, Diagnosis):
            return pre_filtered
        views = self.views(pod)
        if pre_filtered.names is not None:
            infos = self._among(pod, pre_filtered, views)
            if isinstance(infos, Diagnosis):
                return infos
            return dict(zip(infos, self._totals_of(pod, infos, views).tolist(), strict=True))
        reserved = self._nominated_node(pod)
        if reserved is not None:
            return {reserved: 0}
        verdicts = self.verdicts(pod)
        totals = verdicts.totals(views)
        found = {info: int(totals[info.row]) for info in self._cache if totals[info.row] >= 0}
        return found or verdicts.diagnose(views)

    def post_filter(self, pod: PodInfo, found: Diagnosis) -> PostFilterResult:
        """Run the PostFilter plugins until one nominates a node.

        An earlier nomination of the pod is kept unless one of them clears it.
        Source: `RunPostFilterPlugins` in pkg/scheduler/framework/runtime/framework.go (v1.36).
        """
        if found.pre_filter_message and found.plugins != (_LAST_PRE_FILTER,):
            return PostFilterResult(message=NOT_ASKED, nominated_node="")
        results: list[PostFilterResult] = []
        for one in self._post_filters:
            result = one.post_filter(pod, found, self)
            if result.nominated_node:
                return result
            results.append(result)
        return PostFilterResult(
            message=", ".join(one.message for one in results if one.message),
            nominated_node="" if any(one.nominated_node is not None for one in results) else None,
            released=tuple(claim for one in results for claim in one.released),
        )

    def refusal(self, pod: PodInfo, info: NodeInfo) -> Status | None:
        """The status of the first filter that rejects this node, which may be a modified copy; None if it fits."""
        filters: list[PlainFilterPlugin] = [one for one in self._filters if not one.skips(pod)]
        filters += self._plain_filters
        status = first_refusal(filters, pod, info)
        if status is None and info.nominated:
            status = first_refusal(filters, pod, info.for_pod(pod))
        looks = partial(self._kept_views, pod)
        return status or refusal_of(looks(), info.row) or refusal_beside_nominated(pod, info, self._cache, looks)

    def all_refusals(self, pod: PodInfo, info: NodeInfo) -> dict[str, str]:
        """The messages of all plugins that reject the node, by plugin."""
        found: dict[str, str] = {}
        for plugin in self._pre_filters:
            result = plugin.pre_filter(pod)
            if isinstance(result, Status):
                found[plugin.name] = result.message
        there = info.for_pod(pod)
        for one in self._filters:
            status = None if one.skips(pod) else one.filter(pod, there)
            if status is not None:
                found[one.name] = status.message
        for _, view in self.views(pod):
            for status, refused in view.refusals():
                if refused[info.row] and status.plugin not in found:
                    found[status.plugin] = status.message
        return found

    def shares(self, pod: PodInfo, feasible: Mask) -> dict[str, Scores]:
        """The weighted scores of each plugin, by row."""
        found: dict[str, Scores] = {}
        for plugin in self._static_scores:
            if not plugin.skips(pod):
                raw = self._by_row(partial(plugin.score, pod))
                found[plugin.name] = plugin.weight * plugin.normalize(np.where(feasible, raw, 0))
        for scorer in self._scores:
            if not scorer.skips(pod):
                found[scorer.name] = scorer.weight * self._by_row(partial(scorer.score, pod))
        for one in self._viewing:
            view = one.view(pod)
            if view is not None:
                view.refresh()
                scores = view.scores(feasible)
                if scores is not None and one.name not in self._unscored:
                    found[one.name] = self._weights.get(one.name, one.weight) * scores
        for plain in self._plain_scores:
            scores = PlainScoreView(plain, pod, self._cache).scores(feasible)
            if scores is not None:
                found[plain.name] = self._weights.get(plain.name, weight_of(plain)) * scores
        return found

    def _by_row(self, score: Callable[[NodeInfo], int]) -> Scores:
        found = np.zeros(self._cache.table.capacity, np.int64)
        for info in self._cache:
            found[info.row] = score(info)
        return found

    def has_views(self, pod: PodInfo) -> bool:
        """Whether the result for a node depends on other nodes, or cannot be shared with other pods."""
        return bool(self._plain_filters) or any(view.refusals() for _, view in self.views(pod))

    def object_changed(self, old: Subject, new: Subject) -> None:
        """Notify plugins of a change of an object other than a node or pod."""
        for one in self._listening:
            one.object_changed(old, new)

    def namespaces_changed(self) -> None:
        """Notify plugins that labels of namespaces have changed."""
        for one in self.plugins:
            if provides(one, NamespaceListener):
                one.namespaces_changed()

    def views(self, pod: PodInfo) -> list[WeightedView]:
        """The refreshed views of plugins that compare nodes, of users' plugins, and of nominated pods."""
        looks = partial(self._kept_views, pod)
        beside = nominations_view(pod, self._cache, looks)
        found = looks()
        if beside is not None:
            found.append((0, beside))
        for one in self._plain_filters:
            view = PlainFilterView(one, pod, self._cache)
            view.refresh()
            found.append((0, view))
        for scorer in self._plain_scores:
            weight = self._weights.get(scorer.name, weight_of(scorer))
            found.append((weight, PlainScoreView(scorer, pod, self._cache)))
        return found

    def _kept_views(self, pod: PodInfo) -> list[WeightedView]:
        """The refreshed views of plugins that compare nodes, for pods of this shape."""
        found: list[WeightedView] = []
        for one in self._viewing:
            view = one.view(pod)
            if view is not None:
                view.refresh()
                weight = 0 if one.name in self._unscored else self._weights.get(one.name, one.weight)
                found.append((weight, ScoresOnly(view) if one.name in self._blind else view))
        return found

    def _weighted(self, plugin: W) -> W:
        """The plugin with the weight that the profile sets."""
        weight = self._weights.get(plugin.name)
        if weight is None:
            return plugin
        other = copy(plugin)
        cast("_Weighted", other).weight = weight
        return other

    def verdicts(self, pod: PodInfo) -> Verdicts:
        """The refreshed verdicts of plugins that evaluate nodes one by one, for pods of this signature."""
        signature = pod.signature
        verdicts = self._verdicts.get(signature)
        if verdicts is not None:
            self._verdicts.move_to_end(signature)
            verdicts.refresh()
            return verdicts
        static = self._static_of(pod)
        verdicts = Verdicts(
            anonymous(pod), static, (one for one in self._filters if not one.static), self._scores, self._cache
        )
        _keep(self._verdicts, signature, verdicts)
        return verdicts

    def _nominated_node(self, pod: PodInfo) -> NodeInfo | None:
        """The pod's nominated node, if the pod fits there now."""
        name = self._cache.nomination(pod.uid)
        info = self._cache.get(name) if name else None
        return info if info is not None and self.refusal(pod, info) is None else None

    def _run_pre_filters(self, pod: PodInfo) -> "_PreFiltered | Diagnosis":
        """Run the PreFilter plugins."""
        nodes = self._cache.node_count
        if not nodes:
            return Diagnosis(nodes=0, counts={}, plugins=tuple(sorted(one.name for one in self._filters)))
        names: tuple[str, ...] | None = None
        plugins: list[str] = []
        for plugin in self._pre_filters:
            result = plugin.pre_filter(pod)
            if result is None:
                continue
            if isinstance(result, Status):
                status = result.signed(plugin.name)
                found = diagnosis({status: nodes}, nodes)
                return msgspec.structs.replace(found, pre_filter_message=status.message)
            plugins.append(plugin.name)
            names = result if names is None else tuple(one for one in names if one in result)
        return _EVERYWHERE if names is None else _PreFiltered(names, tuple(plugins))

    def _among(
        self, pod: PodInfo, pre_filtered: "_PreFiltered", views: list[WeightedView]
    ) -> list[NodeInfo] | Diagnosis:
        """The feasible ones of the nodes that PreFilter plugins left, evaluated one by one; or why there is none."""
        counts: dict[Status, int] = {}
        feasible: list[NodeInfo] = []
        preemptable = np.zeros(self._cache.table.capacity, np.bool_)
        infos = [info for name in pre_filtered.names or () if (info := self._cache.get(name)) is not None]
        filters = [one for one in self._filters if not one.skips(pod)]
        for info in infos:
            status = first_refusal(filters, pod, info.for_pod(pod)) or refusal_of(views, info.row)
            if status is None:
                feasible.append(info)
            else:
                counts[status] = counts.get(status, 0) + 1
                preemptable[info.row] = status.code == Code.UNSCHEDULABLE
        if feasible:
            return feasible
        rest = self._cache.node_count - len(infos)
        if rest:
            reason = f"node(s) didn't satisfy plugin(s) [{' '.join(sorted(pre_filtered.plugins))}]"
            counts[Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (reason,), "")] = rest
        found = diagnosis(counts, self._cache.node_count, preemptable)
        return msgspec.structs.replace(found, plugins=tuple(sorted({*found.plugins, *pre_filtered.plugins})))

    def _best_of(self, pod: PodInfo, infos: list[NodeInfo], random: Random, views: list[WeightedView]) -> NodeInfo:
        if len(infos) == 1:
            return infos[0]
        total = self._totals_of(pod, infos, views)
        ties = np.flatnonzero(total == total.max())
        return infos[int(ties[random.randrange(len(ties))])]

    def _totals_of(self, pod: PodInfo, infos: list[NodeInfo], views: list[WeightedView]) -> Scores:
        total = np.array(
            [sum(one.weight * one.score(pod, info) for one in self._scores if not one.skips(pod)) for info in infos],
            np.int64,
        )
        for plugin in self._static_scores:
            if not plugin.skips(pod):
                total += plugin.weight * plugin.normalize(np.array([plugin.score(pod, info) for info in infos]))
        rows = np.array([info.row for info in infos], np.intp)
        feasible = np.zeros(self._cache.table.capacity, np.bool_)
        feasible[rows] = True
        for weight, view in views:
            scores = view.scores(feasible) if weight else None
            if scores is not None:
                total += weight * scores[rows]
        return total

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


def sort_key_of(profiles: Iterable[Profile]) -> SortKey:
    """The sort key of the queue, which all profiles share."""
    for profile in profiles:
        if profile.queue_sort is not None:
            return profile.queue_sort.sort_key
    return PrioritySort().sort_key


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    if len(kept) > _SIGNATURES:
        kept.popitem(last=False)

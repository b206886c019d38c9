"""The scoring strategies of NodeResourcesFit.

Source: pkg/scheduler/framework/plugins/noderesources/{least_allocated,most_allocated,requested_to_capacity_ratio}.go (v1.36).
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import TypeAlias

import msgspec
import numpy as np

from kubeactors.api.core.v1.demand import CPU, MEMORY, Demand
from kubeactors.scheduler.framework import MAX_NODE_SCORE
from kubeactors.scheduler.node_table import NodeTable
from kubeactors.scheduler.results import Rows, Scores

MAX_SHAPE_SCORE = 10
STRATEGIES = ("LeastAllocated", "MostAllocated", "RequestedToCapacityRatio")


class ResourceWeight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The weight of a resource."""

    name: str
    weight: int = 1


class ShapePoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The score, from 0 to 10, at this utilization in percent."""

    utilization: int
    score: int


class RatioParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The shape of RequestedToCapacityRatio, linear between points."""

    shape: tuple[ShapePoint, ...]


class ScoringStrategy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The type of the strategy, and its resources."""

    type: str = "LeastAllocated"
    resources: tuple[ResourceWeight, ...] = (ResourceWeight(CPU), ResourceWeight(MEMORY))
    requested_to_capacity_ratio: RatioParameters | None = None


Score: TypeAlias = Callable[[Scores, Scores], Scores]
"""(requested, capacity) -> the scores for one resource, where the capacity is not 0."""


def least(requested: Scores, capacity: Scores) -> Scores:
    """The free fraction.

    >>> least(np.array([1, 5]), np.array([4, 4])).tolist()
    [75, 0]
    """
    scores: Scores = np.where(requested > capacity, 0, (capacity - requested) * MAX_NODE_SCORE // capacity)
    return scores


def most(requested: Scores, capacity: Scores) -> Scores:
    """The used fraction.

    >>> most(np.array([1, 5]), np.array([4, 4])).tolist()
    [25, 100]
    """
    scores: Scores = np.minimum(requested, capacity) * MAX_NODE_SCORE // capacity
    return scores


def ratio(shape: tuple[ShapePoint, ...], requested: Scores, capacity: Scores) -> Scores:
    """The score of the shape at the used fraction.

    >>> bins = (ShapePoint(0, 0), ShapePoint(100, 10))
    >>> ratio(bins, np.array([1, 5]), np.array([4, 4])).tolist()
    [25, 100]
    >>> falling = (ShapePoint(0, 10), ShapePoint(100, 0))
    >>> ratio(falling, np.array([1, 5]), np.array([3, 4])).tolist()
    [67, 0]
    """
    used = np.where(requested > capacity, MAX_NODE_SCORE, requested * MAX_NODE_SCORE // capacity)
    points = [(one.utilization, one.score * MAX_NODE_SCORE // MAX_SHAPE_SCORE) for one in shape]
    scores = np.full(len(used), points[-1][1], np.int64)
    for (start, low), (end, high) in reversed(tuple(pairwise(points))):
        rise = (high - low) * (used - start)
        # Go's integer division truncates towards zero, also on falling lines.
        scores = np.where(used < end, low + np.sign(rise) * (np.abs(rise) // (end - start)), scores)
    return np.where(used <= points[0][0], points[0][1], scores)


def scorer_of(strategy: ScoringStrategy) -> Score:
    """The scoring function of a strategy, which must be valid."""
    match strategy.type:
        case "MostAllocated":
            return most
        case "RequestedToCapacityRatio":
            assert strategy.requested_to_capacity_ratio is not None  # the configuration was validated
            return partial(ratio, strategy.requested_to_capacity_ratio.shape)
        case _:
            return least


def scores_of(strategy: ScoringStrategy, score: Score, wanted: Demand, table: NodeTable, rows: Rows) -> Scores:
    """The weighted mean over the resources that a node has; extended ones count only for pods that request them."""
    asked = dict(wanted.others)
    total, weights = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    for one in strategy.resources:
        line = table.line(one.name)
        if line is None or ("/" in one.name and not asked.get(one.name)):
            continue
        capacity = table.allocatable[line, rows]
        requested = _requested(one.name, wanted, table, rows, line) + asked.get(one.name, 0)
        shares = score(requested, np.maximum(capacity, 1))
        counts = capacity > 0
        if strategy.type == "RequestedToCapacityRatio":
            counts &= shares > 0
        total += np.where(counts, shares * one.weight, 0)
        weights += np.where(counts, one.weight, 0)
    if strategy.type == "RequestedToCapacityRatio":
        return np.floor(total / np.maximum(weights, 1) + 0.5).astype(np.int64)
    mean: Scores = total // np.maximum(weights, 1)
    return mean


def _requested(name: str, wanted: Demand, table: NodeTable, rows: Rows, line: int) -> Scores:
    if name == CPU:
        scores: Scores = table.floor[0, rows] + wanted.floor_milli_cpu
    elif name == MEMORY:
        scores = table.floor[1, rows] + wanted.floor_memory
    else:
        scores = table.requested[line, rows]
    return scores

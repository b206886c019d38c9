"""Validates a KubeSchedulerConfiguration, with the messages of kube-scheduler.

Source: pkg/scheduler/apis/config/validation/{validation,validation_pluginargs}.go (v1.36).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

import msgspec

from kubeactors.api.core.v1 import TopologySpreadConstraint
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.time import parse_go_duration
from kubeactors.scheduler.configuration import (
    AffinityArguments,
    BalancedArguments,
    Configuration,
    CoschedulingArguments,
    FitArguments,
    PreemptionArguments,
    ProfileSpec,
    SpreadArguments,
    VolumeBindingArguments,
)
from kubeactors.scheduler.extender import ExtenderConfig
from kubeactors.scheduler.plugins.scoring_strategy import MAX_SHAPE_SCORE, STRATEGIES, ResourceWeight, ScoringStrategy

_HUNDRED = 100
_ACTIONS = ("DoNotSchedule", "ScheduleAnyway")


def validate(found: Configuration) -> Iterator[FieldError]:
    """The errors in everything but the arguments of plugins."""
    if found.leader_election.leader_elect and found.leader_election.resource_lock != "leases":
        yield invalid(
            "leaderElection.resourceLock", found.leader_election.resource_lock, 'resourceLock value must be "leases"'
        )
    if found.parallelism <= 0:
        yield invalid("parallelism", found.parallelism, "should be an integer value greater than zero")
    if not found.profiles:
        yield required("profiles")
    yield from _profiles(found.profiles)
    yield from _percentage("percentageOfNodesToScore", found.percentage_of_nodes_to_score)
    initial, longest = found.pod_initial_backoff_seconds, found.pod_max_backoff_seconds
    if initial <= 0:
        yield invalid("podInitialBackoffSeconds", initial, "must be greater than 0")
    if longest < initial:
        yield invalid("podMaxBackoffSeconds", longest, "must be greater than or equal to PodInitialBackoffSeconds")
    yield from _extenders(found.extenders)


def _profiles(profiles: Sequence[ProfileSpec]) -> Iterator[FieldError]:
    seen: dict[str, int] = {}
    for index, one in enumerate(profiles):
        path = f"profiles[{index}]"
        if not one.scheduler_name:
            yield required(f"{path}.schedulerName")
        yield from _percentage(f"{path}.percentageOfNodesToScore", one.percentage_of_nodes_to_score)
        configured: dict[str, None] = {}
        for number, plugin in enumerate(one.plugin_config):
            if plugin.name in configured:
                yield duplicate(f"{path}.pluginConfig[{number}]", plugin.name)
            configured[plugin.name] = None
        if one.scheduler_name in seen:
            yield duplicate(f"{path}.schedulerName", f"profiles[{seen[one.scheduler_name]}].schedulerName")
        seen[one.scheduler_name] = index
        if one.at("queueSort") != profiles[0].at("queueSort"):
            sorts = [ref.name for ref in one.at("queueSort").enabled]
            yield invalid(f"{path}.plugins.queueSort", sorts, "must be the same for all profiles")
    sorts = [ref.name for ref in profiles[0].at("queueSort").enabled] if profiles else []
    if len(sorts) > 1:
        path = "profiles[0].plugins.queueSort.Enabled"
        yield invalid(path, len(sorts), "only one queue sort plugin can be enabled")


def _percentage(path: str, value: int | None) -> Iterator[FieldError]:
    if value is not None and not 0 <= value <= _HUNDRED:
        yield invalid(path, value, "not in valid range [0-100]")


def _extenders(extenders: Sequence[ExtenderConfig]) -> Iterator[FieldError]:
    managed: dict[str, None] = {}
    for index, one in enumerate(extenders):
        path = f"extenders[{index}]"
        if one.prioritize_verb and one.weight <= 0:
            yield invalid(f"{path}.weight", one.weight, "must have a positive weight applied to it")
        try:
            parse_go_duration(one.http_timeout)
        except ValueError as error:
            yield invalid(f"{path}.httpTimeout", one.http_timeout, str(error))
        for number, resource in enumerate(one.managed_resources):
            where = f"{path}.managedResources[{number}].name"
            yield from _extended_resource(where, resource.name)
            if resource.name in managed:
                yield invalid(where, resource.name, "duplicate extender managed resource name")
            managed[resource.name] = None
    binders = sum(bool(one.bind_verb) for one in extenders)
    if binders > 1:
        what = f"found {binders} extenders implementing bind"
        yield invalid("extenders", what, "only one extender can implement bind")


def _extended_resource(path: str, name: str) -> Iterator[FieldError]:
    problems = list(names.qualified_name(name))
    for problem in problems:
        yield invalid(path, name, problem)
    if not problems and ("/" not in name or "kubernetes.io/" in name or name.startswith("requests.")):
        yield invalid(path, name, "is an invalid extended resource name")


# Arguments of plugins.


def validate_arguments(arguments: msgspec.Struct, path: str) -> Iterator[FieldError]:
    """The errors in the arguments of one plugin; `path` is that of its `args`."""
    rule = _RULES.get(type(arguments))
    return rule(arguments, path) if rule is not None else iter(())


def _preemption(found: PreemptionArguments, path: str) -> Iterator[FieldError]:
    percentage, absolute = found.min_candidate_nodes_percentage, found.min_candidate_nodes_absolute
    where = f"{path}.minCandidateNodesPercentage", f"{path}.minCandidateNodesAbsolute"
    if not 0 <= percentage <= _HUNDRED:
        yield invalid(where[0], percentage, "not in valid range [0, 100]")
    if absolute < 0:
        yield invalid(where[1], absolute, "not in valid range [0, inf)")
    if not percentage and not absolute:
        yield invalid(where[0], percentage, "cannot be zero at the same time as minCandidateNodesAbsolute")
        yield invalid(where[1], absolute, "cannot be zero at the same time as minCandidateNodesPercentage")


def _affinity(found: AffinityArguments, path: str) -> Iterator[FieldError]:
    if not 0 <= found.hard_pod_affinity_weight <= _HUNDRED:
        yield invalid(f"{path}.hardPodAffinityWeight", found.hard_pod_affinity_weight, "not in valid range [0, 100]")


def _spread(found: SpreadArguments, path: str) -> Iterator[FieldError]:
    where = f"{path}.defaultingType"
    if found.defaulting_type not in {"System", "List"}:
        yield not_supported(where, found.defaulting_type, ("System", "List"))
    if found.defaulting_type == "System" and found.default_constraints:
        yield invalid(where, found.defaulting_type, "when .defaultConstraints are not empty")
    seen: dict[tuple[str, str], None] = {}
    for index, one in enumerate(found.default_constraints):
        where = f"{path}.defaultConstraints[{index}]"
        yield from _constraint(one, where)
        key = (one.topology_key, one.when_unsatisfiable)
        if key in seen:
            yield duplicate(where, f"{{{key[0]}, {key[1]}}}")
        seen[key] = None


def _constraint(one: TopologySpreadConstraint, path: str) -> Iterator[FieldError]:
    if one.max_skew <= 0:
        yield invalid(f"{path}.maxSkew", one.max_skew, "not in valid range (0, inf)")
    if not one.topology_key:
        yield required(f"{path}.topologyKey", "can not be empty")
    else:
        yield from (invalid(f"{path}.topologyKey", one.topology_key, problem) for problem in _label(one.topology_key))
    if not one.when_unsatisfiable:
        yield required(f"{path}.whenUnsatisfiable", "can not be empty")
    elif one.when_unsatisfiable not in _ACTIONS:
        yield not_supported(f"{path}.whenUnsatisfiable", one.when_unsatisfiable, _ACTIONS)
    if one.label_selector is not None:
        detail = "constraint must not define a selector, as they deduced for each pod"
        yield forbidden(f"{path}.labelSelector", detail)


def _fit(found: FitArguments, path: str) -> Iterator[FieldError]:
    for index, name in enumerate(found.ignored_resources):
        yield from (invalid(f"{path}.ignoredResources[{index}]", name, problem) for problem in _label(name))
    for index, group in enumerate(found.ignored_resource_groups):
        where = f"{path}.ignoredResourceGroups[{index}]"
        if "/" in group:
            yield invalid(where, group, "resource group name can't contain '/'")
        yield from (invalid(where, group, problem) for problem in _label(group))
    yield from _strategy(found.scoring_strategy, f"{path}.scoringStrategy")


def _strategy(strategy: ScoringStrategy, path: str) -> Iterator[FieldError]:
    if strategy.type not in STRATEGIES:
        yield not_supported(f"{path}.type", strategy.type, STRATEGIES)
    yield from _weights(strategy.resources, f"{path}.resources")
    ratio, where = strategy.requested_to_capacity_ratio, f"{path}.requestedToCapacityRatio"
    if strategy.type != "RequestedToCapacityRatio":
        if ratio is not None:
            yield forbidden(where, "must be nil when type is not RequestedToCapacityRatio")
    elif ratio is None:
        yield required(where, "must be specified when type is RequestedToCapacityRatio")
    elif not ratio.shape:
        yield required(f"{where}.shape", "at least one point must be specified")
    else:
        pairs = enumerate(zip(ratio.shape, ratio.shape[1:], strict=False), 1)
        unsorted = next((index for index, (one, other) in pairs if one.utilization >= other.utilization), None)
        if unsorted is not None:
            utilization = ratio.shape[unsorted].utilization
            yield invalid(
                f"{where}.shape[{unsorted}].utilization", utilization, "values must be sorted in increasing order"
            )
        for index, point in enumerate(ratio.shape):
            if not 0 <= point.utilization <= _HUNDRED:
                path = f"{where}.shape[{index}].utilization"
                yield invalid(path, point.utilization, "not in valid range [0, 100]")
            if not 0 <= point.score <= MAX_SHAPE_SCORE:
                yield invalid(f"{where}.shape[{index}].score", point.score, "not in valid range [0, 10]")


def _weights(resources: Iterable[ResourceWeight], path: str) -> Iterator[FieldError]:
    for index, one in enumerate(resources):
        if not 0 < one.weight <= _HUNDRED:
            detail = f"resource weight of {one.name} not in valid range (0, 100]"
            yield invalid(f"{path}[{index}].weight", one.weight, detail)


def _balanced(found: BalancedArguments, path: str) -> Iterator[FieldError]:
    seen: dict[str, None] = {}
    for index, one in enumerate(found.resources):
        where = f"{path}.resources[{index}]"
        if one.name in seen:
            yield duplicate(f"{where}.name", one.name)
        seen[one.name] = None
        if one.weight != 1:
            yield invalid(f"{where}.weight", one.weight, "must be 1")


def _volumes(found: VolumeBindingArguments, path: str) -> Iterator[FieldError]:
    if found.bind_timeout_seconds < 0:
        detail = "invalid BindTimeoutSeconds, should not be a negative value"
        yield invalid(f"{path}.bindTimeoutSeconds", found.bind_timeout_seconds, detail)


def _gangs(found: CoschedulingArguments, path: str) -> Iterator[FieldError]:
    if found.permit_waiting_time_seconds < 0:
        where = f"{path}.permitWaitingTimeSeconds"
        yield invalid(where, found.permit_waiting_time_seconds, "permitWaitingTimeSeconds must be >= 0")


def _label(name: str) -> Iterator[str]:
    return iter(names.qualified_name(name))


_Rule = Callable[[msgspec.Struct, str], Iterator[FieldError]]
_RULES = cast(
    "dict[type, _Rule]",
    {
        PreemptionArguments: _preemption,
        AffinityArguments: _affinity,
        SpreadArguments: _spread,
        FitArguments: _fit,
        BalancedArguments: _balanced,
        VolumeBindingArguments: _volumes,
        CoschedulingArguments: _gangs,
    },
)

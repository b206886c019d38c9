"""KubeSchedulerConfiguration: which profiles there are, with which plugins.

A plugin is named as in kube-scheduler; any other name with a dot in it is the path of a class, which is called with
the `Handle` and the arguments of its pluginConfig.

Source: k8s.io/kube-scheduler/config/v1/types.go, pkg/scheduler/apis/config/v1/defaults.go (v1.36).
"""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from typing import TypeAlias, TypeVar, cast

import msgspec

from kubeactors.api.core.v1 import TopologySpreadConstraint
from kubeactors.scheduler.framework import Plugin
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.plugins import (
    DefaultBinder,
    DefaultPreemption,
    DynamicResources,
    ImageLocality,
    InterPodAffinity,
    NodeAffinity,
    NodeName,
    NodePorts,
    NodeResourcesBalancedAllocation,
    NodeResourcesFit,
    NodeUnschedulable,
    PodTopologySpread,
    SchedulingGates,
    TaintToleration,
)
from kubeactors.scheduler.plugins.scoring_strategy import ScoringStrategy, scorer_of
from kubeactors.scheduler.profile import PluginSet

API_VERSION, KIND = "kubescheduler.config.k8s.io/v1", "KubeSchedulerConfiguration"
DEFAULT_SCHEDULER = "default-scheduler"
POINTS = ("preEnqueue", "preFilter", "filter", "postFilter", "score", "reserve", "bind")
"""Extension points at which plugins can be switched off one by one."""

T = TypeVar("T")
Arguments: TypeAlias = msgspec.Raw
Factory: TypeAlias = Callable[[Handle, Arguments], Plugin]


class ConfigurationError(Exception):
    """The configuration cannot be used; says where and why."""


class PluginRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plugin, and how much its scores count; 0 leaves that as it is."""

    name: str
    weight: int = 0


class Switches(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is added and what is left out; `*` is all."""

    enabled: tuple[PluginRef, ...] = ()
    disabled: tuple[PluginRef, ...] = ()

    def disables(self, name: str) -> bool:
        """Whether the plugin is left out."""
        return any(one.name in {name, "*"} for one in self.disabled)


class PluginConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of one plugin."""

    name: str
    args: msgspec.Raw = msgspec.Raw(b"{}")


class ProfileSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One profile."""

    scheduler_name: str = DEFAULT_SCHEDULER
    plugins: dict[str, Switches] = {}
    plugin_config: tuple[PluginConfig, ...] = ()
    percentage_of_nodes_to_score: int | None = None
    """Accepted, and of no effect: all nodes are evaluated."""


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The file. What is about processes and connections is accepted and of no effect."""

    api_version: str
    kind: str
    profiles: tuple[ProfileSpec, ...] = (ProfileSpec(),)
    parallelism: int = 16
    leader_election: msgspec.Raw = msgspec.Raw(b"{}")
    client_connection: msgspec.Raw = msgspec.Raw(b"{}")
    percentage_of_nodes_to_score: int | None = None


class FitArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of NodeResourcesFit."""

    scoring_strategy: ScoringStrategy = ScoringStrategy()


class SpreadArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of PodTopologySpread."""

    default_constraints: tuple[TopologySpreadConstraint, ...] = ()
    defaulting_type: str = "System"


class AffinityArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of InterPodAffinity."""

    hard_pod_affinity_weight: int = 1
    ignore_preferred_terms_of_existing_pods: bool = False


class PreemptionArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Of DefaultPreemption."""

    min_candidate_nodes_percentage: int = 10
    min_candidate_nodes_absolute: int = 100


def read(value: object) -> dict[str, Callable[[Handle], PluginSet]]:
    """The profiles of a configuration, as it comes from YAML or JSON, by the name that pods ask for.

    Raises:
        ConfigurationError: something in it is unknown or wrong.
    """
    try:
        found = msgspec.json.decode(msgspec.json.encode(value), type=Configuration)
    except (msgspec.MsgspecError, TypeError) as error:
        raise ConfigurationError(f"scheduler configuration: {error}") from error
    if (found.api_version, found.kind) != (API_VERSION, KIND):
        raise ConfigurationError(
            f"scheduler configuration: {found.kind} of {found.api_version}, want {KIND} of {API_VERSION}"
        )
    profiles: dict[str, Callable[[Handle], PluginSet]] = {}
    for spec in found.profiles:
        if spec.scheduler_name in profiles:
            raise ConfigurationError(f'scheduler configuration: two profiles have the name "{spec.scheduler_name}"')
        profiles[spec.scheduler_name] = partial(_plugins, spec, _chosen(spec))
    return profiles


def _chosen(spec: ProfileSpec) -> dict[str, tuple[Factory, Arguments]]:
    """The plugins of a profile in order, each with its arguments, which are tried out here."""
    for point in spec.plugins:
        if point not in {"multiPoint", *POINTS}:
            raise ConfigurationError(_unknown("extension point", point, ("multiPoint", *POINTS)))
    everywhere = spec.plugins.get("multiPoint", Switches())
    names = [name for name in _FACTORIES if not everywhere.disables(name)]
    added = [*everywhere.enabled, *(one for point in POINTS for one in spec.plugins.get(point, Switches()).enabled)]
    names += [one.name for one in added if one.name not in names]
    arguments = {one.name: one.args for one in spec.plugin_config}
    for name in arguments:
        _factory(name)
    return {name: (_factory(name), arguments.get(name, _NONE)) for name in dict.fromkeys(names)}


def _plugins(spec: ProfileSpec, chosen: Mapping[str, tuple[Factory, Arguments]], handle: Handle) -> PluginSet:
    made = tuple(factory(handle, arguments) for factory, arguments in chosen.values())
    by_path = {name: plugin.name for name, plugin in zip(chosen, made, strict=True)}
    switches = {point: spec.plugins.get(point, Switches()) for point in POINTS}
    off = {
        point: frozenset(
            by_path[name]
            for name in chosen
            if several.disables(name) and not any(one.name == name for one in several.enabled)
        )
        for point, several in switches.items()
    }
    weighing: Iterable[PluginRef] = (
        *spec.plugins.get("multiPoint", Switches()).enabled,
        *switches["score"].enabled,
    )
    weights = {by_path[one.name]: one.weight for one in weighing if one.weight and one.name in by_path}
    return PluginSet(plugins=made, off=off, weights=weights)


_NONE = msgspec.Raw(b"{}")


def _arguments(name: str, raw: Arguments, type_: type[T]) -> T:
    try:
        fields = cast("dict[str, object]", msgspec.json.decode(raw))
        fields.pop("apiVersion", None)
        fields.pop("kind", None)
        return msgspec.convert(fields, type_)
    except (msgspec.MsgspecError, AttributeError) as error:
        raise ConfigurationError(f"pluginConfig of {name}: {error}") from error


def _fit(_: Handle, raw: Arguments) -> Plugin:
    strategy = _arguments("NodeResourcesFit", raw, FitArguments).scoring_strategy
    try:
        scorer_of(strategy)
    except ValueError as error:
        raise ConfigurationError(f"pluginConfig of NodeResourcesFit: {error}") from error
    return NodeResourcesFit(strategy)


def _spread(handle: Handle, raw: Arguments) -> Plugin:
    found = _arguments("PodTopologySpread", raw, SpreadArguments)
    return PodTopologySpread(
        handle, default_constraints=found.default_constraints if found.defaulting_type == "List" else None
    )


def _affinity(handle: Handle, raw: Arguments) -> Plugin:
    found = _arguments("InterPodAffinity", raw, AffinityArguments)
    return InterPodAffinity(
        handle,
        hard_pod_affinity_weight=found.hard_pod_affinity_weight,
        ignore_preferred_terms_of_existing_pods=found.ignore_preferred_terms_of_existing_pods,
    )


def _preemption(handle: Handle, raw: Arguments) -> Plugin:
    found = _arguments("DefaultPreemption", raw, PreemptionArguments)
    return DefaultPreemption(
        handle,
        min_candidate_nodes_percentage=found.min_candidate_nodes_percentage,
        min_candidate_nodes_absolute=found.min_candidate_nodes_absolute,
    )


def _simple(make: Callable[[], Plugin]) -> Factory:
    return lambda _handle, _arguments: make()


_FACTORIES: dict[str, Factory] = {
    "SchedulingGates": _simple(SchedulingGates),
    "NodeUnschedulable": _simple(NodeUnschedulable),
    "NodeName": _simple(NodeName),
    "TaintToleration": _simple(TaintToleration),
    "NodeAffinity": _simple(NodeAffinity),
    "NodePorts": _simple(NodePorts),
    "NodeResourcesFit": _fit,
    "DynamicResources": _simple(DynamicResources),
    "PodTopologySpread": _spread,
    "InterPodAffinity": _affinity,
    "DefaultPreemption": _preemption,
    "NodeResourcesBalancedAllocation": _simple(NodeResourcesBalancedAllocation),
    "ImageLocality": lambda handle, _: ImageLocality(handle),
    "DefaultBinder": lambda handle, _: DefaultBinder(handle.client),
}
"""The default plugins, in order."""


def _factory(name: str) -> Factory:
    known = _FACTORIES.get(name)
    if known is not None:
        return known
    module, dot, attribute = name.rpartition(".")
    if not dot:
        raise ConfigurationError(_unknown("plugin", name, tuple(_FACTORIES)))
    try:
        made = cast("Callable[..., Plugin]", getattr(import_module(module), attribute))
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"plugin {name}: {error}") from error
    return lambda handle, raw: made(handle, **_arguments(name, raw, dict[str, object]))


def _unknown(what: str, name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, 1)
    hint = f'; did you mean "{near[0]}"?' if near else f"; known are {', '.join(known)}"
    return f'scheduler configuration: unknown {what} "{name}"{hint}'

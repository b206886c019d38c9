"""The registry of plugins by name: kube-scheduler's, and classes of users' packages.

A user's plugin is named by the path of its class, `package.module:Class`, which is called with the `Handle` and with
its arguments by keyword.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from inspect import Parameter, signature
from typing import TypeAlias, TypeVar, cast

import msgspec

from kubeactors.apimachinery import exact
from kubeactors.apimachinery.words import nearest
from kubeactors.scheduler.configuration import (
    AffinityArguments,
    Arguments,
    BalancedArguments,
    ConfigurationError,
    CoschedulingArguments,
    FitArguments,
    NodeAffinityArguments,
    PreemptionArguments,
    SpreadArguments,
    VolumeBindingArguments,
)
from kubeactors.scheduler.framework import Plugin
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.plugins import (
    Coscheduling,
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
    NodeVolumeLimits,
    PodTopologySpread,
    PrioritySort,
    SchedulingGates,
    TaintToleration,
    VolumeBinding,
    VolumeRestrictions,
    VolumeZone,
)

Factory: TypeAlias = Callable[[Handle, Arguments, tuple[str, ...]], Plugin]
"""Takes the handle, the arguments as JSON, and the resources that extenders manage."""

A = TypeVar("A", bound=msgspec.Struct)


def arguments(name: str, raw: Arguments, type_: type[A]) -> A:
    """Decode the arguments of a plugin.

    Raises:
        ConfigurationError: they are invalid.
    """
    try:
        return exact.decode(msgspec.json.encode(_fields(raw)), type_)
    except (exact.DecodeError, AttributeError) as error:
        raise ConfigurationError(f"pluginConfig of {name}: {error}") from error


def factory_of(name: str) -> Factory:
    """The factory of a plugin.

    Raises:
        ConfigurationError: the plugin is unknown.
    """
    known = _FACTORIES.get(name)
    if known is not None:
        return known
    module, _, attribute = name.partition(":") if ":" in name else name.rpartition(".")
    if not is_a_path(name):
        raise ConfigurationError(unknown("plugin", name, _FACTORIES))
    try:
        made = cast("Callable[..., Plugin]", getattr(import_module(module), attribute))
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"plugin {name}: {error}") from error
    return lambda handle, raw, _: _made(name, made, handle, raw)


def is_a_path(name: str) -> bool:
    """Whether the name is the path of a class.

    >>> is_a_path("shop.plugins:Quiet"), is_a_path("NodePorts")
    (True, False)
    """
    module, _, attribute = name.partition(":") if ":" in name else name.rpartition(".")
    return bool(module and attribute)


def is_ours(name: str) -> bool:
    """Whether this package provides the plugin.

    >>> is_ours("NodePorts"), is_ours("shop.plugins:Quiet")
    (True, False)
    """
    return name in _FACTORIES


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """The message about an unknown name, with the nearest known one."""
    return f'scheduler configuration: unknown {what} "{name}"; {nearest(name, tuple(known))}'


def _made(name: str, make: Callable[..., Plugin], handle: Handle, raw: Arguments) -> Plugin:
    fields = _fields(raw)
    parameters = signature(make).parameters
    known = tuple(parameters)[1:]
    stranger = next((one for one in fields if one not in known), None)
    if stranger is not None and not any(one.kind is Parameter.VAR_KEYWORD for one in parameters.values()):
        raise ConfigurationError(unknown(f"argument of {name}", stranger, known))
    try:
        return make(handle, **fields)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"plugin {name}: {error}") from error


def _fields(raw: Arguments) -> dict[str, object]:
    fields = cast("dict[str, object]", msgspec.json.decode(raw))
    return {name: value for name, value in fields.items() if name not in {"apiVersion", "kind"}}


def _fit(_: Handle, raw: Arguments, ignored: tuple[str, ...]) -> Plugin:
    found = arguments("NodeResourcesFit", raw, FitArguments)
    return NodeResourcesFit(
        found.scoring_strategy,
        ignored_resources=(*found.ignored_resources, *ignored),
        ignored_resource_groups=found.ignored_resource_groups,
    )


def _balanced(_: Handle, raw: Arguments, __: tuple[str, ...]) -> Plugin:
    found = arguments("NodeResourcesBalancedAllocation", raw, BalancedArguments)
    return NodeResourcesBalancedAllocation(tuple(one.name for one in found.resources))


def _node_affinity(_: Handle, raw: Arguments, __: tuple[str, ...]) -> Plugin:
    return NodeAffinity(arguments("NodeAffinity", raw, NodeAffinityArguments).added_affinity)


def _spread(handle: Handle, raw: Arguments, _: tuple[str, ...]) -> Plugin:
    found = arguments("PodTopologySpread", raw, SpreadArguments)
    return PodTopologySpread(
        handle, default_constraints=found.default_constraints if found.defaulting_type == "List" else None
    )


def _affinity(handle: Handle, raw: Arguments, _: tuple[str, ...]) -> Plugin:
    found = arguments("InterPodAffinity", raw, AffinityArguments)
    return InterPodAffinity(
        handle,
        hard_pod_affinity_weight=found.hard_pod_affinity_weight,
        ignore_preferred_terms_of_existing_pods=found.ignore_preferred_terms_of_existing_pods,
    )


def _preemption(handle: Handle, raw: Arguments, _: tuple[str, ...]) -> Plugin:
    found = arguments("DefaultPreemption", raw, PreemptionArguments)
    return DefaultPreemption(
        handle,
        min_candidate_nodes_percentage=found.min_candidate_nodes_percentage,
        min_candidate_nodes_absolute=found.min_candidate_nodes_absolute,
    )


def _volume_binding(handle: Handle, raw: Arguments, _: tuple[str, ...]) -> Plugin:
    found = arguments("VolumeBinding", raw, VolumeBindingArguments)
    return VolumeBinding(handle, bind_timeout_seconds=found.bind_timeout_seconds)


def _gangs(handle: Handle, raw: Arguments, _: tuple[str, ...]) -> Plugin:
    found = arguments("Coscheduling", raw, CoschedulingArguments)
    return Coscheduling(handle, permit_waiting_time_seconds=found.permit_waiting_time_seconds)


def _simple(make: Callable[[], Plugin]) -> Factory:
    return lambda _handle, _arguments, _ignored: make()


def _with_handle(make: Callable[[Handle], Plugin]) -> Factory:
    return lambda handle, _arguments, _ignored: make(handle)


_FACTORIES: dict[str, Factory] = {
    "SchedulingGates": _simple(SchedulingGates),
    "PrioritySort": _simple(PrioritySort),
    "NodeUnschedulable": _simple(NodeUnschedulable),
    "NodeName": _simple(NodeName),
    "TaintToleration": _simple(TaintToleration),
    "NodeAffinity": _node_affinity,
    "NodePorts": _simple(NodePorts),
    "NodeResourcesFit": _fit,
    "VolumeRestrictions": _with_handle(VolumeRestrictions),
    "NodeVolumeLimits": _with_handle(NodeVolumeLimits),
    "VolumeBinding": _volume_binding,
    "VolumeZone": _with_handle(VolumeZone),
    "PodTopologySpread": _spread,
    "InterPodAffinity": _affinity,
    "DynamicResources": _with_handle(DynamicResources),
    "DefaultPreemption": _preemption,
    "NodeResourcesBalancedAllocation": _balanced,
    "ImageLocality": _with_handle(ImageLocality),
    "DefaultBinder": _with_handle(lambda handle: DefaultBinder(handle.client)),
    "Coscheduling": _gangs,
}

DEFAULT_PLUGINS = tuple(name for name in _FACTORIES if name != "Coscheduling")
"""The default plugins, in order.

Source: pkg/scheduler/apis/config/v1/default_plugins.go (v1.36).
"""

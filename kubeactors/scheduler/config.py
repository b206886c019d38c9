"""Makes profiles from a KubeSchedulerConfiguration.

Source: pkg/scheduler/apis/config/v1/default_plugins.go, mergePlugins; pkg/scheduler/framework/runtime/framework.go,
expandMultiPointPlugins (v1.36).
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

import msgspec

from kubeactors.apimachinery import exact
from kubeactors.apimachinery.field import FieldError
from kubeactors.scheduler.configuration import (
    API_VERSION,
    KIND,
    MULTI_POINT,
    NO_ARGUMENTS,
    PLUGIN_ARGUMENTS,
    POINTS,
    Configuration,
    ConfigurationError,
    NoArguments,
    PluginRef,
    ProfileSpec,
    Switches,
)
from kubeactors.scheduler.configuration_rules import validate, validate_arguments
from kubeactors.scheduler.extender import ExtenderConfig
from kubeactors.scheduler.framework import Plugin
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.plugin_set import PluginFactory, PluginSet
from kubeactors.scheduler.plugins import default_plugins
from kubeactors.scheduler.queued_pod import DEFAULT_BACKOFF, SECOND, Backoff
from kubeactors.scheduler.registry import DEFAULT_PLUGINS, arguments, factory_of, is_a_path, is_ours, unknown
from kubeactors.scheduler.reporter import DEFAULT_SCHEDULER


class SchedulerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration of a scheduler. A pod selects its profile by `spec.schedulerName`."""

    profiles: Mapping[str, PluginFactory] = MappingProxyType({DEFAULT_SCHEDULER: default_plugins})
    backoff: Backoff = DEFAULT_BACKOFF
    extenders: tuple[ExtenderConfig, ...] = ()


_CAN_BE_LEFT_OUT = ("*", "Coscheduling", *DEFAULT_PLUGINS, "GangScheduling", "NodeDeclaredFeatures")
"""The last two exist in kube-scheduler and not here."""

DEFAULT_CONFIG = SchedulerConfig()


def read(value: object) -> SchedulerConfig:
    """Parse a configuration, as decoded from YAML or JSON.

    Raises:
        ConfigurationError: something in it is unknown or invalid.
    """
    try:
        found = exact.decode(msgspec.json.encode(value), Configuration)
    except (exact.DecodeError, TypeError) as error:
        raise ConfigurationError(f"scheduler configuration: {error}") from error
    if (found.api_version, found.kind) != (API_VERSION, KIND):
        raise ConfigurationError(
            f"scheduler configuration: {found.kind} of {found.api_version}, want {KIND} of {API_VERSION}"
        )
    _check((*validate(found), *_problems(found.profiles)))
    ignored = tuple(
        resource.name for one in found.extenders for resource in one.managed_resources if resource.ignored_by_scheduler
    )
    return SchedulerConfig(
        profiles={one.scheduler_name: partial(_plugins, one, ignored) for one in found.profiles},
        backoff=Backoff(
            initial=found.pod_initial_backoff_seconds * SECOND, maximum=found.pod_max_backoff_seconds * SECOND
        ),
        extenders=found.extenders,
    )


def _check(errors: tuple[FieldError, ...]) -> None:
    """Raise ConfigurationError with all errors in the format of kube-scheduler's aggregate."""
    said = tuple(map(str, errors))
    if said:
        several = f"[{', '.join(said)}]"
        raise ConfigurationError(f"scheduler configuration: {said[0] if len(said) == 1 else several}")


def _problems(profiles: Iterable[ProfileSpec]) -> Iterator[FieldError]:
    """The errors in extension points, plugins and their arguments.

    Raises:
        ConfigurationError: one of them is unknown.
    """
    for index, spec in enumerate(profiles):
        for point in spec.plugins:
            if point not in {MULTI_POINT, *POINTS}:
                raise ConfigurationError(unknown("extension point", point, (MULTI_POINT, *POINTS)))
        for name in _names(spec):
            factory_of(name)
        for name in (one.name for switches in spec.plugins.values() for one in switches.disabled):
            if name not in _CAN_BE_LEFT_OUT and not is_a_path(name):
                raise ConfigurationError(unknown("plugin", name, DEFAULT_PLUGINS))
        for number, one in enumerate(spec.plugin_config):
            factory_of(one.name)
            type_ = PLUGIN_ARGUMENTS.get(one.name, NoArguments)
            if is_ours(one.name):
                where = f"profiles[{index}].pluginConfig[{number}].args"
                yield from validate_arguments(arguments(one.name, one.args, type_), where)


def _names(spec: ProfileSpec) -> tuple[str, ...]:
    """All plugins of a profile, each once."""
    return tuple(dict.fromkeys((*_everywhere(spec), *(name for point in POINTS for name in _merged(spec, point)))))


def _everywhere(spec: ProfileSpec) -> tuple[str, ...]:
    """The plugins of multiPoint: the default ones that are not disabled, then the enabled ones."""
    switches = spec.at(MULTI_POINT)
    default = [name for name in DEFAULT_PLUGINS if not switches.disables(name)]
    return tuple(dict.fromkeys((*default, *(one.name for one in switches.enabled))))


def _merged(spec: ProfileSpec, point: str) -> tuple[str, ...]:
    """The plugins of one extension point, in order.

    First those of multiPoint that are enabled for the point, in the order given there; then the rest of multiPoint;
    then the rest of those enabled for the point.
    """
    everywhere, switches = _everywhere(spec), spec.at(point)
    named = [one.name for one in switches.enabled]
    again = [name for name in named if name in everywhere]
    others = [name for name in everywhere if name not in again and not _is_off(switches, name)]
    return tuple(dict.fromkeys((*again, *others, *named)))


def _is_off(switches: Switches, name: str) -> bool:
    return switches.disables(name) and not switches.enables(name)


def _plugins(spec: ProfileSpec, ignored: tuple[str, ...], handle: Handle) -> PluginSet:
    raw = {one.name: one.args for one in spec.plugin_config}
    made: dict[str, Plugin] = {
        name: factory_of(name)(handle, raw.get(name, NO_ARGUMENTS), ignored) for name in _names(spec)
    }
    points = {point: tuple(made[name] for name in _merged(spec, point)) for point in POINTS}
    _check_points(spec, points)
    weighed: tuple[PluginRef, ...] = (*spec.at(MULTI_POINT).enabled, *spec.at("score").enabled)
    return PluginSet(
        plugins=tuple(made.values()),
        points=points,
        weights={made[one.name].name: one.weight or 1 for one in weighed},
    )


def _check_points(spec: ProfileSpec, points: Mapping[str, tuple[Plugin, ...]]) -> None:
    """Check that there are exactly one QueueSort plugin and at least one Bind plugin."""
    sorting = [one.name for one in points["queueSort"] if hasattr(one, "sort_key")]
    if len(sorting) != 1:
        raise ConfigurationError(
            f"only one queue sort plugin required for profile with scheduler name {spec.scheduler_name!r}, but got"
            f" {len(sorting)}"
        )
    if not any(hasattr(one, "bind") for one in points["bind"]):
        raise ConfigurationError(
            f"at least one bind plugin is needed for profile with scheduler name {spec.scheduler_name!r}"
        )

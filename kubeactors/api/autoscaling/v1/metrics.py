"""Metrics in annotations of autoscaling/v1: flat, where autoscaling/v2 nests.

Source: api/autoscaling/v1/types.go, pkg/apis/autoscaling/v1/conversion.go (v1.36).
"""

from collections.abc import Iterable
from typing import TypeAlias, cast

import msgspec

from kubeactors.api.autoscaling.v2.metrics import AVERAGE_VALUE, UTILIZATION, VALUE, MetricSpec, MetricStatus

Fields: TypeAlias = dict[str, object]
Names: TypeAlias = dict[str, tuple[str, ...]]

_RESOURCE: Names = {
    "name": ("name",),
    "{}AverageUtilization": ("{}", "averageUtilization"),
    "{}AverageValue": ("{}", "averageValue"),
}
_NAMES: dict[str, Names] = {
    "object": {
        "target": ("describedObject",),
        "metricName": ("metric", "name"),
        "{}Value": ("{}", "value"),
        "selector": ("metric", "selector"),
        "averageValue": ("{}", "averageValue"),
    },
    "pods": {
        "metricName": ("metric", "name"),
        "{}AverageValue": ("{}", "averageValue"),
        "selector": ("metric", "selector"),
    },
    "resource": _RESOURCE,
    "containerResource": {**_RESOURCE, "container": ("container",)},
    "external": {
        "metricName": ("metric", "name"),
        "metricSelector": ("metric", "selector"),
        "{}Value": ("{}", "value"),
        "{}AverageValue": ("{}", "averageValue"),
    },
}
"""The flat name of each field of each source, and where autoscaling/v2 has it; {} is `target` or `current`."""

TARGET, CURRENT = "target", "current"
"""How values are called in a spec, and in a status."""


def specs_text(metrics: Iterable[MetricSpec]) -> str:
    """Metric specs as an annotation."""
    return _text([_flat(cast("Fields", msgspec.to_builtins(metric)), TARGET) for metric in metrics])


def statuses_text(metrics: Iterable[MetricStatus]) -> str:
    """Metric statuses as an annotation."""
    return _text([_flat(cast("Fields", msgspec.to_builtins(metric)), CURRENT) for metric in metrics])


def parse_specs(text: str) -> tuple[MetricSpec, ...]:
    """The metrics in an annotation; empty if it is malformed.

    >>> parse_specs('[{"type": "Resource", "resource": {"name": "memory", "targetAverageValue": "1Gi"}}]')[0].type
    'Resource'
    >>> parse_specs("no metrics")
    ()
    """
    try:
        nested = [_nested(one, TARGET) for one in msgspec.json.decode(text, type=list[Fields])]
        return msgspec.convert(nested, tuple[MetricSpec, ...])
    except msgspec.MsgspecError:
        return ()


def parse_statuses(text: str) -> tuple[MetricStatus, ...]:
    """The metrics in an annotation; empty if it is malformed."""
    try:
        nested = [_nested(one, CURRENT) for one in msgspec.json.decode(text, type=list[Fields])]
        return msgspec.convert(nested, tuple[MetricStatus, ...])
    except msgspec.MsgspecError:
        return ()


def _text(metrics: list[Fields]) -> str:
    return msgspec.json.encode(metrics).decode()


def _flat(metric: Fields, values: str) -> Fields:
    found: Fields = {"type": metric["type"]}
    for source, names in _NAMES.items():
        if (given := metric.get(source)) is not None:
            flat = {name.format(values): _at(given, path, values) for name, path in names.items()}
            found[source] = {name: value for name, value in flat.items() if value is not None}
    return found


def _at(value: object, path: tuple[str, ...], values: str) -> object:
    for step in path:
        value = cast("Fields", value).get(step.format(values)) if isinstance(value, dict) else None
    return value


def _nested(metric: Fields, values: str) -> Fields:
    found: Fields = {"type": metric.get("type", "")}
    for source, names in _NAMES.items():
        if isinstance(given := metric.get(source), dict):
            found[source] = _source(cast("Fields", given), names, values)
    return found


def _source(given: Fields, names: Names, values: str) -> Fields:
    found: dict[str, Fields] = {values: {}}
    for name, path in names.items():
        value = given.get(name.format(values))
        if value is None:
            continue
        *outer, last = (step.format(values) for step in path)
        (found.setdefault(outer[0], {}) if outer else cast("Fields", found))[last] = value
    if values == TARGET:
        found[TARGET]["type"] = _type(found[TARGET])
    return cast("Fields", found)


def _type(target: Fields) -> str:
    if "averageUtilization" in target:
        return UTILIZATION
    return AVERAGE_VALUE if "averageValue" in target else VALUE

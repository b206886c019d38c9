"""Histories of objects: the differences from write to write."""

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.unstructured import Unstructured
from kubeactors.sim.world import Commit

NOISE = ("metadata.resourceVersion", "metadata.managedFields", "metadata.generation", "metadata.uid")
"""Fields that every write changes, or that are of no interest."""
DETAILS = ("].type", "].name", ".observedGeneration", ".lastProbeTime", ".lastTransitionTime")
"""Fields that follow from others, or are timestamps of reports."""
MOST_LINES = 40
VALUE_WIDTH = 120


def verb_of(commit: Commit) -> str:
    """What a write did to the object."""
    if commit.old is None:
        return "created"
    return "deleted" if commit.new is None else "changed"


def difference(old: TypedObject | None, new: TypedObject | None) -> tuple[str, ...]:
    """The differences of two states of an object, field by field; details come last.

    >>> from kubeactors.api.core.v1 import ConfigMap
    >>> difference(ConfigMap(data={"a": "1"}), ConfigMap(data={"a": "2"}))
    ('data.a: 1 -> 2',)
    """
    if new is None:
        return ()
    before, after = _fields(old), _fields(new)
    paths = [
        path
        for path in (*after, *(one for one in before if one not in after))
        if before.get(path) != after.get(path) and not path.startswith(NOISE)
    ]
    lines = [f"{path}: {_change(before.get(path), after.get(path))}" for path in sorted(paths, key=_is_detail)]
    more = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return (*lines[:MOST_LINES], *more)


def _is_detail(path: str) -> bool:
    return path.endswith(DETAILS)


def _change(before: str | None, after: str | None) -> str:
    if before is None:
        return str(after)
    return f"{before} -> {'gone' if after is None else after}"


def _fields(value: TypedObject | None) -> dict[str, str]:
    if value is None:
        return {}
    plain: object = (
        value.content if isinstance(value, Unstructured) else msgspec.json.decode(msgspec.json.encode(value))
    )
    return dict(_leaves(plain, ""))


def _leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Every scalar with its path; items of lists by their name or type, if they have one."""
    if isinstance(value, Mapping):
        for key, one in cast("Mapping[str, object]", value).items():
            yield from _leaves(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, one in enumerate(cast("list[object]", value)):
            yield from _leaves(one, f"{path}[{_label(one, index)}]")
    else:
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        yield path, text if len(text) <= VALUE_WIDTH else f"{text[:VALUE_WIDTH]}..."


def _label(value: object, index: int) -> str:
    if isinstance(value, Mapping):
        found = cast("Mapping[str, object]", value)
        for key in ("type", "name"):
            label = found.get(key)
            if isinstance(label, str):
                return label
    return str(index)

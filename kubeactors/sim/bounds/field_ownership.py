"""The rules of server-side apply: which manager owns which field, computed on single values.

An object is a set of values, each at a path; the manager that has set a value owns its path. The only part of a schema used
here is which lists are keyed.

Source: "Server-Side Apply" in Kubernetes' documentation (v1.36).
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias, cast

import msgspec

from kubeactors.apimachinery import serializer
from kubeactors.apimachinery.meta import ManagedFieldsEntry, TypedObject

Path: TypeAlias = tuple[str, ...]
Values: TypeAlias = dict[Path, object]
Manager: TypeAlias = tuple[str, str]
"""The name of a field manager, and its operation."""
APPLY, UPDATE = "Apply", "Update"
UNKNOWN: Manager = ("before-first-apply", UPDATE)
KEYED: Mapping[Path, Mapping[str, object]] = {("spec", "ports"): {"port": None, "protocol": "TCP"}}
"""The keys of keyed lists, with their defaults. Other lists are atomic."""
ATOMIC: tuple[Path, ...] = (("spec", "selector"),)
"""Atomic maps."""
CONTAINERS: tuple[Path, ...] = ((), ("data",), ("spec",), ("metadata", "labels"), ("metadata", "annotations"), *KEYED)
"""The containers of values."""
MANAGED = ("labels", "annotations")
"""The owned parts of metadata."""

Paths: TypeAlias = dict[Path, None]


class Managed(msgspec.Struct, frozen=True):
    """The values of an object, and the owners of their paths."""

    values: Values
    owners: dict[Manager, Paths]

    def owned_by_others(self, manager: Manager, path: Path) -> bool:
        """Whether another manager owns the path."""
        return any(path in paths for one, paths in self.owners.items() if one != manager)


NOTHING = Managed({}, {})


class Conflicts(msgspec.Struct, frozen=True):
    """An apply would change fields of these other managers."""

    owners: tuple[Manager, ...]


def managed(value: TypedObject | None) -> Managed:
    """The values and owners of an object."""
    if value is None:
        return NOTHING
    values = values_of(serializer.to_builtins(value))
    if not value.metadata.managed_fields:
        return Managed(values, {UNKNOWN: dict.fromkeys(values)} if values else {})
    owners = {(one.manager, one.operation): dict.fromkeys(_paths(one)) for one in value.metadata.managed_fields}
    return Managed(values, {who: paths for who, paths in owners.items() if paths})


def values_of(document: Mapping[str, object]) -> Values:
    """The values of an object, without its name and its status.

    >>> values_of({"kind": "ConfigMap", "metadata": {"name": "a", "labels": {"l": "1"}}, "data": {"x": "2"}})
    {('metadata', 'labels', 'l'): '1', ('data', 'x'): '2'}
    """
    metadata = cast("Mapping[str, object]", document.get("metadata") or {})
    found = {("metadata", part, *path): one for part in MANAGED for path, one in _leaves(metadata.get(part), ())}
    rest = {part: one for part, one in document.items() if part not in ("apiVersion", "kind", "metadata", "status")}
    return found | dict(_leaves(rest, ()))


def _leaves(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(value, dict) and path not in ATOMIC:
        for key, one in cast("dict[str, object]", value).items():
            yield from _leaves(one, (*path, key))
    elif isinstance(value, list) and path in KEYED:
        for one in cast("list[dict[str, object]]", value):
            yield from _leaves(one, (*path, _item(one, KEYED[path])))
    elif value is not None:
        yield path, value


def _item(value: Mapping[str, object], keys: Mapping[str, object]) -> str:
    return ",".join(f"{key}={value.get(key, default)}" for key, default in keys.items())


def _paths(entry: ManagedFieldsEntry) -> Iterator[Path]:
    return _named(entry.fields_v1 or {}, ())


def _named(fields: Mapping[str, object], path: Path) -> Iterator[Path]:
    """The paths of values in an entry; a manager may also own their containers, which are left out."""
    inner = {name: one for name, one in fields.items() if name != "."}
    if not inner and path not in CONTAINERS and path[:-1] not in KEYED:
        yield path
    for name, one in inner.items():
        kind, _, said = name.partition(":")
        step = _item(msgspec.json.decode(said, type=dict[str, object]), KEYED.get(path, {})) if kind == "k" else said
        yield from _named(cast("dict[str, object]", one), (*path, step))


def applied(live: Managed, name: str, wanted: Values, *, force: bool) -> Managed | Conflicts:
    """The result of a server-side apply by a manager.

    >>> other = Managed({("data", "x"): "1"}, {("b", APPLY): {("data", "x"): None}})
    >>> applied(other, "a", {("data", "x"): "2"}, force=False)
    Conflicts(owners=(('b', 'Apply'),))
    >>> applied(other, "a", {("data", "x"): "1"}, force=False).owners
    {('b', 'Apply'): {('data', 'x'): None}, ('a', 'Apply'): {('data', 'x'): None}}
    """
    own: Manager = (name, APPLY)
    changed = [path for path, value in wanted.items() if live.values.get(path) != value]
    against = tuple(who for who, paths in live.owners.items() if who != own and any(path in paths for path in changed))
    if against and not force:
        return Conflicts(against)
    owners = {
        who: _without(paths, changed) if who != own else dict.fromkeys(wanted) for who, paths in live.owners.items()
    }
    owners[own] = dict.fromkeys(wanted)
    kept = Managed(live.values | wanted, {who: paths for who, paths in owners.items() if paths})
    dropped = [path for path in live.owners.get(own, {}) if path not in wanted and not kept.owned_by_others(own, path)]
    return Managed(_pruned(kept, dropped), kept.owners)


def _pruned(live: Managed, dropped: list[Path]) -> Values:
    """Without these values; an item of a keyed list in which nobody owns a field is removed as a whole."""
    values = {path: value for path, value in live.values.items() if path not in dropped}
    items = {path[: len(place) + 1]: None for path in dropped for place in KEYED if path[: len(place)] == place}
    gone = [
        one for one in items if not any(path[: len(one)] == one for paths in live.owners.values() for path in paths)
    ]
    return {path: value for path, value in values.items() if not any(path[: len(one)] == one for one in gone)}


def updated(live: Managed, name: str, values: Values) -> Managed:
    """The result of an update by a manager, who then owns the changed values.

    >>> other = Managed({("data", "x"): "1"}, {("b", APPLY): {("data", "x"): None}})
    >>> updated(other, "a", {("data", "x"): "2"}).owners
    {('a', 'Update'): {('data', 'x'): None}}
    """
    own: Manager = (name, UPDATE)
    changed = [path for path, value in values.items() if live.values.get(path) != value]
    gone = [path for path in live.values if path not in values]
    owners = {who: _without(paths, [*changed, *gone] if who != own else gone) for who, paths in live.owners.items()}
    owners[own] = owners.get(own, {}) | dict.fromkeys(changed)
    return Managed(values, {who: paths for who, paths in owners.items() if paths})


def _without(paths: Paths, taken: list[Path]) -> Paths:
    return {path: None for path in paths if path not in taken}

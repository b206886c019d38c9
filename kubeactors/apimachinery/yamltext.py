"""YAML documents as Kubernetes reads them: YAML 1.1 turned into JSON, without timestamps and without bombs.

Source: sigs.k8s.io/yaml (YAMLToJSON, YAMLToJSONStrict).
"""

import math
from collections.abc import Hashable
from typing import cast

import msgspec
import yaml

MAX_VALUES = 400_000
"""A document that unfolds (by its aliases) to more values than this is taken for a bomb."""


class YAMLError(ValueError):
    """The text is no YAML document that could be JSON."""


def to_json(data: bytes, *, first_of_many: bool = False) -> tuple[bytes, tuple[str, ...]]:
    """The JSON of one YAML document, and what a strict reader says to its duplicate keys.

    With `first_of_many` others may follow, which nobody reads.

    Raises:
        YAMLError: it is no YAML document, more than one, or cannot be written as JSON.

    >>> to_json(b"a: {b: 2001-01-01, on: 0777, 2: 2.0}")
    (b'{"a":{"b":"2001-01-01","true":511,"2":2}}', ())
    """
    loader = _Loader(data)
    try:
        value = _Unfolding().plain(_first(loader) if first_of_many else loader.get_single_data())
    except yaml.YAMLError as error:
        raise YAMLError(f"error converting YAML to JSON: yaml: {_words(error)}") from error
    except RecursionError as error:
        raise YAMLError("error converting YAML to JSON: yaml: exceeded max depth") from error
    finally:
        loader.dispose()
    return msgspec.json.encode(value), _strict(loader.duplicates)


def _first(loader: "_Loader") -> object:
    return loader.get_data() if loader.check_data() else None  # type: ignore[no-untyped-call]  # the stubs lack it


def _strict(duplicates: list[str]) -> tuple[str, ...]:
    lines = "".join(f"\n  {one}" for one in duplicates)
    return (f"error converting YAML to JSON: yaml: unmarshal errors:{lines}",) if lines else ()


def _words(error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError):
        return str(error)
    line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
    return f"{line}{error.problem}"


class _Loader(yaml.CSafeLoader):
    """Notes duplicate keys, of which the last one wins; times stay text."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.duplicates: list[str] = []

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Resolve merge keys, which can multiply what they merge."""
        super().flatten_mapping(node)
        if len(node.value) > MAX_VALUES:
            raise yaml.YAMLError("document contains excessive aliasing")

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:  # noqa: FBT001, FBT002 - overrides
        """A dict with text as keys."""
        written = [self._written(key) for key, _ in node.value]
        for index, (key, _) in enumerate(node.value):
            if written[index] in written[:index] and written[index] != "<<":
                line = key.start_mark.line + 1
                self.duplicates.append(f'line {line}: key "{written[index]}" already set in map')
        return super().construct_mapping(node, deep)

    def _written(self, key: yaml.Node) -> str:
        return str(cast("object", key.value))


def _as_written(loader: _Loader, node: yaml.ScalarNode) -> object:
    return loader.construct_scalar(node)


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _as_written)


class _Unfolding:
    """Turns what YAML can hold into what JSON can hold."""

    def __init__(self) -> None:
        self._values = 0

    def plain(self, value: object) -> object:
        self._values += 1
        if self._values > MAX_VALUES:
            raise yaml.YAMLError("document contains excessive aliasing")
        if isinstance(value, dict):
            members = cast("dict[object, object]", value).items()
            return {_key(key): self.plain(item) for key, item in members}
        if isinstance(value, list):
            return [self.plain(item) for item in cast("list[object]", value)]
        if isinstance(value, float):
            return _number(value)
        if value is None or isinstance(value, bool | int | str):
            return value
        raise yaml.YAMLError(f"a {type(value).__name__} cannot be written as JSON")


def _key(key: object) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, str | int | float):
        return str(key)
    raise yaml.YAMLError(f"unsupported key of a map: {key}")


def _number(value: float) -> float:
    if not math.isfinite(value):
        raise yaml.YAMLError(f"json: unsupported value: {value}")
    return int(value) if value.is_integer() else value

"""YAML documents as Kubernetes reads them: YAML 1.1 converted to JSON, without timestamps, and protected against bombs.

Source: sigs.k8s.io/yaml (YAMLToJSON, YAMLToJSONStrict).
"""

import math
from collections.abc import Hashable, Iterable
from itertools import chain
from typing import cast

import msgspec
import yaml

MAX_VALUES = 400_000
"""The limit of values in a document with its aliases expanded; above it, it is taken for a bomb."""


class YAMLError(ValueError):
    """The text is not a YAML document that can be JSON."""


def to_json(data: bytes, *, first_of_many: bool = False) -> tuple[bytes, tuple[str, ...]]:
    """The JSON of a YAML document, and a strict error for its duplicate keys.

    With `first_of_many` further documents are ignored.

    Raises:
        YAMLError: it is malformed, is several documents, or has no equivalent in JSON.

    >>> to_json(b"a: {b: 2001-01-01, on: 0777, 2: 2.0}")
    (b'{"a":{"b":"2001-01-01","true":511,"2":2}}', ())
    """
    loader = _Loader(data)
    try:
        node = _first(loader) if first_of_many else loader.get_single_node()
        value = _plain(loader.unfold(node)) if node is not None else None
    except yaml.YAMLError as error:
        raise YAMLError(f"error converting YAML to JSON: yaml: {_words(error)}") from error
    except RecursionError as error:
        raise YAMLError("error converting YAML to JSON: yaml: exceeded max depth") from error
    finally:
        loader.dispose()
    return msgspec.json.encode(value), _strict(loader.duplicates)


def _first(loader: "_Loader") -> yaml.Node | None:
    return loader.get_node() if loader.check_node() else None


def _strict(duplicates: list[str]) -> tuple[str, ...]:
    lines = "".join(f"\n  {one}" for one in duplicates)
    return (f"error converting YAML to JSON: yaml: unmarshal errors:{lines}",) if lines else ()


def _words(error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError):
        return str(error)
    line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
    return f"{line}{error.problem}"


class _Loader(yaml.CSafeLoader):
    """Records duplicate keys, of which the last wins; times stay strings."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.duplicates: list[str] = []

    def unfold(self, node: yaml.Node) -> object:
        """The value of the document.

        Raises:
            yaml.YAMLError: it is malformed, or its aliases expand beyond the limit.
        """
        if _Weights().of(node) > MAX_VALUES:
            raise yaml.YAMLError("document contains excessive aliasing")
        return self.construct_document(node)  # pyright: ignore[reportUnknownMemberType] -- untyped in the stub

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:  # noqa: FBT001, FBT002 -- overrides
        """A dict with string keys."""
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


class _Weights:
    """The number of values of nodes, with aliases expanded."""

    def __init__(self) -> None:
        self._known: dict[yaml.Node, int] = {}

    def of(self, node: yaml.Node) -> int:
        known = self._known.get(node)
        if known is None:
            self._known[node] = 1  # if it contains itself, the constructor reports it
            known = self._known[node] = 1 + sum(map(self.of, _inside(node)))
        return known


def _inside(node: yaml.Node) -> Iterable[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return chain.from_iterable(node.value)
    return node.value if isinstance(node, yaml.SequenceNode) else ()


def _plain(value: object) -> object:
    """A YAML value as JSON."""
    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in cast("dict[object, object]", value).items()}
    if isinstance(value, list):
        return list(map(_plain, cast("list[object]", value)))
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

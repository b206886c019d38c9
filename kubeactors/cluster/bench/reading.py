"""Reading a scenario, and saying in one sentence what is wrong with it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import msgspec.inspect as types
from msgspec.structs import replace

from kubeactors.apimachinery import yamltext
from kubeactors.apimachinery.serializer import type_of
from kubeactors.cluster.bench.fits import refusal
from kubeactors.cluster.bench.scenario import Scenario
from kubeactors.cluster.bench.words import nearest
from kubeactors.cluster.manifest import documents
from kubeactors.kubelet.stages import Stage

S = TypeVar("S", bound=msgspec.Struct)

_at = re.compile(r"(?s)(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?")
_unknown = re.compile(r"Object contains unknown field `(.*)`")
_enum = re.compile(r"Invalid enum value '(.*)'")
_part = re.compile(r"([^.\[\]]+)|\[(\d*|\.\.\.)\]")


class ScenarioError(ValueError):
    """The scenario cannot be run; the message says where and why."""


def read_scenario(path: Path) -> Scenario:
    """The scenario in a YAML file.

    Raises:
        ScenarioError: it is none, names unknown things, or cannot work: more pods than fit, impossible shapes.
        OSError: the file cannot be read.
    """
    try:
        text = path.read_bytes()
        scenario = parse_scenario(text, path.parent)
    except ValueError as error:
        raise ScenarioError(f"{path}: {error}") from error
    return scenario if scenario.name else replace(scenario, name=path.stem)


def parse_scenario(text: bytes, folder: Path = Path()) -> Scenario:
    """The scenario that a YAML document says, checked. Files that it names are beside it, in this folder.

    Raises:
        ScenarioError: see `read_scenario`.

    >>> parse_scenario(b"nodez: []")
    Traceback (most recent call last):
    kubeactors.cluster.bench.reading.ScenarioError: nodez: unknown key; did you mean "nodes"?
    """
    try:
        data, duplicates = yamltext.to_json(text)
    except yamltext.YAMLError as error:
        raise ScenarioError(str(error).removeprefix("error converting YAML to JSON: ")) from error
    if duplicates:
        raise ScenarioError(" ".join(duplicates[0].split()).removeprefix("error converting YAML to JSON: "))
    scenario = with_files(decode(data, Scenario), folder)
    wrong = refusal(scenario)
    if wrong:
        raise ScenarioError(wrong)
    return scenario


def with_files(scenario: Scenario, folder: Path) -> Scenario:
    """The scenario with stages in place of their files, and paths that hold everywhere.

    Raises:
        ScenarioError: a file is not what it should be.
        OSError: a file cannot be read.
    """
    stages = [
        stage for one in scenario.stages for stage in ((one,) if isinstance(one, Stage) else _stages(folder / one))
    ]
    steps = [
        replace(step, import_=replace(step.import_, file=str(folder / step.import_.file))) if step.import_ else step
        for step in scenario.steps
    ]
    return replace(scenario, stages=tuple(stages), steps=tuple(steps))


def _stages(path: Path) -> Iterator[Stage]:
    """The stages of a file, or of all YAML files of a folder; what else stands in them is not looked at."""
    for file in sorted(path.glob("*.yaml")) if path.is_dir() else [path]:
        try:
            for document in documents(file.read_text(encoding="utf-8")):
                data = yamltext.to_json(document)[0]
                if type_of(data).kind == "Stage":
                    yield decode(data, Stage)
        except ValueError as error:
            raise ScenarioError(f"{file}: {error}") from error


def decode(data: bytes, type_: type[S]) -> S:
    """A Struct that takes no unknown fields, from JSON.

    Raises:
        ScenarioError: with the path of what is wrong, and for an unknown key the nearest known one.
    """
    try:
        return msgspec.json.decode(data, type=type_)
    except msgspec.ValidationError as error:
        raise ScenarioError(_said(str(error), type_)) from error


def _said(message: str, type_: type[msgspec.Struct]) -> str:
    found = _at.fullmatch(message)
    assert found is not None  # it matches everything
    what, path = found["what"], found["path"] or ""
    wrong = _enum.fullmatch(what)
    if wrong is not None:
        return f'{path}: "{wrong[1]}" is not known; {nearest(wrong[1], _choices(type_, path))}'
    unknown = _unknown.fullmatch(what)
    if unknown is None:
        return f"{path}: {what[:1].lower()}{what[1:]}" if path else what
    key = unknown[1]
    place = f"{path}.{key}" if path else key
    return f"{place}: unknown key; {nearest(key, _fields(type_, path))}"


def _fields(type_: type[msgspec.Struct], path: str) -> list[str]:
    """The keys that are known at a path."""
    return [field.encode_name for one in _at_path(type_, path) for each in _structs(one) for field in each.fields]


def _choices(type_: type[msgspec.Struct], path: str) -> list[str]:
    """The words that are known at a path."""
    literals = (one for one in _at_path(type_, path) if isinstance(one, types.LiteralType))
    return [str(value) for one in literals for value in one.values]


def _at_path(type_: type[msgspec.Struct], path: str) -> list[types.Type]:
    found: list[types.Type] = [types.type_info(type_)]
    for name, _ in _part.findall(path):
        found = [inner for one in found for inner in _inside(one, name)]
    return found


def _structs(type_: types.Type) -> Iterator[types.StructType]:
    if isinstance(type_, types.UnionType):
        for one in type_.types:
            yield from _structs(one)
    elif isinstance(type_, types.StructType):
        yield type_


def _inside(type_: types.Type, name: str) -> Iterator[types.Type]:
    """What stands under a key, or in a list."""
    if not name and isinstance(type_, types.VarTupleType):
        yield type_.item_type
    for one in _structs(type_):
        yield from (field.type for field in one.fields if field.encode_name == name)

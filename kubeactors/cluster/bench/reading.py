"""Parses scenarios; each error is one sentence."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from kubeactors.apimachinery import exact, yamltext
from kubeactors.apimachinery.serializer import type_of
from kubeactors.cluster.bench.fits import refusal
from kubeactors.cluster.bench.scenario import Scenario
from kubeactors.cluster.manifest import documents
from kubeactors.kubelet.stages import Stage

S = TypeVar("S", bound=msgspec.Struct)


class ScenarioError(ValueError):
    """The scenario cannot run; the message says where and why."""


def read_scenario(path: Path) -> Scenario:
    """The scenario in a YAML file.

    Raises:
        ScenarioError: it is malformed, refers to unknown things, or cannot work: too many pods, impossible shapes.
        OSError: the file cannot be read.
    """
    try:
        text = path.read_bytes()
        scenario = parse_scenario(text, path.parent)
    except ValueError as error:
        raise ScenarioError(f"{path}: {error}") from error
    return scenario if scenario.name else replace(scenario, name=path.stem)


def parse_scenario(text: bytes, folder: Path = Path()) -> Scenario:
    """The validated scenario in a YAML document. Relative paths in it are relative to the folder.

    Raises:
        ScenarioError: see `read_scenario`.

    >>> parse_scenario(b"nodez: []")
    Traceback (most recent call last):
    kubeactors.cluster.bench.reading.ScenarioError: nodez: unknown key; did you mean "nodes"?
    """
    try:
        data = exact.to_json(text)
    except yamltext.YAMLError as error:
        raise ScenarioError(str(error)) from error
    scenario = with_files(decode(data, Scenario), folder)
    wrong = refusal(scenario)
    if wrong:
        raise ScenarioError(wrong)
    return scenario


def with_files(scenario: Scenario, folder: Path) -> Scenario:
    """The scenario with stages in place of their files, and absolute paths.

    Raises:
        ScenarioError: a file is malformed.
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
    """The stages in a file, or in all YAML files of a folder; other objects are ignored."""
    for file in sorted(path.glob("*.yaml")) if path.is_dir() else [path]:
        try:
            for document in documents(file.read_text(encoding="utf-8")):
                data = yamltext.to_json(document)[0]
                if type_of(data).kind == "Stage":
                    yield decode(data, Stage)
        except ValueError as error:
            raise ScenarioError(f"{file}: {error}") from error


def decode(data: bytes, type_: type[S]) -> S:
    """A Struct that forbids unknown fields, from JSON.

    Raises:
        ScenarioError: with the path of the error, and for an unknown key the nearest known one.
    """
    try:
        return exact.decode(data, type_)
    except exact.DecodeError as error:
        raise ScenarioError(str(error)) from error

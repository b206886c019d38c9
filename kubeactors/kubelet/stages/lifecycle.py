"""Which stage of an object is next, and when. Pure; the source of randomness is passed in.

Source: sigs.k8s.io/kwok pkg/utils/lifecycle/{lifecycle,value_duration_from,value_int_from,finalizers}.go (v0.8).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import cast

import msgspec

from kubeactors.apimachinery.time import TimeError, parse_time
from kubeactors.kubelet.stages.functions import ALL
from kubeactors.kubelet.stages.pipeline import TemplateError
from kubeactors.kubelet.stages.query import QueryError, query
from kubeactors.kubelet.stages.stage import Delay, ExpressionFrom, Finalizers, Requirement, Stage, StageSpec, StageStep
from kubeactors.kubelet.stages.template import Template

MILLISECOND = 1_000_000
SECOND = 1_000_000_000
_units = {"ns": 1, "us": 1000, "ms": MILLISECOND, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND}
_part = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|ms|s|m|h)")


class StageError(ValueError):
    """A stage is invalid; the message names it and says why."""


class CompiledStage:
    """A compiled stage.

    Raises:
        StageError: an expression or a template uses an unsupported feature.
    """

    def __init__(self, stage: Stage) -> None:
        self.name: str = stage.metadata.name
        self.kind: str = stage.spec.resource_ref.kind
        self.spec: StageSpec = stage.spec
        self.steps: tuple[StageStep, ...] = stage.spec.all_steps()
        selector = stage.spec.selector
        try:
            self._requirements = [one.requirement for one in selector.match_expressions] if selector is not None else []
            for path in self._paths():
                query(path)
            self.templates: list[Template | None] = [
                Template(one.patch.template, ALL) if one.patch is not None else None for one in self.steps
            ]
        except (QueryError, TemplateError, msgspec.ValidationError) as error:
            raise StageError(f'stage "{self.name}": {error}') from error

    def _paths(self) -> Iterable[str]:
        yield from (one.key for one in self._requirements)
        delay = self.spec.delay or Delay()
        for source in (self.spec.weight_from, delay.duration_from, delay.jitter_duration_from):
            if source is not None:
                yield source.path

    def matches(self, data: Mapping[str, object]) -> bool:
        """Whether the stage's selector matches the object."""
        selector = self.spec.selector
        if selector is None:
            return False
        metadata = cast("Mapping[str, Mapping[str, str]]", data.get("metadata", {}))
        labels, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
        return (
            selector.match_labels.items() <= labels.items()
            and selector.match_annotations.items() <= annotations.items()
            and all(holds(one, data) for one in self._requirements)
        )

    def weight(self, data: Mapping[str, object]) -> int | None:
        """Its weight among the matching stages; None if the object's value is not a number."""
        found = _value(self.spec.weight_from, data)
        match found:
            case str():
                try:
                    return int(found, 0) if found else None
                except ValueError:
                    return None
            case bool() | None:
                return self.spec.weight
            case int() | float():
                return int(found)
            case _:
                return self.spec.weight

    def delay(self, data: Mapping[str, object], wall: int, random: Random) -> int:
        """Nanoseconds until the stage is played."""
        delay = self.spec.delay
        if delay is None:
            return 0
        duration = _duration(delay.duration_from, delay.duration_milliseconds or 0, data, wall)
        if duration is None:
            return 0
        jitter = None
        if delay.jitter_duration_milliseconds is not None or delay.jitter_duration_from is not None:
            jitter = _duration(delay.jitter_duration_from, delay.jitter_duration_milliseconds, data, wall)
        if jitter is None:
            return max(duration, 0)
        return max(jitter if jitter <= duration else duration + random.randrange(jitter - duration), 0)


def holds(requirement: Requirement, data: object) -> bool:
    """Whether an object satisfies a requirement.

    >>> holds(Requirement(key=".a", operator="In", values=("1", "true")), {"a": True})
    True
    """
    found = query(requirement.key).values(data)
    match requirement.operator:
        case "In":
            return any(_text(one) in requirement.values for one in found)
        case "NotIn":
            return not any(_text(one) in requirement.values for one in found)
        case "Exists":
            return bool(found)
        case "DoesNotExist":
            return not found


def choose(stages: Sequence[CompiledStage], data: Mapping[str, object], random: Random) -> CompiledStage | None:
    """The next stage of an object: one of the matching ones, by weight; None if none matches."""
    matching = [one for one in stages if one.matches(data)]
    if len(matching) < 2:
        return matching[0] if matching else None
    weights = [one.weight(data) for one in matching]
    weighed = [(one, weight) for one, weight in zip(matching, weights, strict=True) if weight is not None]
    total = sum(weight for _, weight in weighed)
    if not total:
        return random.choice([one for one, _ in weighed] or matching)
    return random.choices([one for one, _ in weighed], [max(weight, 0) for _, weight in weighed])[0]


def new_finalizers(present: Sequence[str], change: Finalizers) -> tuple[str, ...]:
    """The finalizers after a change.

    >>> from kubeactors.kubelet.stages.stage import Finalizer
    >>> new_finalizers(("a", "b"), Finalizers(add=(Finalizer(value="c"),), remove=(Finalizer(value="a"),)))
    ('b', 'c')
    """
    gone = [one.value for one in change.remove]
    kept = () if change.empty else tuple(one for one in present if one not in gone)
    return (*kept, *(one.value for one in change.add if one.value not in kept))


def parse_duration(text: str) -> int | None:
    """Parse a Go duration to nanoseconds; None if it is malformed.

    >>> parse_duration("1m30s") == 90 * SECOND, parse_duration("soon")
    (True, None)
    """
    unsigned = text.lstrip("+-")
    if not unsigned or _part.sub("", unsigned):
        return 0 if text == "0" else None
    total = sum(int(float(number) * _units[unit]) for number, unit in _part.findall(unsigned))
    return -total if text.startswith("-") else total


def _text(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _value(source: ExpressionFrom | None, data: object) -> object:
    found = query(source.path).values(data) if source is not None else []
    return found[0] if found else None


def _duration(source: ExpressionFrom | None, milliseconds: int | None, data: object, wall: int) -> int | None:
    """The object's value, a time or a duration; or else the default."""
    usual = milliseconds * MILLISECOND if milliseconds is not None else None
    found = _value(source, data)
    if not isinstance(found, str):
        return usual
    if not found:
        return None
    try:
        return parse_time(found) - wall
    except TimeError:
        parsed = parse_duration(found)
        return usual if parsed is None else parsed

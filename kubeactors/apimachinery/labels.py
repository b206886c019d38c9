"""Label selectors, as text (`app=web,tier in (a,b),!old`) and as fields of objects: matching, formatting, validation.

A selector is compiled once: `selector.matches` is a closure, so keep the selector if you match many objects.

Source: apimachinery/pkg/labels/selector.go, pkg/apis/meta/v1/helpers.go, pkg/apis/meta/v1/validation (v1.36).
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, required
from kubeactors.apimachinery.labelparser import parse_requirements
from kubeactors.apimachinery.meta import LabelSelector, LabelSelectorRequirement
from kubeactors.apimachinery.requirement import (
    DOUBLE_EQUALS,
    EQUALS,
    IN,
    OPERATORS,
    Labels,
    Matcher,
    Requirement,
    SelectorError,
    matcher,
    requirement,
)
from kubeactors.apimachinery.shared import Shared

__all__ = [
    "EVERYTHING",
    "NOTHING",
    "Labels",
    "Matcher",
    "Requirement",
    "Selector",
    "SelectorError",
    "format_labels",
    "format_selector",
    "of_labels",
    "of_object",
    "parse",
    "requirement",
    "validate_labels",
    "validate_selector",
]


class Selector:
    """Requirements that must all hold, sorted by key.

    >>> selector = parse("tier notin (front),app=web")
    >>> selector.matches({"app": "web"}), str(selector), selector.exact("app")
    (True, 'app=web,tier notin (front)', 'web')
    """

    __slots__ = ("matches", "requirements")

    def __init__(self, requirements: Sequence[Requirement] = ()) -> None:
        self.requirements: tuple[Requirement, ...] = tuple(sorted(requirements, key=_key))
        self.matches: Matcher = _compiled(self.requirements)
        """Whether an object with these labels is selected."""

    @property
    def empty(self) -> bool:
        """Whether it has no requirements, and so selects everything."""
        return self is not NOTHING and not self.requirements

    def exact(self, key: str) -> str | None:
        """The value that the label must have, if only one matches; for index lookups."""
        for one in self.requirements:
            if one.key == key:
                is_exact = one.operator in (EQUALS, DOUBLE_EQUALS, IN) and len(one.values) == 1
                return one.values[0] if is_exact else None
        return None

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))

    def __repr__(self) -> str:
        return f"Selector({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selector) and self.requirements == other.requirements and self.empty == other.empty

    def __hash__(self) -> int:
        return hash(self.requirements)


@lru_cache(maxsize=4096)
def parse(text: str) -> Selector:
    """The selector in a text; the empty text selects everything.

    Raises:
        SelectorError: the text is malformed.

    >>> parse("a b")
    Traceback (most recent call last):
    kubeactors.apimachinery.requirement.SelectorError: unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt
    """
    return Selector(parse_requirements(text)) if text else EVERYTHING


@Shared
def of_labels(labels: Labels) -> Selector:
    """A selector of objects with all these labels: that of a Service or ReplicationController."""
    return Selector([Requirement(key, EQUALS, (value,)) for key, value in labels.items()])


@Shared
def of_object(selector: LabelSelector | None) -> Selector:
    """The selector of a field: None selects nothing, an empty one everything.

    Raises:
        SelectorError: it is invalid, which validation prevents.

    >>> of_object(LabelSelector(match_labels={"a": "b"})).matches({"a": "b", "c": "d"})
    True
    """
    if selector is None:
        return NOTHING
    found = [requirement(key, EQUALS, (value,)) for key, value in selector.match_labels.items()]
    for one in selector.match_expressions:
        if one.operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
            raise SelectorError(f'"{one.operator}" is not a valid label selector operator')
        found.append(requirement(one.key, OPERATORS[one.operator], one.values))
    return Selector(found)


def format_selector(selector: LabelSelector | None) -> str:
    """A selector as tables print it: `<none>` if it selects nothing or everything.

    >>> format_selector(LabelSelector(match_labels={"b": "2", "a": "1"})), format_selector(None)
    ('a=1,b=2', '<none>')
    """
    try:
        return str(of_object(selector)) or "<none>"
    except SelectorError:
        return "<error>"


def format_labels(labels: Labels) -> str:
    """Labels as tables print them.

    >>> format_labels({"b": "2", "a": "1"}), format_labels({})
    ('a=1,b=2', '<none>')
    """
    return ",".join(sorted(f"{key}={value}" for key, value in labels.items())) or "<none>"


def validate_labels(labels: Labels, path: str) -> Iterator[FieldError]:
    """Each key is a qualified name, each value a label value."""
    for key, value in labels.items():
        for message in names.qualified_name(key):
            yield invalid(path, key, message)
        for message in names.label_value(value):
            yield invalid(path, value, message)


def validate_selector(selector: LabelSelector | None, path: str) -> Iterator[FieldError]:
    """Validate the selector of a field."""
    if selector is None:
        return
    yield from validate_labels(selector.match_labels, f"{path}.matchLabels")
    for index, one in enumerate(selector.match_expressions):
        yield from _validate_expression(one, f"{path}.matchExpressions[{index}]")


def _validate_expression(one: LabelSelectorRequirement, path: str) -> Iterator[FieldError]:
    if one.operator in ("In", "NotIn"):
        if not one.values:
            yield required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif one.operator in ("Exists", "DoesNotExist"):
        if one.values:
            yield forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    else:
        yield invalid(f"{path}.operator", one.operator, "not a valid selector operator")
    for message in names.qualified_name(one.key):
        yield invalid(f"{path}.key", one.key, message)
    for index, value in enumerate(one.values):
        for message in names.label_value(value):
            yield invalid(f"{path}.values[{index}]", value, message)


def _key(one: Requirement) -> str:
    return one.key


def _compiled(requirements: Sequence[Requirement]) -> Matcher:
    """A closure; for equality requirements alone it runs no Python code per requirement."""
    equal = {one.key: one.values[0] for one in requirements if one.operator in (EQUALS, DOUBLE_EQUALS)}
    if len(equal) < len(requirements):
        matchers = tuple(map(matcher, requirements))
        return matchers[0] if len(matchers) == 1 else lambda labels: all(matches(labels) for matches in matchers)
    if len(equal) == 1:
        ((key, value),) = equal.items()
        return lambda labels: labels.get(key) == value
    pairs = equal.items()
    return lambda labels: pairs <= labels.items()


EVERYTHING = Selector()
NOTHING = Selector()
NOTHING.matches = lambda _: False

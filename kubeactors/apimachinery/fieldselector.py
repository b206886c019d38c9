r"""Field selectors: `metadata.name=a,spec.nodeName!=b`, with `\,`, `\=` and `\\` for these characters in a value.

An object is matched by the `fields` of its kind: a dict of strings by field.

Source: apimachinery/pkg/fields/selector.go; apimachinery/pkg/runtime/conversion.go for the usual fields (v1.36).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

import msgspec

Fields = Mapping[str, str]

METADATA_FIELDS = ("metadata.name", "metadata.namespace")
"""The fields that every kind supports."""

_operator = re.compile("!=|==|=")
_term = re.compile(r"(?:[^\\,]|\\.|\\$)+", re.DOTALL)


class FieldSelectorError(ValueError):
    """The selector is malformed, or names an unsupported field; the message is Kubernetes'."""


class Term(msgspec.Struct, frozen=True, gc=False):
    """A requirement: the field has, or (`equal` false) does not have, the value."""

    field: str
    value: str
    equal: bool = True

    def __str__(self) -> str:
        return f"{self.field}{'=' if self.equal else '!='}{escape(self.value)}"


class FieldSelector:
    """Requirements that must all hold.

    >>> selector = parse("spec.nodeName=n1,metadata.name!=a")
    >>> selector.matches({"spec.nodeName": "n1", "metadata.name": "b"}), selector.exact("spec.nodeName")
    (True, 'n1')
    """

    __slots__ = ("matches", "terms")

    def __init__(self, terms: Iterable[Term] = ()) -> None:
        self.terms: tuple[Term, ...] = tuple(terms)
        self.matches: Callable[[Fields], bool] = _compiled(self.terms)
        """Whether an object with these fields is selected; a missing field is empty."""

    @property
    def empty(self) -> bool:
        """Whether it selects everything."""
        return not self.terms

    def exact(self, field: str) -> str | None:
        """The value that the field must have, if only one matches; for index lookups."""
        return next((one.value for one in self.terms if one.field == field and one.equal), None)

    def __str__(self) -> str:
        return ",".join(map(str, self.terms))

    def __repr__(self) -> str:
        return f"FieldSelector({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldSelector) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(self.terms)


@lru_cache(maxsize=4096)
def parse(text: str) -> FieldSelector:
    """The selector in a text; the empty text selects everything.

    Raises:
        FieldSelectorError: the text is malformed.

    >>> parse("metadata.name")
    Traceback (most recent call last):
    kubeactors.apimachinery.fieldselector.FieldSelectorError: invalid selector: 'metadata.name'; can't understand 'metadata.name'
    """
    return FieldSelector([_parsed(part, text) for part in sorted(_term.findall(text))]) if text else EVERYTHING


def require_known(selector: FieldSelector, known: Iterable[str] = ()) -> None:
    """Check that the fields are supported: those that all kinds have, and `known` ones.

    Raises:
        FieldSelectorError: one is not.

    >>> require_known(parse("status.replicas=0"))
    Traceback (most recent call last):
    kubeactors.apimachinery.fieldselector.FieldSelectorError: "status.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"
    """
    others = tuple(known)
    for one in selector.terms:
        if one.field in METADATA_FIELDS or one.field in others:
            continue
        if others:
            raise FieldSelectorError(f"field label not supported: {one.field}")
        raise FieldSelectorError(
            f'"{one.field}" is not a known field selector: only "metadata.name", "metadata.namespace"'
        )


def escape(value: str) -> str:
    r"""A value escaped for a selector.

    >>> escape("a=b,c")
    'a\\=b\\,c'
    """
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")


def unescape(text: str) -> str:
    r"""The value of an escaped text.

    Raises:
        FieldSelectorError: a special character is not escaped, or an ordinary one is.

    >>> unescape(r"a\=b\,c")
    'a=b,c'
    """
    value: list[str] = []
    characters = iter(text)
    for char in characters:
        if char in ",=":
            raise FieldSelectorError(f"invalid field selector: unescaped character in value: {ord(char)}")
        if char != "\\":
            value.append(char)
            continue
        escaped = next(characters, "")
        if not escaped or escaped not in "\\,=":
            raise FieldSelectorError(f"invalid field selector: invalid escape sequence: \\{escaped}")
        value.append(escaped)
    return "".join(value)


def _parsed(part: str, text: str) -> Term:
    found = _operator.search(part)
    if not found:
        raise FieldSelectorError(f"invalid selector: '{text}'; can't understand '{part}'")
    return Term(part[: found.start()], unescape(part[found.end() :]), found[0] != "!=")


def _compiled(terms: tuple[Term, ...]) -> Callable[[Fields], bool]:
    if len(terms) == 1:
        return _matcher(terms[0])
    matchers = tuple(map(_matcher, terms))
    return lambda fields: all(matches(fields) for matches in matchers)


def _matcher(one: Term) -> Callable[[Fields], bool]:
    field, value = one.field, one.value
    if one.equal:
        return lambda fields: fields.get(field, "") == value
    return lambda fields: fields.get(field, "") != value


EVERYTHING = FieldSelector()

"""The parser of label selectors: `app=web,tier in (a,b),!old`.

Source: apimachinery/pkg/labels/selector.go (v1.36).
"""

import re

from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import invalid
from kubeactors.apimachinery.requirement import (
    DOUBLE_EQUALS,
    EQUALS,
    EXISTS,
    GREATER,
    IN,
    LESS,
    NOT_EQUALS,
    NOT_EXISTS,
    NOT_IN,
    Requirement,
    SelectorError,
    requirement,
)

_BINARY = (IN, NOT_IN, EQUALS, DOUBLE_EQUALS, NOT_EQUALS, GREATER, LESS)
_END = ""
_token = re.compile(r"==|!=|[=!(),<>]|[^=!(),<> \t\r\n]+")


def parse_requirements(text: str) -> list[Requirement]:
    """The requirements in the order of the text.

    Raises:
        SelectorError: the text is malformed.

    >>> parse_requirements("tier in (b,a),!old")
    [Requirement(key='tier', operator='in', values=('a', 'b')), Requirement(key='old', operator='!', values=())]
    """
    return _Parser(text).parse()


class _Parser:
    """A recursive descent parser, with Kubernetes' messages for unexpected tokens."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = [*_token.findall(text), _END]
        self._at = 0

    def parse(self) -> list[Requirement]:
        found: list[Requirement] = []
        while (literal := self._peek()) != _END:
            if not _starts_requirement(literal):
                raise SelectorError(f"found '{literal}', expected: !, identifier, or 'end of string'")
            found.append(self._requirement_or_reason())
            self._separator()
        return found

    def _separator(self) -> None:
        literal = self._take()
        if literal == _END:
            self._at -= 1
        elif literal != ",":
            raise SelectorError(f"found '{literal}', expected: ',' or 'end of string'")
        elif not _starts_requirement(self._peek()):
            raise SelectorError(f"found '{self._peek()}', expected: identifier after ','")

    def _requirement_or_reason(self) -> Requirement:
        try:
            return self._requirement()
        except SelectorError as error:
            raise SelectorError(f"unable to parse requirement: {error}") from None

    def _requirement(self) -> Requirement:
        literal = self._take()
        negated = literal == "!"
        key = self._take() if negated else literal
        if not _is_identifier(key):
            raise SelectorError(f"found '{key}', expected: identifier")
        if messages := names.qualified_name(key):
            raise SelectorError(str(invalid("<nil>", key, "; ".join(messages))))
        if negated:
            return requirement(key, NOT_EXISTS)
        if self._peek() in (_END, ","):
            return requirement(key, EXISTS)
        operator = self._operator()
        values = self._values() if operator in (IN, NOT_IN) else (self._exact_value(),)
        return requirement(key, operator, values)

    def _operator(self) -> str:
        literal = self._take()
        operator = {">": GREATER, "<": LESS}.get(literal, literal)
        if literal in ("gt", "lt") or operator not in _BINARY:
            raise SelectorError(f"found '{literal}', expected: {', '.join(_BINARY)}")
        return operator

    def _exact_value(self) -> str:
        if self._peek() in (_END, ","):
            return ""
        literal = self._take()
        if not _is_identifier(literal):
            raise SelectorError(f"found '{literal}', expected: identifier")
        return literal

    def _values(self) -> tuple[str, ...]:
        literal = self._take()
        if literal != "(":
            raise SelectorError(f"found '{literal}' expected: '('")
        literal = self._peek()
        if literal == ")":
            self._take()
            return ("",)
        if literal != "," and not _is_identifier(literal):
            raise SelectorError(f"found '{literal}', expected: ',', ')' or identifier")
        found = self._identifiers()
        self._take()
        return tuple(sorted(found))

    def _identifiers(self) -> dict[str, None]:
        """The values in parentheses; nothing between two commas is an empty value."""
        found: dict[str, None] = {}
        while True:
            literal = self._take()
            if _is_identifier(literal):
                found[literal] = None
                if self._peek() == ")":
                    return found
                if self._peek() != ",":
                    raise SelectorError(f"found '{self._peek()}', expected: ',' or ')'")
            elif literal == ",":
                if not found or self._peek() in (")", ","):
                    found[""] = None
                if self._peek() == ")":
                    return found
            else:
                raise SelectorError(f"found '{literal}', expected: ',', or identifier")

    def _peek(self) -> str:
        return self._tokens[self._at]

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]


def _is_identifier(literal: str) -> bool:
    return literal not in (_END, "==", "!=") and literal not in "=!(),<>"


def _starts_requirement(literal: str) -> bool:
    return literal == "!" or _is_identifier(literal)

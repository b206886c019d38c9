"""The command `expr`.

Source: POSIX.1-2024, Utilities, expr; busybox 1.37 for `match`, `length`, `substr`, `index` and for error messages.
"""

import re
from collections.abc import Callable

from kubeactors.kubelet.runtimes.shell.expression_parser import BadExpression
from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.regular_expressions import at_start

_COMPARISONS: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    "=": lambda order: order == 0,
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
    ">=": lambda order: order >= 0,
    ">": lambda order: order > 0,
}
_WRONG = 2


def expr(call: Call) -> int:
    """Print the value of an expression. The exit code is 1 if it is null or zero, and 2 if it is malformed."""
    if not call.arguments:
        raise UsageError("too few arguments", _WRONG)
    value = evaluated(call.arguments)
    call.say(f"{value}\n")
    return int(_is_null(value))


def evaluated(words: list[str]) -> str:
    r"""The value of an expression.

    >>> evaluated(["1", "+", "2", "*", "3"]), evaluated(["abc", ":", r"a\(.\)"]), evaluated(["b", "<", "a"])
    ('7', 'b', '0')

    Raises:
        UsageError: it is malformed.
    """
    parser = _Parser(words)
    value = parser.either()
    if parser.peek() is not None:
        raise UsageError("syntax error", _WRONG)
    return value


def _is_null(value: str) -> bool:
    return not value or (_is_number(value) and not int(value))


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d{1,20}", text, re.ASCII) is not None


class _Parser:
    """Evaluates while it parses; operators of lower precedence first."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._place = 0

    def peek(self) -> str | None:
        """The next word; None at the end."""
        return self._words[self._place] if self._place < len(self._words) else None

    def either(self) -> str:
        """`|`."""
        value = self._both()
        while self._takes("|"):
            other = self._both()
            value = (other or "0") if _is_null(value) else value
        return value

    def _both(self) -> str:
        value = self._comparison()
        while self._takes("&"):
            other = self._comparison()
            value = "0" if _is_null(value) or _is_null(other) else value
        return value

    def _comparison(self) -> str:
        value = self._sum()
        while (operator := self.peek()) in _COMPARISONS:
            self._place += 1
            value = str(int(_COMPARISONS[operator](_order(value, self._sum()))))
        return value

    def _sum(self) -> str:
        value = self._product()
        while (operator := self.peek()) in {"+", "-"}:
            self._place += 1
            one, other = _integer(value), _integer(self._product())
            value = str(one + other if operator == "+" else one - other)
        return value

    def _product(self) -> str:
        value = self._match()
        while (operator := self.peek()) in {"*", "/", "%"}:
            self._place += 1
            value = str(_multiplied(_integer(value), operator, _integer(self._match())))
        return value

    def _match(self) -> str:
        value = self._single()
        while self._takes(":"):
            value = _matched(value, self._single())
        return value

    def _single(self) -> str:
        word = self._next()
        match word:
            case "(":
                value = self.either()
                if not self._takes(")"):
                    raise UsageError("syntax error", _WRONG)
                return value
            case "length" if self._has(1):
                return str(len(self._single()))
            case "match" if self._has(2):
                return _matched(self._single(), self._single())
            case "index" if self._has(2):
                text, letters = self._single(), self._single()
                return str(next((place for place, one in enumerate(text, 1) if one in letters), 0))
            case "substr" if self._has(3):
                text, start, length = self._single(), _integer(self._single()), _integer(self._single())
                return text[start - 1 : start - 1 + length] if start > 0 and length > 0 else ""
            case _ if word in {")", "|", "&", "+", "-", "*", "/", "%", ":", *_COMPARISONS}:
                raise UsageError("syntax error", _WRONG)
            case _:
                return word

    def _has(self, count: int) -> bool:
        return len(self._words) - self._place >= count

    def _takes(self, word: str) -> bool:
        if self.peek() != word:
            return False
        self._place += 1
        return True

    def _next(self) -> str:
        word = self.peek()
        if word is None:
            raise UsageError("syntax error", _WRONG)
        self._place += 1
        return word


def _integer(text: str) -> int:
    if not _is_number(text):
        raise UsageError("non-numeric argument", _WRONG)
    return int(text)


def _order(one: str, other: str) -> int:
    if _is_number(one) and _is_number(other):
        return int(one) - int(other)
    return (one > other) - (one < other)


def _multiplied(one: int, operator: str, other: int) -> int:
    """Division rounds to zero."""
    if operator == "*":
        return one * other
    if not other:
        raise UsageError("division by zero", _WRONG)
    quotient = abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1)
    return quotient if operator == "/" else one - quotient * other


def _matched(text: str, pattern: str) -> str:
    r"""What `:` yields: the first group of the match at the start, or without groups its length.

    >>> _matched("abc", "b*"), _matched("abc", r"\(x\)")
    ('0', '')
    """
    try:
        expression = at_start(pattern)
        found = expression.search(text)
    except BadExpression:
        raise UsageError(f"bad regex '{pattern}'", _WRONG) from None
    if expression.groups:
        return found[1] if found is not None else ""
    return str(len(found[0]) if found is not None else 0)

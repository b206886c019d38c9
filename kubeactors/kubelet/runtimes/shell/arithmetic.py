"""Arithmetic expansion, `$((...))`, of 64-bit integers.

Source: POSIX.1-2024, Shell Command Language, 2.6.4 Arithmetic Expansion, with the operators and precedence of C.
"""

import re
from collections.abc import Callable, MutableMapping

_token = re.compile(
    r"\s*(?:(\d+#\w+|0[xX][0-9a-fA-F]+|\d+)|([A-Za-z_]\w*)|(\*\*|<<=?|>>=?|[<>=!]=|&&|\|\||\+\+|--|[-+*/%&|^]=|.))"
)
_BITS = 64
MAX_TOKENS, MAX_PARENTHESES, MAX_NAMES = 200, 20, 10
"""The maximum length and depth of expressions, and the nesting of variables whose values are expressions."""
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<=", ">=", "<", ">"),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)


def _divided(one: int, other: int) -> int:
    """Division as in C: it truncates towards zero."""
    if not other:
        raise ArithmeticFailure("divide by zero")
    whole = abs(one) // abs(other)
    return whole if (one < 0) == (other < 0) else -whole


_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "||": lambda a, b: int(bool(a or b)),
    "&&": lambda a, b: int(bool(a and b)),
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "&": lambda a, b: a & b,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<=": lambda a, b: int(a <= b),
    ">=": lambda a, b: int(a >= b),
    "<": lambda a, b: int(a < b),
    ">": lambda a, b: int(a > b),
    "<<": lambda a, b: a << (b % _BITS),
    ">>": lambda a, b: a >> (b % _BITS),
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divided,
    "%": lambda a, b: a - b * _divided(a, b),
}
_STEPS = {"++": 1, "--": -1}
_ASSIGNING = ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=")


class ArithmeticFailure(ValueError):
    """The expression is invalid; the message is busybox's."""


def evaluate(expression: str, variables: MutableMapping[str, str]) -> int:
    """The value of an expression, which may assign to variables.

    >>> evaluate("i = i + 1, i * 2 > 3 ? 10 : 20", {"i": "1"})
    10

    Raises:
        ArithmeticFailure: it is invalid, or divides by zero.
    """
    return _wrapped(_Evaluation(expression, variables).whole())


class _Evaluation:
    def __init__(self, expression: str, variables: MutableMapping[str, str], depth: int = 0) -> None:
        self._variables = variables
        self._depth = depth
        self._skips = 0
        """The nesting of operands that are parsed only, since `&&`, `||` or `?` do not evaluate them."""
        self._tokens = [found[1] or found[2] or found[3] for found in _token.finditer(expression.strip())]
        self._at = 0

    def whole(self) -> int:
        if not self._tokens:
            return 0
        if len(self._tokens) > MAX_TOKENS or self._tokens.count("(") > MAX_PARENTHESES:
            raise ArithmeticFailure("arithmetic syntax error")
        value = self._comma()
        if self._at < len(self._tokens):
            raise ArithmeticFailure("arithmetic syntax error")
        return value

    def _comma(self) -> int:
        value = self._assignment()
        while self._take(","):
            value = self._assignment()
        return value

    def _assignment(self) -> int:
        name, operator = self._peek(), self._peek(1)
        if not name.isidentifier() or operator not in _ASSIGNING:
            return self._choice()
        self._at += 2
        value = self._assignment()
        if operator != "=":
            value = self._operation(operator[:-1], self._value_of(name), value)
        return self._assign(name, value)

    def _choice(self) -> int:
        value = self._binary(0)
        if not self._take("?"):
            return value
        yes = self._evaluated(self._assignment, wanted=bool(value))
        if not self._take(":"):
            raise ArithmeticFailure("arithmetic syntax error")
        no = self._evaluated(self._choice, wanted=not value)
        return yes if value else no

    def _evaluated(self, operand: Callable[[], int], *, wanted: bool) -> int:
        """Parse an operand; without effects if it is not `wanted`."""
        self._skips += not wanted
        value = operand()
        self._skips -= not wanted
        return value

    def _binary(self, level: int) -> int:
        if level == len(_LEVELS):
            return self._power()
        value = self._binary(level + 1)
        while self._peek() in _LEVELS[level]:
            operator = self._next()
            wanted = operator not in {"&&", "||"} or bool(value) == (operator == "&&")
            other = self._evaluated(lambda: self._binary(level + 1), wanted=wanted)
            value = self._operation(operator, value, other)
        return value

    def _operation(self, operator: str, one: int, other: int) -> int:
        if self._skips and not other:
            return 0
        return _wrapped(_OPERATIONS[operator](one, other))

    def _power(self) -> int:
        value = self._unary()
        if not self._take("**"):
            return value
        exponent = self._power()
        if exponent < 0:
            raise ArithmeticFailure("exponent less than 0")
        return _wrapped(pow(value, exponent, 1 << _BITS))

    def _unary(self) -> int:
        token = self._next()
        match token:
            case "-":
                return -self._unary()
            case "+":
                return self._unary()
            case "!":
                return int(not self._unary())
            case "~":
                return ~self._unary()
            case "++" | "--" if self._peek().isidentifier():
                name = self._next()
                return self._assign(name, self._value_of(name) + _STEPS[token])
            case "(":
                value = self._comma()
                if not self._take(")"):
                    raise ArithmeticFailure("arithmetic syntax error")
                return value
            case "++" | "--":
                return self._unary()  # two signs
            case _:
                return self._operand(token)

    def _operand(self, token: str) -> int:
        if not token.isidentifier():
            return _number(token)
        value = self._value_of(token)
        if self._peek() in _STEPS:
            self._assign(token, value + _STEPS[self._next()])
        return value

    def _value_of(self, name: str) -> int:
        text = self._variables.get(name, "").strip() or "0"
        if text.isdecimal():
            return _number(text)
        if self._depth >= MAX_NAMES:
            raise ArithmeticFailure("expression recursion loop detected")
        return _Evaluation(text, self._variables, self._depth + 1).whole()

    def _assign(self, name: str, value: int) -> int:
        value = _wrapped(value)
        if not self._skips:
            self._variables[name] = str(value)
        return value

    def _peek(self, ahead: int = 0) -> str:
        place = self._at + ahead
        return self._tokens[place] if place < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _take(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self._at += 1
        return True


def _number(text: str) -> int:
    base, sharp, digits = text.partition("#")
    try:
        if sharp:
            return int(digits, int(base))
        if text[:2].lower() == "0x":
            return int(text, 16)
        return int(text, 8) if text.startswith("0") and len(text) > 1 else int(text)
    except ValueError:
        raise ArithmeticFailure("arithmetic syntax error") from None


def _wrapped(value: int) -> int:
    half = 1 << (_BITS - 1)
    return (value + half) % (1 << _BITS) - half

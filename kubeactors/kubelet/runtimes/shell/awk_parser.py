"""Compiles awk expressions: each becomes a generator function of the program's state.

Source: POSIX.1-2024, Utilities, awk, Grammar; error messages are busybox 1.37's.
"""

import re
from collections.abc import Callable

from kubeactors.kubelet.runtimes.shell import awk_calls as functions
from kubeactors.kubelet.runtimes.shell import awk_code as code
from kubeactors.kubelet.runtimes.shell.awk_code import Expression, Function, Name, Place
from kubeactors.kubelet.runtimes.shell.awk_functions import FUNCTIONS
from kubeactors.kubelet.runtimes.shell.awk_tokens import BUILT_IN, KEYWORDS, TokenReader
from kubeactors.kubelet.runtimes.shell.awk_values import as_text
from kubeactors.kubelet.runtimes.shell.printing import escaped

MAX_DEPTH = 30
"""The maximum depth of nested expressions and statements."""
_regex = re.compile(r"(?:[ \t]|\\\n)*/((?:\\.|\[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\\n])*\]|[^/\\\n])+|)/")
_bare_name = re.compile(r"\s*([A-Za-z_]\w*)\s*(?=[,)])")
_ASSIGNMENTS = ("=", "+=", "-=", "*=", "/=", "%=", "^=", "**=")
_COMPARISONS = ("<", "<=", "==", "!=", ">=", ">")
_ONE, _ZERO = code.constant(1.0), code.constant(0.0)


class ExpressionParser(TokenReader):
    """A recursive-descent parser of expressions."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._is_printed = False
        """Whether a `>` would be a redirection."""
        self._locals: dict[str, int] = {}
        """The parameters of the function."""
        self._functions: dict[str, Function] = {}

    def _variable(self) -> Name:
        name = self._name()
        return self._locals.get(name, name)

    # Expressions, lowest precedence first.

    def _expression(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse("Too deeply nested")
        condition = self._either()
        if self._takes("?"):
            self._skip("\n")
            one = self._expression()
            self._skip("\n")
            self._expect(":")
            self._skip("\n")
            condition = code.selects(condition, one, self._expression())
        self._depth -= 1
        return condition

    def _either(self) -> Expression:
        one = self._both()
        while self._takes("||"):
            self._skip("\n")
            one = code.selects(one, _ONE, self._truth(self._both()))
        return one

    def _both(self) -> Expression:
        one = self._member()
        while self._takes("&&"):
            self._skip("\n")
            one = code.selects(one, self._truth(self._member()), _ZERO)
        return one

    @staticmethod
    def _truth(one: Expression) -> Expression:
        return code.selects(one, _ONE, _ZERO)

    def _member(self) -> Expression:
        one = self._matched()
        while self._takes("in"):
            one = code.is_in(one, self._variable())
        return one

    def _matched(self) -> Expression:
        one = self._compared()
        while self._sees("~", "!~"):
            mark = self._take()
            one = code.matches(one, self._pattern(self._compared), wanted=mark == "~")
        return one

    def _compared(self) -> Expression:
        one = self._piped()
        marks = _COMPARISONS[:-1] if self._is_printed else _COMPARISONS
        return code.compares(self._take(), one, self._piped()) if self._sees(*marks) else one

    def _piped(self) -> Expression:
        one = self._joined()
        while self._sees("|"):
            before = self._at
            self._take()
            if not self._takes("getline"):
                self._at = before
                break
            one = functions.reads("|", one, self._place())
        return one

    def _joined(self) -> Expression:
        one = self._sum()
        while self._begins_operand():
            one = code.joins(one, self._sum())
        return one

    def _begins_operand(self) -> bool:
        kind, text = self._peek()
        if kind == "name":
            return text not in KEYWORDS
        return kind in {"number", "string"} or (kind == "mark" and text in {"$", "(", "!", "++", "--"})

    def _sum(self) -> Expression:
        one = self._product()
        while self._sees("+", "-"):
            one = code.computes(self._take(), one, self._product())
        return one

    def _product(self) -> Expression:
        one = self._unary()
        while self._sees("*", "/", "%"):
            one = code.computes(self._take(), one, self._unary())
        return one

    def _unary(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse("Too deeply nested")
        if self._takes("!"):
            one = code.denies(self._unary())
        elif self._sees("+", "-"):
            one = code.computes(self._take(), _ZERO, self._unary())
        else:
            one = self._assigned()
            if self._takes("^", "**"):
                one = code.computes("^", one, self._unary())
        self._depth -= 1
        return one

    def _assigned(self) -> Expression:
        before = self._take() if self._sees("++", "--") else ""
        place = self._place()
        if place is None:
            return self._primary()
        if before:
            return code.counts(place, before, after=False)
        if self._sees("++", "--"):
            return code.counts(place, self._take(), after=True)
        if self._sees(*_ASSIGNMENTS):
            mark = self._take()
            self._skip("\n")
            return code.assigns(place, mark, self._expression())
        return code.content(place)

    def _place(self) -> Place | None:
        kind, text = self._peek()
        if kind == "mark" and text == "$":
            self._take()
            return code.field(self._field_number())
        if kind != "name" or text in KEYWORDS or text in BUILT_IN or self._is_call(text):
            return None
        name = self._variable()
        return code.element(name, self._key()) if self._takes("[") else code.variable(name)

    def _field_number(self) -> Expression:
        if self._sees("++", "--", "-", "+", "!"):
            return self._unary()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse("Too deeply nested")
        place = self._place()
        self._depth -= 1
        return self._primary() if place is None else code.content(place)

    def _is_call(self, name: str) -> bool:
        return name not in BUILT_IN and self._is_followed_by("(")

    def _key(self) -> Expression:
        parts = self._list("]")
        return code.key(parts) if parts else self._refuse()

    def _list(self, end: str) -> tuple[Expression, ...]:
        """Parse expressions up to a mark, within which a `>` compares."""
        before, self._is_printed = self._is_printed, False
        found: list[Expression] = []
        self._skip("\n")
        while not self._takes(end):
            found.append(self._expression())
            self._skip("\n")
            if not self._sees(end):
                self._expect(",")
                self._skip("\n")
        self._is_printed = before
        return tuple(found)

    def _pattern(self, otherwise: Callable[[], Expression]) -> Expression:
        """Parse a regular expression, or an expression that yields one."""
        found = _regex.match(self._text, self._at)
        if found is None:
            return otherwise()
        self._at = found.end()
        return code.constant(found[1].replace("\\/", "/"))

    def _primary(self) -> Expression:
        if _regex.match(self._text, self._at) is not None:
            return code.matches(code.content(code.RECORD), self._pattern(self._expression), wanted=True)
        kind, text = self._peek()
        match kind:
            case "number":
                self._take()
                return code.constant(float(text))
            case "string":
                self._take()
                return code.constant(escaped(text[1:-1].replace("\\\n", "")).replace("\\/", "/"))
            case "name" if text == "getline":
                self._take()
                return self._getline()
            case "name" if text not in KEYWORDS:
                return self._call(self._take())
            case _:
                return self._grouped()

    def _getline(self) -> Expression:
        place = self._place()
        if not self._takes("<"):
            return functions.reads("", None, place)
        source = self._place()
        return functions.reads("<", self._primary() if source is None else code.content(source), place)

    def _grouped(self) -> Expression:
        """Parse `(EXPRESSION)`, or `(KEY, KEY) in ARRAY`."""
        self._expect("(")
        parts = self._list(")")
        if len(parts) > 1 and self._takes("in"):
            return code.is_in(code.key(parts), self._variable())
        return parts[0] if len(parts) == 1 else self._refuse()

    # Functions.

    def _call(self, name: str) -> Expression:
        if name not in BUILT_IN:
            self._expect("(")
            return functions.invokes(self._functions.setdefault(name, Function()), self._arguments())
        if name == "length":
            return self._length()
        self._expect("(")
        match name:
            case "sub" | "gsub":
                return self._substitution(every=name == "gsub")
            case "split":
                return self._split()
            case "match":
                text = self._expression()
                self._expect(",")
                found = code.calls(functions.found_at, (text, self._pattern(self._expression)))
                self._expect(")")
                return found
            case _:
                return self._plain_call(name, self._list(")"))

    def _plain_call(self, name: str, arguments: tuple[Expression, ...]) -> Expression:
        match name:
            case "rand":
                return code.calls(functions.rand, ())
            case "srand":
                return code.calls(functions.srand, arguments)
            case "systime":
                return code.calls(lambda state, _: float(state.call.now // 1_000_000_000), ())
            case "fflush":
                return _ZERO
            case "system" | "close":
                return functions.waits(name, arguments[0]) if arguments else self._refuse("Too few arguments")
            case "strftime":
                return self._strftime(arguments)
            case _ if not arguments:
                return self._refuse("Too few arguments")
            case _:
                return code.calls(lambda _, values: FUNCTIONS[name](values), arguments)

    def _strftime(self, arguments: tuple[Expression, ...]) -> Expression:
        rest = (code.constant("%a %b %e %H:%M:%S UTC %Y"), self._plain_call("systime", ()))
        arguments += rest[len(arguments) :]
        return code.calls(lambda _, values: FUNCTIONS["strftime"](values), arguments)

    def _arguments(self) -> tuple[tuple[Name | None, Expression], ...]:
        found: list[tuple[Name | None, Expression]] = []
        before, self._is_printed = self._is_printed, False
        self._skip("\n")
        while not self._takes(")"):
            name = self._bare_name()
            found.append((name, _ZERO) if name is not None else (None, self._expression()))
            if not self._sees(")"):
                self._expect(",")
                self._skip("\n")
        self._is_printed = before
        return tuple(found)

    def _bare_name(self) -> Name | None:
        found = _bare_name.match(self._text, self._at)
        if found is None or found[1] in KEYWORDS or found[1] in BUILT_IN:
            return None
        self._at = found.end()
        return self._locals.get(found[1], found[1])

    def _length(self) -> Expression:
        record = code.content(code.RECORD)
        if not self._takes("("):
            return code.calls(lambda _, values: float(len(as_text(values[0]))), (record,))
        name = self._bare_name()
        if name is not None:
            self._expect(")")
            return functions.length_of(name, code.content(code.variable(name)))
        arguments = self._list(")")
        return code.calls(lambda _, values: float(len(as_text(values[0]))), arguments or (record,))

    def _substitution(self, *, every: bool) -> Expression:
        pattern = self._pattern(self._expression)
        self._expect(",")
        replacement = self._expression()
        place = self._place() if self._takes(",") else code.RECORD
        if place is None:
            self._refuse()
        self._expect(")")
        return functions.substitutes(pattern, replacement, place, every=every)

    def _split(self) -> Expression:
        text = self._expression()
        self._expect(",")
        name = self._variable()
        separator = self._pattern(self._expression) if self._takes(",") else code.content(code.variable("FS"))
        self._expect(")")
        return functions.splits(text, name, separator)

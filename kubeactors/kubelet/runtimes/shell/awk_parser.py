"""Compiles awk programs: each expression and statement becomes a function of the program's state.

Unsupported and rejected are user-defined functions, `getline`, `do`, pipes and redirections.

Source: POSIX.1-2024, Utilities, awk, Grammar.
"""

import re
from collections.abc import Callable
from typing import NoReturn, TypeAlias

import msgspec

from kubeactors.kubelet.runtimes.shell import awk_code as code
from kubeactors.kubelet.runtimes.shell.awk_code import Expression, Place, Statement
from kubeactors.kubelet.runtimes.shell.awk_state import FUNCTIONS, AwkState, Break, Continue, Exit, Next, as_number
from kubeactors.kubelet.runtimes.shell.printing import escaped

_token = re.compile(
    r"""(?:[ \t\r]|\\\n|\#[^\n]*)*(?:
    (?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)
    |(?P<string>"(?:\\.|[^"\\])*")
    |(?P<name>[A-Za-z_]\w*)
    |(?P<mark>\+\+|--|\+=|-=|\*=|/=|%=|\^=|==|!=|<=|>=|!~|&&|\|\||[-+*/%^!<>~=?:,;(){}\[\]$|\n])
    |(?P<end>$))""",
    re.VERBOSE,
)
_regex = re.compile(r"[ \t]*/((?:\\.|\[(?:\\.|[^\]])*\]|[^/\\\n])+)/")
_each = re.compile(r"\s*(\w+)\s+in\s+(\w+)\s*\)")
_ASSIGNMENTS = ("=", "+=", "-=", "*=", "/=", "%=", "^=")
_COMPARISONS = ("<", "<=", "==", "!=", ">=", ">")
_KEYWORDS = frozenset({"do", "function", "getline", "in", "else", "BEGIN", "END"})

Reader: TypeAlias = "Callable[[], Statement]"


class AwkSyntaxError(ValueError):
    """The program is malformed or uses an unsupported feature."""


class Rule(msgspec.Struct, frozen=True):
    """A rule: an action and up to two patterns. None: every line; one: matching lines; two: a range."""

    body: Statement
    pattern: Expression | None = None
    until: Expression | None = None


class Program(msgspec.Struct, frozen=True):
    """The BEGIN actions, the rules, and the END actions."""

    begin: tuple[Statement, ...]
    rules: tuple[Rule, ...]
    end: tuple[Statement, ...]


def read_program(text: str) -> Program:
    """Compile a program.

    Raises:
        AwkSyntaxError: it is malformed or uses an unsupported feature.
    """
    return _Parser(text).program()


class _Parser:
    """A recursive-descent parser."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    # Tokens.

    def _peek(self) -> tuple[str, str]:
        """The kind and the text of the next token."""
        found = _token.match(self._text, self._at)
        if found is None or found.lastgroup is None:
            return "other", ""
        return found.lastgroup, found[found.lastgroup]

    def _take(self) -> str:
        found = _token.match(self._text, self._at)
        if found is None or found.lastgroup in {None, "end"}:
            self._refuse()
        self._at = found.end()
        return found[str(found.lastgroup)]

    def _sees(self, *marks: str) -> bool:
        kind, text = self._peek()
        return kind in {"mark", "name"} and text in marks

    def _takes(self, *marks: str) -> bool:
        if not self._sees(*marks):
            return False
        self._take()
        return True

    def _expect(self, mark: str) -> None:
        if not self._takes(mark):
            self._refuse()

    def _skip(self, *marks: str) -> None:
        while self._takes(*marks):
            pass

    def _refuse(self) -> NoReturn:
        raise AwkSyntaxError(f"syntax error at '{self._text[self._at : self._at + 20].strip()}'")

    # Rules.

    def program(self) -> Program:
        """Parse the whole program."""
        begin, rules, end = list[Statement](), list[Rule](), list[Statement]()
        self._skip("\n", ";")
        while self._peek()[0] != "end":
            if self._takes("BEGIN"):
                begin.append(self._block())
            elif self._takes("END"):
                end.append(self._block())
            else:
                rules.append(self._rule())
            self._skip("\n", ";")
        return Program(tuple(begin), tuple(rules), tuple(end))

    def _rule(self) -> Rule:
        pattern = None if self._sees("{") else self._expression()
        until = self._expression() if self._takes(",") else None
        return Rule(self._block() if self._sees("{") else code.prints(()), pattern, until)

    def _block(self) -> Statement:
        self._expect("{")
        statements: list[Statement] = []
        self._skip("\n", ";")
        while not self._takes("}"):
            statements.append(self._statement())
            if not self._sees("}"):
                if not self._sees("\n", ";") and self._text[self._at - 1] != "}":
                    self._refuse()
                self._skip("\n", ";")
        return code.sequence(tuple(statements))

    # Statements.

    def _statement(self) -> Statement:
        self._skip("\n")
        if self._sees("{"):
            return self._block()
        readers: dict[str, Reader] = {
            "print": lambda: code.prints(self._printed()),
            "printf": lambda: code.prints_formatted(self._printed()),
            "if": self._if,
            "while": self._while,
            "for": self._for,
            "delete": self._delete,
            "next": lambda: code.raises(Next),
            "break": lambda: code.raises(Break),
            "continue": lambda: code.raises(Continue),
            "exit": self._exit,
        }
        kind, text = self._peek()
        if kind == "name" and text in readers:
            self._take()
            return readers[text]()
        return code.evaluates(self._expression())

    def _is_at_end(self) -> bool:
        return self._sees("\n", ";", "}") or self._peek()[0] == "end"

    def _printed(self) -> tuple[Expression, ...]:
        if self._is_at_end():
            return ()
        found = [self._expression(prints=True)]
        while self._takes(","):
            found.append(self._expression(prints=True))
        if not self._is_at_end():
            self._refuse()
        return tuple(found)

    def _in_parentheses(self) -> Expression:
        self._expect("(")
        found = self._expression()
        self._expect(")")
        return found

    def _if(self) -> Statement:
        condition, body = self._in_parentheses(), self._statement()
        before = self._at
        self._skip("\n", ";")
        if self._takes("else"):
            return code.chooses(condition, body, self._statement())
        self._at = before
        return code.chooses(condition, body, code.sequence(()))

    def _while(self) -> Statement:
        condition = self._in_parentheses()
        return code.loops(condition, self._statement(), code.sequence(()))

    def _for(self) -> Statement:
        self._expect("(")
        found = _each.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
            return code.loops_over(found[1], found[2], self._statement())
        nothing = code.sequence(())
        first = nothing if self._sees(";") else self._statement()
        self._expect(";")
        condition = code.constant(1.0) if self._sees(";") else self._expression()
        self._expect(";")
        step = nothing if self._sees(")") else self._statement()
        self._expect(")")
        return code.sequence((first, code.loops(condition, self._statement(), step)))

    def _delete(self) -> Statement:
        name = self._take()
        return code.deletes(name, self._key() if self._takes("[") else None)

    def _exit(self) -> Statement:
        value = code.constant(0.0) if self._is_at_end() else self._expression()

        def leave(state: AwkState) -> None:
            raise Exit(int(as_number(value(state))))

        return leave

    # Expressions, lowest precedence first. `prints`: a `>` would be a redirection.

    def _expression(self, *, prints: bool = False) -> Expression:
        condition = self._either(prints=prints)
        if not self._takes("?"):
            return condition
        one = self._expression(prints=prints)
        self._expect(":")
        return code.selects(condition, one, self._expression(prints=prints))

    def _either(self, *, prints: bool) -> Expression:
        one = self._both(prints=prints)
        while self._takes("||"):
            self._skip("\n")
            one = code.either(one, self._both(prints=prints))
        return one

    def _both(self, *, prints: bool) -> Expression:
        one = self._matched(prints=prints)
        while self._takes("&&"):
            self._skip("\n")
            one = code.both(one, self._matched(prints=prints))
        return one

    def _matched(self, *, prints: bool) -> Expression:
        one = self._compared(prints=prints)
        while self._sees("~", "!~", "in"):
            mark = self._take()
            if mark == "in":
                one = code.is_in(one, self._take())
            else:
                one = code.matches(one, self._pattern(), wanted=mark == "~")
        return one

    def _compared(self, *, prints: bool) -> Expression:
        one = self._joined()
        marks = _COMPARISONS[:-1] if prints else _COMPARISONS
        return code.compares(self._take(), one, self._joined()) if self._sees(*marks) else one

    def _joined(self) -> Expression:
        one = self._sum()
        while self._begins_operand():
            one = code.joins(one, self._sum())
        return one

    def _begins_operand(self) -> bool:
        kind, text = self._peek()
        return kind in {"number", "string"} or (kind == "name" and text != "in") or text in {"$", "("}

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
        if self._takes("!"):
            return code.denies(self._unary())
        if self._sees("+", "-"):
            return code.computes(self._take(), code.constant(0.0), self._unary())
        one = self._assigned()
        return code.computes("^", one, self._unary()) if self._takes("^") else one

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
            value = self._expression()
            return code.assigns(place, value if mark == "=" else code.computes(mark[0], place.get, value))
        return place.get

    def _place(self) -> Place | None:
        kind, text = self._peek()
        if kind == "mark" and text == "$":
            self._take()
            place = self._place()
            return code.field(self._primary() if place is None else place.get)
        if kind != "name" or text in FUNCTIONS or text in {"sub", "gsub", "split"}:
            return None
        if text in _KEYWORDS:
            self._refuse()
        name = self._take()
        return code.element(name, self._key()) if self._takes("[") else code.variable(name)

    def _key(self) -> Expression:
        parts = [self._expression()]
        while self._takes(","):
            parts.append(self._expression())
        self._expect("]")
        return code.key(tuple(parts))

    def _pattern(self) -> Expression:
        """Parse a regular expression, or an expression that yields one."""
        found = _regex.match(self._text, self._at)
        if found is None:
            return self._joined()
        self._at = found.end()
        return code.constant(found[1].replace("\\/", "/"))

    def _primary(self) -> Expression:
        if _regex.match(self._text, self._at) is not None:
            return code.matches(code.field(code.constant(0.0)).get, self._pattern(), wanted=True)
        kind, text = self._peek()
        match kind:
            case "number":
                self._take()
                return code.constant(float(text))
            case "string":
                self._take()
                return code.constant(escaped(text[1:-1]))
            case "name":
                return self._call(self._take())
            case _:
                return self._in_parentheses()

    def _call(self, name: str) -> Expression:
        if name == "length" and not self._sees("("):
            return code.calls(FUNCTIONS[name], (code.field(code.constant(0.0)).get,))
        self._expect("(")
        match name:
            case "sub" | "gsub":
                found = self._substitution(every=name == "gsub")
            case "split":
                found = self._split()
            case _:
                arguments: list[Expression] = []
                while not self._sees(")"):
                    arguments.append(self._expression())
                    self._takes(",")
                found = code.calls(FUNCTIONS[name], tuple(arguments))
        self._expect(")")
        return found

    def _substitution(self, *, every: bool) -> Expression:
        pattern = self._pattern()
        self._expect(",")
        replacement = self._expression()
        place = self._place() if self._takes(",") else code.field(code.constant(0.0))
        if place is None:
            self._refuse()
        return code.substitutes(pattern, replacement, place, every=every)

    def _split(self) -> Expression:
        text = self._expression()
        self._expect(",")
        name = self._take()
        separator = self._pattern() if self._takes(",") else code.variable("FS").get
        return code.splits(text, name, separator)

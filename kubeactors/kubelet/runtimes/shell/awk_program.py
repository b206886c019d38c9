"""Compiles awk programs: rules, functions and statements.

Source: POSIX.1-2024, Utilities, awk, Grammar; error messages are busybox 1.37's.
"""

import re
from collections.abc import Callable

import msgspec

from kubeactors.kubelet.runtimes.shell import awk_code as code
from kubeactors.kubelet.runtimes.shell import awk_statements as statements
from kubeactors.kubelet.runtimes.shell.awk_code import Expression, Function, Statement
from kubeactors.kubelet.runtimes.shell.awk_parser import MAX_DEPTH, ExpressionParser
from kubeactors.kubelet.runtimes.shell.awk_statements import Target
from kubeactors.kubelet.runtimes.shell.awk_tokens import AwkSyntaxError

_each = re.compile(r"\s*(\w+)\s+in\s+(\w+)\s*\)")
_NOTHING = statements.sequence(())


class Rule(msgspec.Struct, frozen=True):
    """A rule: an action and up to two patterns. None: every record; one: matching records; two: a range."""

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
        AwkSyntaxError: it is malformed.
    """
    return _ProgramParser(text).program()


class _ProgramParser(ExpressionParser):
    def program(self) -> Program:
        """Parse the whole program."""
        begin, rules, end = list[Statement](), list[Rule](), list[Statement]()
        self._skip("\n", ";")
        while self._peek()[0] != "end":
            if self._takes("BEGIN"):
                begin.append(self._block())
            elif self._takes("END"):
                end.append(self._block())
            elif self._takes("function", "func"):
                self._function()
            else:
                rules.append(self._rule())
            self._skip("\n", ";")
        if any(one.body is None for one in self._functions.values()):
            raise AwkSyntaxError("Call to undefined function", 1)
        return Program(tuple(begin), tuple(rules), tuple(end))

    def _function(self) -> None:
        function = self._functions.setdefault(self._name(), Function())
        self._expect("(")
        self._locals = {}
        while not self._takes(")"):
            self._locals[self._name()] = len(self._locals)
            self._skip("\n")
            if not self._sees(")"):
                self._expect(",")
                self._skip("\n")
        self._skip("\n")
        function.count = len(self._locals)
        function.body = self._block()
        self._locals = {}

    def _rule(self) -> Rule:
        if self._sees("{"):
            return Rule(self._block())
        pattern, until = self._expression(), None
        if self._takes(","):
            self._skip("\n")
            until = self._expression()
        return Rule(self._block() if self._sees("{") else statements.prints(()), pattern, until)

    def _block(self) -> Statement:
        self._expect("{")
        found: list[Statement] = []
        self._skip("\n", ";")
        while not self._takes("}"):
            found.append(self._statement())
            if not self._sees("}"):
                if not self._sees("\n", ";") and self._text[self._at - 1] not in "};\n":
                    self._refuse()
                self._skip("\n", ";")
        return statements.sequence(tuple(found))

    # Statements.

    def _statement(self) -> Statement:
        self._skip("\n")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse("Too deeply nested")
        found = self._any_statement()
        self._depth -= 1
        return found

    def _any_statement(self) -> Statement:
        if self._sees("{"):
            return self._block()
        if self._takes(";"):
            return _NOTHING
        readers: dict[str, Callable[[], Statement]] = {
            "print": lambda: self._printed(statements.prints),
            "printf": lambda: self._printed(statements.prints_formatted),
            "if": self._if,
            "while": self._while,
            "do": self._do,
            "for": self._for,
            "delete": self._delete,
            "next": lambda: statements.raises(statements.Next),
            "nextfile": lambda: statements.raises(statements.NextFile),
            "break": lambda: statements.raises(statements.Break),
            "continue": lambda: statements.raises(statements.Continue),
            "exit": lambda: statements.exits(None if self._is_at_end() else self._expression()),
            "return": lambda: statements.returns(code.constant("") if self._is_at_end() else self._expression()),
        }
        kind, text = self._peek()
        if kind == "name" and text in readers:
            self._take()
            return readers[text]()
        return statements.evaluates(self._expression())

    def _is_at_end(self) -> bool:
        return self._sees("\n", ";", "}") or self._peek()[0] == "end"

    def _printed(self, statement: Callable[[tuple[Expression, ...], Target], Statement]) -> Statement:
        self._is_printed = True
        arguments = self._printed_in_parentheses()
        if arguments is None:
            arguments = self._printed_plainly()
        target: Target = None
        if self._sees(">", ">>", "|"):
            target = (self._take(), self._joined())
        self._is_printed = False
        if not self._is_at_end():
            self._refuse()
        if statement is statements.prints_formatted and not arguments:
            self._refuse("Too few arguments")
        return statement(arguments, target)

    def _printed_in_parentheses(self) -> tuple[Expression, ...] | None:
        """Parse `(EXPRESSION, ...)` if that is all to print."""
        before = self._at
        if not self._takes("("):
            return None
        arguments = self._list(")")
        if arguments and (self._is_at_end() or self._sees(">", ">>", "|")):
            return arguments
        self._at = before
        return None

    def _printed_plainly(self) -> tuple[Expression, ...]:
        if self._is_at_end() or self._sees(">", ">>", "|"):
            return ()
        found = [self._expression()]
        while self._takes(","):
            self._skip("\n")
            found.append(self._expression())
        return tuple(found)

    def _condition(self) -> Expression:
        self._expect("(")
        found = self._expression()
        self._expect(")")
        return found

    def _if(self) -> Statement:
        condition, body = self._condition(), self._statement()
        before = self._at
        self._skip("\n", ";")
        if self._takes("else"):
            return statements.chooses(condition, body, self._statement())
        self._at = before
        return statements.chooses(condition, body, _NOTHING)

    def _while(self) -> Statement:
        condition = self._condition()
        return statements.loops(condition, self._statement(), _NOTHING)

    def _do(self) -> Statement:
        body = self._statement()
        self._skip("\n", ";")
        self._expect("while")
        return statements.loops(self._condition(), body, _NOTHING, at_least_once=True)

    def _for(self) -> Statement:
        self._expect("(")
        found = _each.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
            name, array = (self._locals.get(one, one) for one in found.groups())
            return statements.loops_over(name, array, self._statement())
        first = _NOTHING if self._sees(";") else self._any_statement()
        self._expect(";")
        self._skip("\n")
        condition = code.constant(1.0) if self._sees(";") else self._expression()
        self._expect(";")
        self._skip("\n")
        step = _NOTHING if self._sees(")") else self._any_statement()
        self._expect(")")
        return statements.sequence((first, statements.loops(condition, self._statement(), step)))

    def _delete(self) -> Statement:
        name = self._variable()
        return statements.deletes(name, self._key() if self._takes("[") else None)

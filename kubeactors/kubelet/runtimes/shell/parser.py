"""The parser of shell scripts.

Unsupported are aliases; the extensions of bash (`((`, `<(...)`) are rejected, except `[[ ]]`, arrays, `&>`, `$'...'`
and `function`.

Source: POSIX.1-2024, Shell Command Language, 2.3 Token Recognition and 2.10 Shell Grammar.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from kubeactors.kubelet.runtimes.shell.tree import (
    AndOr,
    Case,
    Command,
    Conditional,
    For,
    Function,
    Group,
    If,
    Pipeline,
    Redirection,
    Script,
    Simple,
    Test,
    Text,
    While,
    Word,
)
from kubeactors.kubelet.runtimes.shell.words import ShellSyntaxError, Unfinished, WordReader

MAX_DEPTH = 40
"""The maximum nesting of constructs."""
_name = re.compile(r"[A-Za-z_]\w*")
_assignment = re.compile(r"([A-Za-z_]\w*(?:\[\d+\])?)=")
_expression = re.compile(r"\S+")
_function = re.compile(r"(?:function[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*\([ \t]*\)|function[ \t]+([A-Za-z_][\w.-]*)")
_plain = re.compile(r"[^\s;&|<>()\"'`$\\]+(?=[\s;&|<>()]|$)")
_redirection = re.compile(r"([0-9]?)(>>|>\||>&|<&|<<-|<<|<>|>|<)|(&>)")
DECLARING = frozenset({"export", "readonly", "local"})
"""Built-in commands whose arguments may be assignments."""
_RESERVED = frozenset({"then", "else", "elif", "fi", "do", "done", "esac", "}", "in"})
KEYWORDS = _RESERVED | {"!", "{", "[[", "case", "for", "function", "if", "until", "while"}


@lru_cache(maxsize=1024)
def parse(text: str) -> Script:
    """Parse a script to its tree.

    >>> parse("true && exit 3")[0].rest[0][1].commands[0].words[1].literal
    '3'

    Raises:
        Unfinished: more lines are needed.
        ShellSyntaxError: it is malformed or uses an unsupported feature.
    """
    return Parser(text).whole()


class Parser(WordReader):
    """A recursive-descent parser."""

    at: int
    depth: int

    def whole(self) -> Script:
        """Parse the whole script."""
        script = self._list(frozenset())
        if not self.is_over:
            self.refuse()
        return script

    def nested(self, text: str) -> Script:
        """See `WordReader`."""
        return parse(text)

    def substituted(self) -> Script:
        """See `WordReader`."""
        script = self._list(frozenset())
        self._expect(")")
        return script

    # Lists.

    def _list(self, ends: frozenset[str]) -> Script:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ShellSyntaxError("too deep")
        items: list[AndOr] = []
        while True:
            self._skip_lines()
            if self.is_over or self.sees(")") or self.sees(";;") or self._reserved() in ends:
                break
            item = self._and_or()
            items.append(self._separated(item))
        self.depth -= 1
        return tuple(items)

    def _separated(self, item: AndOr) -> AndOr:
        """Parse the separator after an item: `;`, `&`, or the end of a line or list."""
        if self.sees("&") and not self.sees("&&"):
            self.at += 1
            return AndOr(item.first, item.rest, background=True)
        if self.sees(";") and not self.sees(";;"):
            self.at += 1
        elif not self.ends_with("\n);"):
            self.refuse()
        return item

    def _body(self, *ends: str) -> Script:
        """Parse a non-empty list up to one of these words, which is not consumed."""
        script = self._list(frozenset(ends))
        if self.is_over:
            raise Unfinished(f'unexpected end of file (expecting "{ends[-1]}")')
        if not script:
            self.refuse()
        return script

    def _and_or(self) -> AndOr:
        first = self._pipeline()
        rest: list[tuple[str, Pipeline]] = []
        while self.sees("&&") or self.sees("||"):
            link = self.text[self.at : self.at + 2]
            self.at += 2
            self._skip_lines()
            rest.append((link, self._pipeline()))
        return AndOr(first, tuple(rest))

    def _pipeline(self) -> Pipeline:
        negated = self._take_word("!")
        commands = [self._command()]
        while self.sees("|") and not self.sees("||"):
            self.at += 1
            self._skip_lines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated)

    # Commands.

    def _command(self) -> Command:
        self.skip_blanks()
        if self.is_over:
            raise Unfinished("unexpected end of file")
        word = self._reserved()
        if self.sees("("):
            self.at += 1
            body = self._list(frozenset())
            self._expect(")")
            return Group(body, subshell=True, redirections=self._redirections())
        if word == "{":
            self._take_word("{")
            body = self._body("}")
            self._take_word("}")
            return Group(body, subshell=False, redirections=self._redirections())
        compounds: dict[str, Callable[[], Command]] = {
            "if": self._if,
            "for": self._for,
            "case": self._case,
            "[[": self._conditional,
        }
        compound = compounds.get(word)
        if compound is not None:
            return compound()
        if word in {"while", "until"}:
            self._take_word(word)
            condition = self._body("do")
            return While(condition, self._do(), word == "until", self._redirections())
        if word in _RESERVED:
            self.refuse()
        found = _function.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
            self._skip_lines()
            return Function(found[1] or found[2], self._command())
        return self._simple()

    def _if(self) -> If:
        self._take_word("if")
        branches: list[tuple[Script, Script]] = []
        while True:
            condition = self._body("then")
            self._take_word("then")
            branches.append((condition, self._body("elif", "else", "fi")))
            if not self._take_word("elif"):
                break
        otherwise = self._body("fi") if self._take_word("else") else ()
        self._take_word("fi")
        return If(tuple(branches), otherwise, self._redirections())

    def _for(self) -> For:
        self._take_word("for")
        found = _name.match(self.text, self.at)
        if found is None:
            self.refuse()
        self.at = found.end()
        self._skip_lines()
        words: tuple[Word, ...] | None = None
        if self._take_word("in"):
            words = tuple(self._words())
        self.skip_blanks()
        if self.sees(";"):
            self.at += 1
        self._skip_lines()
        return For(found[0], words, self._do(), self._redirections())

    def _do(self) -> Script:
        self._skip_lines()
        if not self._take_word("do"):
            self.refuse()
        body = self._body("done")
        self._take_word("done")
        return body

    def _case(self) -> Case:
        self._take_word("case")
        word = self.word()
        self._skip_lines()
        if not self._take_word("in"):
            self.refuse()
        branches: list[tuple[tuple[Word, ...], Script]] = []
        while True:
            self._skip_lines()
            if self._take_word("esac"):
                break
            branches.append(self._branch())
        return Case(word, tuple(branches), self._redirections())

    def _branch(self) -> tuple[tuple[Word, ...], Script]:
        if self.sees("("):
            self.at += 1
        patterns = [self.word()]
        self.skip_blanks()
        while self.sees("|"):
            self.at += 1
            self.skip_blanks()
            patterns.append(self.word())
            self.skip_blanks()
        self._expect(")")
        body = self._list(frozenset({"esac"}))
        if self.sees(";;"):
            self.at += 2
        return tuple(patterns), body

    def _conditional(self) -> Conditional:
        """Parse `[[ ... ]]`, without parentheses in it."""
        self._take_word("[[")
        either: list[tuple[Test, ...]] = []
        all_: list[Test] = []
        while True:
            self._skip_lines()
            all_.append(Test(negated=self._take_word("!"), words=tuple(self._tested())))
            if self.sees("||"):
                either.append(tuple(all_))
                all_.clear()
            elif not self.sees("&&"):
                break
            self.at += 2
        if not self._take_word("]]"):
            self.refuse()
        return Conditional((*either, tuple(all_)), self._redirections())

    def _tested(self) -> list[Word]:
        """Parse the words of a test; a regular expression ends at a blank."""
        words: list[Word] = []
        while True:
            self._skip_lines()
            if self._reserved() == "]]" or self.sees("&&") or self.sees("||"):
                return words
            if len(words) == 1 and not self.is_over and self.char in "<>":
                words.append(Word((Text(self.char),)))
                self.at += 1
            elif len(words) == 2 and words[1].literal == "=~":
                words.append(self._expression())
            else:
                words.append(self.word())

    def _expression(self) -> Word:
        if not self.is_over and self.char in "\"'$":
            return self.word()
        found = _expression.match(self.text, self.at)
        if found is None:
            self.refuse()
        self.at = found.end()
        return Word((Text(found[0]),))

    def _simple(self) -> Simple:
        assignments: list[tuple[str, Word]] = []
        arrays: list[tuple[str, tuple[Word, ...]]] = []
        words: list[Word] = []
        redirections: list[Redirection] = []
        while True:
            self.skip_blanks()
            redirection = self._redirection()
            if redirection is not None:
                redirections.append(redirection)
                continue
            if self.ends_with("\n;&|()"):
                break
            found = None if words else _assignment.match(self.text, self.at)
            if found is None:
                words.append(self.word(assigned=bool(words) and words[0].literal in DECLARING))
                continue
            self.at = found.end()
            if self.sees("("):
                arrays.append((found[1], self._elements()))
            else:
                assignments.append((found[1], Word(()) if self.ends_with(" \t\n;&|()") else self.word(assigned=True)))
        if not (assignments or arrays or words or redirections):
            self.refuse()
        return Simple(tuple(assignments), tuple(words), tuple(redirections), tuple(arrays))

    def _elements(self) -> tuple[Word, ...]:
        """Parse the words of an array, in parentheses."""
        self.at += 1
        words: list[Word] = []
        while not self.sees(")"):
            words.append(self.word())
            while not self.is_over and self.char in " \t\r\n":
                self.at += 1
        self.at += 1
        return tuple(words)

    # Redirections.

    def _redirections(self) -> tuple[Redirection, ...]:
        found: list[Redirection] = []
        while True:
            self.skip_blanks()
            one = self._redirection()
            if one is None:
                return tuple(found)
            found.append(one)

    def _redirection(self) -> Redirection | None:
        found = _redirection.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        operator = found[2] or found[3]
        self.skip_blanks()
        target = self.word()
        descriptor = int(found[1]) if found[1] else int(operator[0] != "<")
        if operator in {"<<", "<<-"}:
            return Redirection(descriptor, "<<", self.here_document(target, indented=operator == "<<-"))
        return Redirection(descriptor, operator, target)

    # Tokens.

    def _words(self) -> list[Word]:
        words: list[Word] = []
        while True:
            self.skip_blanks()
            if self.ends_with("\n;"):
                return words
            words.append(self.word())

    def _skip_lines(self) -> None:
        self.skip_blanks()
        while self.sees("\n"):
            self.at += 1
            self.skip_blanks()

    def _reserved(self) -> str:
        """The unquoted word at this position, if there is one; it is not consumed."""
        self.skip_blanks()
        found = _plain.match(self.text, self.at)
        return found[0] if found is not None else ""

    def _take_word(self, word: str) -> bool:
        if self._reserved() != word:
            return False
        self.at += len(word)
        self.skip_blanks()
        return True

    def _expect(self, text: str) -> None:
        self._skip_lines()
        if self.is_over:
            raise Unfinished(f'unexpected end of file (expecting "{text}")')
        if not self.sees(text):
            self.refuse()
        self.at += len(text)

"""The tokens of awk programs. Pure.

Source: POSIX.1-2024, Utilities, awk, Lexical Conventions; error messages are busybox 1.37's.
"""

import re
from typing import NoReturn

from kubeactors.kubelet.runtimes.shell.awk_functions import FUNCTIONS

_token = re.compile(
    r"""(?:[ \t\r]|\\\r?\n|\#[^\n]*)*(?:
    (?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)
    |(?P<string>"(?:\\.|[^"\\\n])*")
    |(?P<name>[A-Za-z_]\w*)
    |(?P<mark>\*\*=|\+\+|--|\+=|-=|\*=|/=|%=|\^=|\*\*|==|!=|<=|>=|>>|!~|&&|\|\||[-+*/%^!<>~=?:,;(){}\[\]$|\n])
    |(?P<end>$))""",
    re.VERBOSE | re.DOTALL,
)
KEYWORDS = frozenset(
    [
        "BEGIN",
        "END",
        "break",
        "continue",
        "delete",
        "do",
        "else",
        "exit",
        "for",
        "func",
        "function",
        "getline",
        "if",
        "in",
        "next",
        "nextfile",
        "print",
        "printf",
        "return",
        "while",
    ]
)
BUILT_IN = frozenset(
    {*FUNCTIONS, *["close", "fflush", "gsub", "length", "match", "rand", "split", "srand", "sub", "system", "systime"]}
)


class AwkSyntaxError(ValueError):
    """The program is malformed."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.line: int = line
        """The line of the program, counted from 1."""


class TokenReader:
    """Reads tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

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

    def _refuse(self, text: str = "Unexpected token") -> NoReturn:
        raise AwkSyntaxError(text, self._text.count("\n", 0, self._at) + 1)

    def _name(self) -> str:
        kind, text = self._peek()
        if kind != "name" or text in KEYWORDS or text in BUILT_IN:
            self._refuse()
        return self._take()

    def _is_followed_by(self, mark: str) -> bool:
        """Whether the next token is directly followed by a mark."""
        found = _token.match(self._text, self._at)
        return found is not None and self._text.startswith(mark, found.end())

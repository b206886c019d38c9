"""The lexical part of the parser: quotes, parameters, substitutions.

Source: POSIX.1-2024, Shell Command Language, 2.2 Quoting and 2.6 Word Expansions.
"""

import re
from typing import NoReturn

from kubeactors.kubelet.runtimes.shell.printing import escaped
from kubeactors.kubelet.runtimes.shell.tree import Arithmetic, Parameter, Piece, Script, Substitution, Text, Word

_parameter = re.compile(r"[A-Za-z_]\w*|[0-9?@*#$!-]")
_name = re.compile(r"[A-Za-z_]\w*|[0-9]+|[?@*#$!-]")
_operator = re.compile(r"(:?[-=+?]|##?|%%?|//?|:)?")
_length = re.compile(r"#([A-Za-z_]\w*|[0-9]+|[?@*#$!-])(?=[\[}])")
_home = re.compile(r"~(?=[/\s;&|<>()]|$)")
_home_in_value = re.compile(r"(?<=[:=])~(?=[/:]|$)")
_ansi = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_back_quoted = re.compile(r"`((?:[^`\\]|\\.)*)`", re.DOTALL)
_blanks = re.compile(r"(?:[ \t\r]|\\\n)+")
_bare = re.compile(r"[^\s;&|<>()\"'`$\\]+")
_in_double_quotes = re.compile(r"[^\"`$\\]+")
_in_braces = re.compile(r"[^\"'`$\\/:}]+")
_HOME = Parameter("HOME", "-", Word((Text("~"),)), quoted=True)
"""Tilde expansion; without `HOME` the tilde remains."""
_MISSING = "unterminated quoted string"


class ShellSyntaxError(ValueError):
    """The script is malformed or uses an unsupported feature; the message is busybox's, if it has one."""


class Unfinished(ShellSyntaxError):
    """The script continues on the next line."""


class WordReader:
    """Reads words from a position in a script.

    Args:
        text: the script.
        depth: the nesting of this script in others.
    """

    def __init__(self, text: str, depth: int = 0) -> None:
        self.text: str = text
        self.at: int = 0
        self.depth: int = depth

    # For the parser of commands.

    def nested(self, text: str) -> Script:
        """Parse a nested script."""
        raise NotImplementedError

    def substituted(self) -> Script:
        """Parse the script up to the closing parenthesis, which is consumed."""
        raise NotImplementedError

    @property
    def is_over(self) -> bool:
        """Whether the end is reached."""
        return self.at >= len(self.text)

    def ends_with(self, characters: str) -> bool:
        """Whether the end or one of these characters follows."""
        return self.is_over or self.char in characters

    @property
    def char(self) -> str:
        """The next character, which must exist."""
        return self.text[self.at]

    def sees(self, text: str) -> bool:
        """Whether this text follows."""
        return self.text.startswith(text, self.at)

    def skip_blanks(self) -> None:
        """Skip to the next token of the line. A comment ends before its newline."""
        found = _blanks.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        if self.sees("#") and (self.at == 0 or self.text[self.at - 1] in " \t\r\n;&|()"):
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end

    def refuse(self) -> NoReturn:
        """Raise a syntax error at this position."""
        found = re.match(r";;|&&|\|\||\n|[;&|<>()]|[^\s;&|<>()]+", self.text[self.at :])
        shown = "newline" if found is None or found[0] == "\n" else f'"{found[0]}"'
        raise ShellSyntaxError(f"unexpected {shown}")

    # Words.

    def word(self, *, assigned: bool = False) -> Word:
        """Read a word; in an assignment a tilde may also follow `=` and `:`."""
        pieces: list[Piece] = []
        if _home.match(self.text, self.at):
            self.at += 1
            pieces.append(_HOME)
        while not self.is_over and self.char not in " \t\r\n;&|<>()":
            pieces += self._piece()
        if not pieces:
            if self.is_over:
                raise Unfinished("unexpected end of file")
            self.refuse()
        return Word(tuple(one for piece in pieces for one in _with_home(piece)) if assigned else tuple(pieces))

    def here_document(self, delimiter: Word, *, indented: bool) -> Word:
        """Read the lines of a here-document up to its delimiter, and remove them from the script."""
        end = delimiter.literal
        if end is None:
            self.refuse()
        start = self.text.find("\n", self.at) + 1
        lines: list[str] = []
        rest = self.text[start:].split("\n") if start else []
        for number, line in enumerate(rest):
            plain = line.lstrip("\t") if indented else line
            if plain == end:
                self.text = self.text[:start] + "\n".join(rest[number + 1 :])
                break
            lines.append(plain + "\n")
        else:
            raise Unfinished("unexpected end of file")
        content = "".join(lines)
        if any(isinstance(one, Text) and one.quoted for one in delimiter.pieces):
            return Word((Text(content, quoted=True),))
        reader = type(self)(content, self.depth)
        return Word(tuple(reader.until("", escapes="$`\\\n")))

    def _piece(self) -> list[Piece]:
        char = self.char
        if char == "'":
            end = self.text.find("'", self.at + 1)
            if end < 0:
                raise Unfinished(_MISSING)
            text, self.at = self.text[self.at + 1 : end], end + 1
            return [Text(text, quoted=True)]
        if char == '"':
            self.at += 1
            return self.until('"') or [Text("", quoted=True)]
        if char == "\\":
            return [self._escaped()]
        if char in "$`":
            return [self._expansion(quoted=False)]
        found = _bare.match(self.text, self.at)
        assert found is not None  # other characters are handled above
        self.at = found.end()
        return [Text(found[0])]

    def _escaped(self) -> Text:
        if self.at + 1 >= len(self.text):
            raise Unfinished("unexpected end of file")
        char = self.text[self.at + 1]
        self.at += 2
        return Text("" if char == "\n" else char, quoted=True)

    def until(self, end: str, escapes: str = '$`"\\\n') -> list[Piece]:
        """Read quoted text up to `end`, which is consumed; an empty `end` means the end of the script.

        A backslash escapes only the given characters.
        """
        pieces: list[Piece] = []
        while not (end and self.sees(end)):
            if self.is_over:
                if end:
                    raise Unfinished(_MISSING)
                return pieces
            found = _in_double_quotes.match(self.text, self.at)
            if found is not None:
                self.at = found.end()
                pieces.append(Text(found[0], quoted=True))
            elif self.char == "\\" and self.at + 1 < len(self.text) and self.text[self.at + 1] in escapes:
                pieces.append(self._escaped())
            elif self.char in "$`":
                pieces.append(self._expansion(quoted=True))
            else:
                pieces.append(Text(self.char, quoted=True))
                self.at += 1
        self.at += len(end)
        return pieces

    # Expansions.

    def _expansion(self, *, quoted: bool) -> Piece:
        if self.char == "`":
            return self._backquoted(quoted=quoted)
        self.at += 1
        ansi = None if quoted else _ansi.match(self.text, self.at)
        if ansi is not None:
            self.at = ansi.end()
            return Text(escaped(ansi[1].replace("\\'", "'")), quoted=True)
        if self.sees("(("):
            return self._arithmetic(quoted=quoted)
        if self.sees("("):
            self.at += 1
            return Substitution(self.substituted(), quoted)
        if self.sees("{"):
            self.at += 1
            return self._braced(quoted=quoted)
        found = _parameter.match(self.text, self.at)
        if found is None:
            return Text("$", quoted=True)
        self.at = found.end()
        return Parameter(found[0], quoted=quoted)

    def _backquoted(self, *, quoted: bool) -> Substitution:
        found = _back_quoted.match(self.text, self.at)
        if found is None:
            raise Unfinished(_MISSING)
        self.at = found.end()
        return Substitution(self.nested(re.sub(r'\\([$`\\"])' if quoted else r"\\([$`\\])", r"\1", found[1])), quoted)

    def _arithmetic(self, *, quoted: bool) -> Arithmetic | Substitution:
        """Read `$((...))`, or a command substitution that begins with a subshell."""
        start, depth = self.at + 2, 0
        for place in range(start, len(self.text)):
            char = self.text[place]
            if char == ")" and not depth and self.text.startswith("))", place):
                reader = type(self)(self.text[start:place], self.depth + 1)
                self.at = place + 2
                return Arithmetic(Word(tuple(reader.until(""))), quoted)
            if char == ")" and not depth:
                self.at += 1
                return Substitution(self.substituted(), quoted)
            depth += (char == "(") - (char == ")")
        raise Unfinished("unexpected end of file")

    def _braced(self, *, quoted: bool) -> Parameter:
        length = _length.match(self.text, self.at)
        found = length or _name.match(self.text, self.at)
        if found is None:
            raise ShellSyntaxError("bad substitution")
        self.at = found.end()
        name, index = found[length is not None], self._index()
        operator = _operator.match(self.text, self.at) if length is None else None
        if operator is not None and operator[0]:
            self.at = operator.end()
            return self._operated(name, index, operator[0], quoted=quoted)
        if self.is_over:
            raise Unfinished(_MISSING)
        if self.char != "}":
            raise ShellSyntaxError("bad substitution")
        self.at += 1
        return Parameter(name, "length" if length is not None else "", None, quoted, index)

    def _operated(self, name: str, index: Word | None, operator: str, *, quoted: bool) -> Parameter:
        """Read the words of an operator. Patterns are not quoted by double quotes around the expansion."""
        in_quotes = quoted and operator[0] not in "#%/"
        separator = operator[0] if operator in {":", "/", "//"} else ""
        word, second = self._until_brace(separator, quoted=in_quotes), None
        if self.text[self.at - 1] != "}":
            second = self._until_brace("", quoted=in_quotes)
        return Parameter(name, operator, word, quoted, index, second)

    def _index(self) -> Word | None:
        """Read the index in brackets, if there is one."""
        if not self.sees("["):
            return None
        depth = 0
        for place in range(self.at, len(self.text)):
            depth += (self.text[place] == "[") - (self.text[place] == "]")
            if not depth:
                reader = type(self)(self.text[self.at + 1 : place], self.depth + 1)
                self.at = place + 1
                return Word(tuple(reader.until("")))
        raise Unfinished(_MISSING)

    def _until_brace(self, separator: str, *, quoted: bool) -> Word:
        """Read up to a brace or separator, which is consumed."""
        pieces: list[Piece] = []
        while not self.sees("}") and not (separator and self.sees(separator)):
            if self.is_over:
                raise Unfinished(_MISSING)
            found = _in_braces.match(self.text, self.at)
            if found is not None:
                self.at = found.end()
                pieces.append(Text(found[0], quoted))
            elif not quoted and self.char in "'\"\\$`":
                pieces += self._piece()
            elif self.char in "$`":
                pieces.append(self._expansion(quoted=True))
            elif self.char == "\\" and self.text[self.at + 1 : self.at + 2] in [*'$`"\\\n}']:
                pieces.append(self._escaped())
            else:
                if self.char != '"':  # inner double quotes change nothing
                    pieces.append(Text(self.char, quoted))
                self.at += 1
        self.at += 1
        return Word(tuple(pieces))


def _with_home(piece: Piece) -> list[Piece]:
    """A piece of an assignment with its tilde expansions."""
    if not isinstance(piece, Text) or piece.quoted or "~" not in piece.text:
        return [piece]
    first, *rest = _home_in_value.split(piece.text)
    return [Text(first), *(one for text in rest for one in (_HOME, Text(text)))]

"""The syntax tree of a script.

Source: POSIX.1-2024, Shell Command Language, 2.10 Shell Grammar.
"""

from typing import TypeAlias

import msgspec


class Text(msgspec.Struct, frozen=True):
    """Literal text. Quoted text is not a pattern."""

    text: str
    quoted: bool = False


class Parameter(msgspec.Struct, frozen=True):
    """`$NAME`, or `${NAME}` with an operator (`:-`, `#`, `%%`, ...) and its word; the operator `length` is `${#NAME}`.

    `${NAME:WORD:SECOND}` and `${NAME/WORD/SECOND}` have a second word, which may be missing. With an index it is an
    element of an array; `@` and `*` are all elements.
    """

    name: str
    operator: str = ""
    word: "Word | None" = None
    quoted: bool = False
    index: "Word | None" = None
    second: "Word | None" = None

    @property
    def is_many(self) -> bool:
        """Whether it may expand to several words even if it is quoted."""
        return self.operator in {"", ":"} and self.selects in ({"@"} if self.quoted else {"@", "*"})

    @property
    def selects(self) -> str:
        """`@` or `*` if it means all positional parameters or all elements; otherwise its name."""
        index = self.index.literal if self.index is not None else None
        return index if index in {"@", "*"} else self.name


class Substitution(msgspec.Struct, frozen=True):
    """A command substitution, `$(...)`."""

    script: "Script"
    quoted: bool = False


class Arithmetic(msgspec.Struct, frozen=True):
    """`$((...))`."""

    expression: "Word"
    quoted: bool = False


Piece: TypeAlias = Text | Parameter | Substitution | Arithmetic


class Word(msgspec.Struct, frozen=True):
    """A word, which expands to any number of arguments."""

    pieces: tuple[Piece, ...]

    @property
    def literal(self) -> str | None:
        """Its text if it has no expansions; None if it has.

        >>> Word((Text("a"), Text(" b", quoted=True))).literal
        'a b'
        """
        texts = [one.text for one in self.pieces if isinstance(one, Text)]
        return "".join(texts) if len(texts) == len(self.pieces) else None


class Redirection(msgspec.Struct, frozen=True):
    """`2>file`, `>>file`, `<file`, `2>&1`; the target of `<<` is the text itself."""

    descriptor: int
    operator: str
    target: Word


class Simple(msgspec.Struct, frozen=True):
    """A simple command: assignments, and a command with its arguments. `arrays` are assignments `NAME=(...)`."""

    assignments: tuple[tuple[str, Word], ...] = ()
    words: tuple[Word, ...] = ()
    redirections: tuple[Redirection, ...] = ()
    arrays: tuple[tuple[str, tuple[Word, ...]], ...] = ()


class Group(msgspec.Struct, frozen=True):
    """`{ ...; }`, or the subshell `( ... )`."""

    body: "Script"
    subshell: bool
    redirections: tuple[Redirection, ...] = ()


class If(msgspec.Struct, frozen=True):
    """Conditions with their branches; `otherwise` is the else branch, possibly empty."""

    branches: tuple[tuple["Script", "Script"], ...]
    otherwise: "Script"
    redirections: tuple[Redirection, ...] = ()


class While(msgspec.Struct, frozen=True):
    """`while` or `until`."""

    condition: "Script"
    body: "Script"
    until: bool
    redirections: tuple[Redirection, ...] = ()


class For(msgspec.Struct, frozen=True):
    """`for NAME in ...`; without words it iterates over the positional parameters."""

    name: str
    words: tuple[Word, ...] | None
    body: "Script"
    redirections: tuple[Redirection, ...] = ()


class Case(msgspec.Struct, frozen=True):
    """`case WORD in PATTERN | PATTERN) ... ;; esac`."""

    word: Word
    branches: tuple[tuple[tuple[Word, ...], "Script"], ...]
    redirections: tuple[Redirection, ...] = ()


class Test(msgspec.Struct, frozen=True):
    """A test in `[[ ... ]]`: up to three words, which are not split, possibly negated."""

    words: tuple[Word, ...]
    negated: bool = False


class Conditional(msgspec.Struct, frozen=True):
    """`[[ ... ]]`: alternatives (`||`), each of tests that must all hold (`&&`)."""

    either: tuple[tuple[Test, ...], ...]
    redirections: tuple[Redirection, ...] = ()


class Function(msgspec.Struct, frozen=True):
    """`NAME() { ...; }`."""

    name: str
    body: "Command"


Command: TypeAlias = Simple | Group | If | While | For | Case | Conditional | Function


class Pipeline(msgspec.Struct, frozen=True):
    """A pipeline, possibly negated by `!`."""

    commands: tuple[Command, ...]
    negated: bool = False


class AndOr(msgspec.Struct, frozen=True):
    """Pipelines connected by `&&` and `||`; in the `background` if `&` follows."""

    first: Pipeline
    rest: tuple[tuple[str, Pipeline], ...] = ()
    background: bool = False


Script: TypeAlias = tuple[AndOr, ...]

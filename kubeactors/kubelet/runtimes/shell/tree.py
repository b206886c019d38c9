"""A script as a tree: what the parser makes and the interpreter walks.

Source: POSIX.1-2024, Shell Command Language, 2.10 Shell Grammar.
"""

from typing import TypeAlias

import msgspec


class Text(msgspec.Struct, frozen=True):
    """Characters. Those that are quoted match only themselves."""

    text: str
    quoted: bool = False


class Parameter(msgspec.Struct, frozen=True):
    """`$NAME`, or `${NAME}` with an operator (`:-`, `#`, `%%`, ...) and its word; the operator `length` is `${#NAME}`.

    With an index it is an element of an array, `@` and `*` are all of them.
    """

    name: str
    operator: str = ""
    word: "Word | None" = None
    quoted: bool = False
    index: "Word | None" = None

    @property
    def is_many(self) -> bool:
        """Whether it may become several words, however it is quoted."""
        index = self.index.literal if self.index is not None else None
        return not self.operator and (self.name == "@" or index == "@")


class Substitution(msgspec.Struct, frozen=True):
    """`$(...)`: what a script writes."""

    script: "Script"
    quoted: bool = False


class Arithmetic(msgspec.Struct, frozen=True):
    """`$((...))`."""

    expression: "Word"
    quoted: bool = False


Piece: TypeAlias = Text | Parameter | Substitution | Arithmetic


class Word(msgspec.Struct, frozen=True):
    """What becomes one argument, several, or none."""

    pieces: tuple[Piece, ...]

    @property
    def literal(self) -> str | None:
        """Its text, if that is known beforehand.

        >>> Word((Text("a"), Text(" b", quoted=True))).literal
        'a b'
        """
        texts = [one.text for one in self.pieces if isinstance(one, Text)]
        return "".join(texts) if len(texts) == len(self.pieces) else None


class Redirection(msgspec.Struct, frozen=True):
    """`2>file`, `>>file`, `<file`, `2>&1`; `<<` has the text itself as its target."""

    descriptor: int
    operator: str
    target: Word


class Simple(msgspec.Struct, frozen=True):
    """Assignments, a command and its arguments. `arrays` are assignments `NAME=(...)`."""

    assignments: tuple[tuple[str, Word], ...] = ()
    words: tuple[Word, ...] = ()
    redirections: tuple[Redirection, ...] = ()
    arrays: tuple[tuple[str, tuple[Word, ...]], ...] = ()


class Group(msgspec.Struct, frozen=True):
    """`{ ...; }`, or `( ... )`, whose variables are its own."""

    body: "Script"
    subshell: bool
    redirections: tuple[Redirection, ...] = ()


class If(msgspec.Struct, frozen=True):
    """Conditions with what follows from them; `otherwise` is empty if there is nothing else to do."""

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
    """`for NAME in ...`; without words, over the arguments of the script."""

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
    """A part of `[[ ... ]]`: up to three words, of which none is split; `!` before them turns it round."""

    words: tuple[Word, ...]
    negated: bool = False


class Conditional(msgspec.Struct, frozen=True):
    """`[[ ... ]]`: one of these holds (`||`), if all its tests do (`&&`)."""

    either: tuple[tuple[Test, ...], ...]
    redirections: tuple[Redirection, ...] = ()


class Function(msgspec.Struct, frozen=True):
    """`NAME() { ...; }`."""

    name: str
    body: "Command"


Command: TypeAlias = Simple | Group | If | While | For | Case | Conditional | Function


class Pipeline(msgspec.Struct, frozen=True):
    """Commands that feed one another; `!` before them turns success round."""

    commands: tuple[Command, ...]
    negated: bool = False


class AndOr(msgspec.Struct, frozen=True):
    """Pipelines with `&&` or `||` before all but the first; in the `background` if `&` follows."""

    first: Pipeline
    rest: tuple[tuple[str, Pipeline], ...] = ()
    background: bool = False


Script: TypeAlias = tuple[AndOr, ...]

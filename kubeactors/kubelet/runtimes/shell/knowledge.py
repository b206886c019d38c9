"""Static analysis of commands: whether they can be simulated, and whether they end. Pure."""

from collections.abc import Iterator
from functools import lru_cache

from kubeactors.kubelet.runtimes.shell.built_ins import BUILT_INS
from kubeactors.kubelet.runtimes.shell.catalogue import find, is_shell
from kubeactors.kubelet.runtimes.shell.parser import parse
from kubeactors.kubelet.runtimes.shell.perl import digits_wanted, perl
from kubeactors.kubelet.runtimes.shell.process_commands import inner_command
from kubeactors.kubelet.runtimes.shell.tree import (
    Arithmetic,
    Case,
    Command,
    Conditional,
    For,
    Function,
    Group,
    If,
    Parameter,
    Script,
    Simple,
    Substitution,
    While,
    Word,
)
from kubeactors.kubelet.runtimes.shell.variable_built_ins import OPTIONS
from kubeactors.kubelet.runtimes.shell.words import ShellSyntaxError

_LEAVING = frozenset({"break", "return", "exit", "exec", "kill", "set", "eval", ".", "source"})
"""Commands that may leave a loop."""


@lru_cache(maxsize=4096)
def is_known(words: tuple[str, ...]) -> bool:
    """Whether a command can be simulated, with all commands of its script. Script files are assumed to be supported.

    >>> is_known(("sleep", "5")), is_known(("sh", "-c", "echo; nginx -t")), is_known(())
    (True, False, False)
    """
    if not words:
        return False
    if not is_shell(words[0]):
        if find(words[0]) is perl:
            return digits_wanted(words) is not None
        inner = inner_command((words[0].rpartition("/")[2], *words[1:]))
        return find(words[0]) is not None and (not inner or is_known(inner))
    _, script, _ = shell_arguments(list(words[1:]))
    return script is None or is_known_script(script)


def is_script(words: tuple[str, ...]) -> bool:
    """Whether a command is a script that can be parsed, whatever commands it uses.

    >>> is_script(("sh", "-c", "make all")), is_script(("make", "all")), is_script(("sh", "-c", "echo 'open"))
    (True, False, False)
    """
    if not words or not is_shell(words[0]):
        return False
    _, script, _ = shell_arguments(list(words[1:]))
    try:
        parse(script or "")
    except ShellSyntaxError:
        return False
    return True


@lru_cache(maxsize=1024)
def is_known_script(text: str) -> bool:
    """Whether a script can be parsed and all its commands are known."""
    try:
        commands = tuple(_simple(parse(text)))
    except ShellSyntaxError:
        return False
    functions = frozenset(one.name for one in commands if isinstance(one, Function))
    return all(_is_known_command(one, functions) for one in commands if isinstance(one, Simple))


def shell_arguments(arguments: list[str]) -> tuple[list[str], str | None, list[str]]:
    """The arguments of a shell: its options, the script of `-c`, and the operands.

    >>> shell_arguments(["-ec", "exit 3", "name"]), shell_arguments(["-eo", "pipefail", "file.sh", "a"])
    ((['e'], 'exit 3', ['name']), (['e', 'pipefail'], None, ['file.sh', 'a']))
    """
    rest, options, wants_script = list(arguments), list[str](), False
    while rest and rest[0][:1] in {"-", "+"} and len(rest[0]) > 1:
        word = rest.pop(0)
        if word == "--":
            break
        for letter in "" if word.startswith("--") else word[1:]:
            name = rest.pop(0) if letter == "o" and rest else letter
            wants_script |= name == "c"
            if word[0] == "-" and name != "c":
                options.append(OPTIONS.get(name, name))
    script = rest.pop(0) if wants_script and rest else None
    return options, script, rest


def never_ends(loop: While) -> bool:
    """Whether a loop is infinite: its condition is always true, and nothing leaves it.

    >>> never_ends(parse("while true; do sleep 1; done")[0].first.commands[0])
    True
    """
    always = "false" if loop.until else "true"
    if [_names(one) for one in _simple(loop.condition)] not in ([always], [":"] if always == "true" else [always]):
        return False
    inside = [one for one in _simple(loop.body) if isinstance(one, Simple) and one.words]
    names = [one.words[0].literal or "" for one in inside]
    return all(one not in _LEAVING and (find(one) is not None or one in BUILT_INS) for one in names)


def _names(command: Simple | Function) -> str | None:
    return command.words[0].literal if isinstance(command, Simple) and len(command.words) == 1 else None


def _is_known_command(command: Simple, functions: frozenset[str]) -> bool:
    words = [one.literal for one in command.words]
    if not words or words[0] is None or words[0] in functions or words[0] in BUILT_INS:
        inner = [one for one in words[1:2] if words and words[0] == "exec" and one is not None]
        return all(find(one) is not None or is_shell(one) for one in inner)
    if None in words[1:]:
        return find(words[0]) is not None or is_shell(words[0])
    return is_known(tuple(one for one in words if one is not None))


def _simple(script: Script) -> Iterator[Simple | Function]:
    """All simple commands of a script, at any depth, and its functions."""
    for item in script:
        for pipeline in (item.first, *(one for _, one in item.rest)):
            for command in pipeline.commands:
                yield from _within(command)


def _within(command: Command) -> Iterator[Simple | Function]:
    if isinstance(command, Simple | Function):
        yield command
    if isinstance(command, Function):
        yield from _within(command.body)
        return
    words, scripts = _parts(command)
    for word in (*words, *(one.target for one in command.redirections)):
        yield from _in_word(word)
    for script in scripts:
        yield from _simple(script)


def _parts(
    command: Simple | Group | If | While | For | Case | Conditional,
) -> tuple[tuple[Word, ...], tuple[Script, ...]]:
    """The words and the scripts within a command."""
    match command:
        case Simple(assignments, words, _, arrays):
            return (*(one for _, one in assignments), *(one for _, each in arrays for one in each), *words), ()
        case Group(body):
            return (), (body,)
        case If(branches, otherwise):
            return (), (*(one for branch in branches for one in branch), otherwise)
        case While(condition, body):
            return (), (condition, body)
        case For(_, words, body):
            return words or (), (body,)
        case Case(word, branches):
            return (word,), tuple(body for _, body in branches)
        case Conditional(either):
            return tuple(word for tests in either for test in tests for word in test.words), ()


def _in_word(word: Word) -> Iterator[Simple | Function]:
    for piece in word.pieces:
        if isinstance(piece, Substitution):
            yield from _simple(piece.script)
        elif isinstance(piece, Arithmetic):
            yield from _in_word(piece.expression)
        elif isinstance(piece, Parameter):
            for one in (piece.word, piece.second, piece.index):
                yield from _in_word(one) if one is not None else ()

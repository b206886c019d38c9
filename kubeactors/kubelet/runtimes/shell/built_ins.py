"""The built-in commands of the shell, which change its state or control flow.

Source: POSIX.1-2024, Shell Command Language, 2.15 Special Built-In Utilities.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from kubeactors.kubelet.runtimes.shell.catalogue import exists
from kubeactors.kubelet.runtimes.shell.executables import file_in_path
from kubeactors.kubelet.runtimes.shell.expansion import ExpansionFailure
from kubeactors.kubelet.runtimes.shell.files import FileError, absolute
from kubeactors.kubelet.runtimes.shell.parser import KEYWORDS, parse
from kubeactors.kubelet.runtimes.shell.processes import Run
from kubeactors.kubelet.runtimes.shell.signal_built_ins import kill, trap, wait
from kubeactors.kubelet.runtimes.shell.variable_built_ins import (
    export,
    getopts,
    let,
    local,
    read,
    read_only,
    set_options,
    shift,
    umask,
    unset,
)
from kubeactors.kubelet.runtimes.shell.words import ShellSyntaxError

if TYPE_CHECKING:
    from kubeactors.kubelet.runtimes.shell.interpreter import Shell

BuiltIn = Callable[["Shell", list[str]], Run]
MAX_OPEN_FILES = 1_048_576
_COMMANDS = frozenset({"[", "echo", "false", "printf", "pwd", "test", "true"})
"""Commands of the catalogue that `type` calls built-in."""


class Exit(Exception):
    """`exit`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code: int = code & 0xFF


class Return(Exit):
    """`return`."""


class Break(Exception):
    """`break` out of this many loops."""

    def __init__(self, levels: int) -> None:
        super().__init__(levels)
        self.levels: int = levels

    def leave(self) -> None:
        """Leave a loop; raises again if outer loops must be left, too."""
        if self.levels > 1:
            self.levels -= 1
            raise self


class Continue(Break):
    """`continue` of an enclosing loop."""


def _ends(code: int) -> Run:
    """A command that ends at once."""
    yield from ()
    return code


def _nothing(_shell: "Shell", _words: list[str]) -> Run:
    return _ends(0)


def _exit(shell: "Shell", words: list[str]) -> Run:
    raise Exit(shell.number("exit", words, shell.status))


def _return(shell: "Shell", words: list[str]) -> Run:
    raise Return(shell.number("return", words, shell.status))


def _break(shell: "Shell", words: list[str]) -> Run:
    levels = min(shell.number("break", words, 1), shell.loops)
    if levels:
        raise Break(levels)
    return _ends(0)


def _continue(shell: "Shell", words: list[str]) -> Run:
    levels = min(shell.number("continue", words, 1), shell.loops)
    if levels:
        raise Continue(levels)
    return _ends(0)


def _cd(shell: "Shell", words: list[str]) -> Run:
    operands = [one for one in words if one not in {"-L", "-P", "--"}]
    wanted = operands[0] if operands else shell.variables.get("HOME", "")
    if wanted == "-":
        wanted = shell.variables.get("OLDPWD", shell.directory)
        shell.say(f"{wanted}\n")
    path = absolute(wanted, shell.directory)
    if not shell.files.is_directory(path):
        reason = "Not a directory" if shell.files.is_file(path) else "No such file or directory"
        shell.complain(f"cd: can't cd to {wanted}: {reason}")
        return _ends(2)
    shell.assign("OLDPWD", shell.directory)
    shell.directory = shell.files.resolved(path) if "-P" in words else path
    shell.assign("PWD", shell.directory)
    return _ends(0)


def _eval(shell: "Shell", words: list[str]) -> Run:
    try:
        script = parse(" ".join(words))
    except ShellSyntaxError as error:
        raise ExpansionFailure(f"eval: syntax error: {error}") from None
    shell.status = 0
    yield from shell.execute(script)
    return shell.status


def _source(shell: "Shell", words: list[str]) -> Run:
    """Run a file in this shell; arguments are its positional parameters."""
    if not words:
        return 0
    arguments = shell.arguments
    try:
        text = shell.files.read(_sourced(shell, words[0])).decode(errors="surrogateescape")
        script = parse(text)
        shell.arguments, shell.status = words[1:] or arguments, 0
        yield from shell.execute(script)
    except FileError as error:
        raise ExpansionFailure(f".: can't open '{words[0]}': {error}") from None
    except ShellSyntaxError as error:
        raise ExpansionFailure(f"{words[0]}: syntax error: {error}") from None
    except Return as left:
        shell.status = left.code
    finally:
        if words[1:]:
            shell.arguments = arguments
    return shell.status


def _sourced(shell: "Shell", name: str) -> str:
    """The path of a file to run; names without slash are looked up in PATH, too."""
    path = absolute(name, shell.directory)
    found = path if "/" in name or shell.files.is_file(path) else file_in_path(shell, name)
    if found is None:
        raise ExpansionFailure(f".: {name}: not found")
    return found


def _exec(shell: "Shell", words: list[str]) -> Run:
    """Without a command make the redirections permanent; with one replace the shell."""
    if not words:
        return 0
    shell.traps.clear()
    shell.machine.on_signal = None
    raise Exit((yield from shell.call(words, shell.environment, shell.streams)))


def _command(shell: "Shell", words: list[str]) -> Run:
    """Run a command that is not a function, or say what it is (`-v`, `-V`)."""
    words = words[1:] if words[:1] in (["-p"], ["--"]) else words
    if not words:
        return 0
    if words[0] == "-V":
        return (yield from _type(shell, words[1:2]))
    if words[0] == "-v":
        name = words[1] if len(words) > 1 else ""
        kind = _kind(shell, name)
        shell.say(f"{kind if kind.startswith('/') else name}\n" if kind else "")
        return 0 if kind else 127
    if words[0] in BUILT_INS:
        return (yield from BUILT_INS[words[0]](shell, words[1:]))
    return (yield from shell.call(words, shell.environment, shell.streams))


def _type(shell: "Shell", words: list[str]) -> Run:
    yield from ()
    code = 0
    for name in words:
        kind = _kind(shell, name)
        shell.say(f"{name} is {kind}\n" if kind else f"{name}: not found\n")
        code = code if kind else 127
    return code


def _kind(shell: "Shell", name: str) -> str:
    """What a command is, or its path; empty if it does not exist."""
    if name in KEYWORDS:
        return "a shell keyword"
    if name in shell.functions:
        return "a function"
    if name in BUILT_INS or name in _COMMANDS:
        return "a shell builtin"
    if exists(name):
        return name if "/" in name else f"/bin/{name}"
    path = absolute(name, shell.directory)
    return (file_in_path(shell, name) or "") if "/" not in name else path if shell.files.is_file(path) else ""


def _hash(shell: "Shell", words: list[str]) -> Run:
    """Look up commands, which are never cached."""
    yield from ()
    missing = [one for one in words if not one.startswith("-") and not _kind(shell, one)]
    for name in missing:
        shell.complain(f"hash: {name}: not found")
    return int(bool(missing))


def _times(shell: "Shell", _words: list[str]) -> Run:
    """Print the processor time, which commands here do not take."""
    shell.say(2 * "0m0.000s 0m0.000s\n")
    return _ends(0)


def _ulimit(shell: "Shell", words: list[str]) -> Run:
    """Print limits. New limits have no effect."""
    if not words or words[-1].startswith("-"):
        shell.say(f"{MAX_OPEN_FILES if words[-1:] == ['-n'] else 'unlimited'}\n")
    return _ends(0)


BUILT_INS: dict[str, BuiltIn] = {
    ":": _nothing,
    ".": _source,
    "break": _break,
    "cd": _cd,
    "command": _command,
    "continue": _continue,
    "eval": _eval,
    "exec": _exec,
    "exit": _exit,
    "export": export,
    "getopts": getopts,
    "hash": _hash,
    "kill": kill,
    "let": let,
    "local": local,
    "read": read,
    "readonly": read_only,
    "return": _return,
    "set": set_options,
    "shift": shift,
    "source": _source,
    "times": _times,
    "trap": trap,
    "type": _type,
    "ulimit": _ulimit,
    "umask": umask,
    "unset": unset,
    "wait": wait,
}
SPECIAL = frozenset({":", ".", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return"}) | {
    *("set", "shift", "source", "times", "trap", "unset")
}
"""Built-in commands whose assignments remain, and whose failed redirections end a script."""

"""The built-in commands of the shell, which change its state or control flow.

Source: POSIX.1-2024, Shell Command Language, 2.15 Special Built-In Utilities.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from kubeactors.kubelet.runtimes.shell.catalogue import find
from kubeactors.kubelet.runtimes.shell.files import absolute
from kubeactors.kubelet.runtimes.shell.parser import parse
from kubeactors.kubelet.runtimes.shell.processes import Process, Run, Until
from kubeactors.kubelet.runtimes.shell.words import ShellSyntaxError

if TYPE_CHECKING:
    from kubeactors.kubelet.runtimes.shell.interpreter import Shell

BuiltIn = Callable[["Shell", list[str]], Run]
SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15}
TERMINATED = 143


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


def signal_name(text: str) -> str | None:
    """The name of a signal, given by name or number; None if it is unknown.

    >>> signal_name("SIGTERM"), signal_name("15"), signal_name("0"), signal_name("x")
    ('TERM', 'TERM', 'EXIT', None)
    """
    name = text.upper().removeprefix("SIG")
    if name in SIGNALS or name == "EXIT":
        return name
    return {"0": "EXIT", **{str(number): one for one, number in SIGNALS.items()}}.get(text)


def _ends(code: int) -> Run:
    """A command that ends at once."""
    yield from ()
    return code


def _number(words: list[str], otherwise: int) -> int:
    return int(words[0]) if words and words[0].isdecimal() else otherwise


def _nothing(_shell: "Shell", _words: list[str]) -> Run:
    return _ends(0)


def _exit(shell: "Shell", words: list[str]) -> Run:
    raise Exit(_number(words, shell.status))


def _return(shell: "Shell", words: list[str]) -> Run:
    raise Return(_number(words, shell.status))


def _break(_shell: "Shell", words: list[str]) -> Run:
    raise Break(_number(words, 1))


def _continue(_shell: "Shell", words: list[str]) -> Run:
    raise Continue(_number(words, 1))


def _cd(shell: "Shell", words: list[str]) -> Run:
    wanted = words[0] if words else shell.variables.get("HOME", "/")
    if wanted == "-":
        wanted = shell.variables.get("OLDPWD", "/")
    path = absolute(wanted, shell.directory)
    if not shell.files.is_directory(path):
        shell.complain(f"cd: can't cd to {wanted}: No such file or directory")
        return _ends(2)
    shell.variables["OLDPWD"], shell.directory = shell.directory, path
    shell.variables["PWD"] = path
    return _ends(0)


def _assigned(shell: "Shell", words: list[str]) -> list[str]:
    """Perform the assignments. Returns the names of all operands."""
    names: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            shell.assign(name, value)
        if not name.startswith("-"):
            names.append(name)
    return names


def _export(shell: "Shell", words: list[str]) -> Run:
    shell.exported |= dict.fromkeys(_assigned(shell, words))
    return _ends(0)


def _read_only(shell: "Shell", words: list[str]) -> Run:
    shell.read_only |= dict.fromkeys(_assigned(shell, words))
    return _ends(0)


def _local(shell: "Shell", words: list[str]) -> Run:
    """Set variables. They outlive the function, since there is no function scope."""
    _assigned(shell, words)
    return _ends(0)


def _unset(shell: "Shell", words: list[str]) -> Run:
    for name in words:
        shell.variables.pop(name, None)
        shell.exported.pop(name, None)
        shell.functions.pop(name, None)
    return _ends(0)


def _set(shell: "Shell", words: list[str]) -> Run:
    rest = list(words)
    while rest and rest[0][:1] in {"-", "+"} and len(rest[0]) > 1:
        word = rest.pop(0)
        if word == "--":
            shell.arguments = rest
            return _ends(0)
        for letter in word[1:]:
            name = rest.pop(0) if letter == "o" and rest else letter
            shell.options[{"errexit": "e", "xtrace": "x"}.get(name, name)] = word[0] == "-"
    if rest:
        shell.arguments = rest
    return _ends(0)


def _shift(shell: "Shell", words: list[str]) -> Run:
    count = _number(words, 1)
    if count > len(shell.arguments):
        return _ends(1)
    shell.arguments = shell.arguments[count:]
    return _ends(0)


def _eval(shell: "Shell", words: list[str]) -> Run:
    try:
        script = parse(" ".join(words))
    except ShellSyntaxError as error:
        shell.complain(f"eval: syntax error: {error}")
        return 2
    shell.status = 0
    yield from shell.execute(script)
    return shell.status


def _source(shell: "Shell", words: list[str]) -> Run:
    text = shell.files.read(absolute(words[0], shell.directory)).decode(errors="surrogateescape") if words else ""
    return _eval(shell, [text])


def _exec(shell: "Shell", words: list[str]) -> Run:
    """Without a command make the redirections permanent; with one replace the shell."""
    if not words:
        return 0
    shell.traps.clear()
    shell.machine.on_signal = None
    env = {name: shell.variables[name] for name in shell.exported if name in shell.variables}
    raise Exit((yield from shell.call(words, env, shell.streams)))


def _command(shell: "Shell", words: list[str]) -> Run:
    if words[:1] == ["-v"]:
        name = words[1] if len(words) > 1 else ""
        if name not in shell.functions and name not in BUILT_INS and find(name) is None:
            return 127
        shell.streams.output.write(f"{name}\n".encode())
        return 0
    env = {name: shell.variables[name] for name in shell.exported if name in shell.variables}
    return (yield from shell.call(words, env, shell.streams))


def _trap(shell: "Shell", words: list[str]) -> Run:
    if len(words) < 2:
        for trapped, script in shell.traps.items():
            shell.streams.output.write(f"trap -- '{script}' {trapped}\n".encode())
        return _ends(0)
    parse(words[0])  # reject syntax errors now
    for word in words[1:]:
        name = signal_name(word)
        if name is None:
            shell.complain(f"trap: {word}: invalid signal specification")
            return _ends(1)
        if words[0] == "-":
            shell.traps.pop(name, None)
        else:
            shell.traps[name] = words[0]
    return _ends(0)


def _wait(shell: "Shell", words: list[str]) -> Run:
    """Wait for the named background processes, or all; a trapped signal ends the wait."""
    waited = shell.children
    if words:
        waited = [one for one in shell.children if str(one.number) in words]
        if not waited:
            shell.complain(f"wait: pid {words[0]} is not a child of this shell")
            return 127
    yield Until(lambda: bool(shell.pending) or all(one.is_over for one in waited))
    if shell.pending:
        return TERMINATED
    return (waited[-1].exit_code or 0) if words else 0


def _kill(shell: "Shell", words: list[str]) -> Run:
    signal: str | None = "TERM"
    if words and words[0].startswith("-"):
        asked = words.pop(0)[1:]
        named = words.pop(0) if asked == "s" and words else asked
        signal = named if named == "0" else signal_name(named)
    if signal is None or not words:
        shell.complain("kill: bad signal")
        return _ends(1)
    code = 0
    for word in words:
        process = _process(shell, word)
        if process is None:
            shell.complain(f"kill: can't kill pid {word}: No such process")
            code = 1
        elif signal != "0":
            _signal(shell, process, signal)
    return _ends(code)


def _process(shell: "Shell", word: str) -> Process | None:
    if word == "1":
        return shell.machine.main
    if word.startswith("%"):
        number = int(word[1:]) - 1 if word[1:].isdecimal() else -1
        return shell.children[number] if 0 <= number < len(shell.children) else None
    found = shell.machine.processes.find(int(word)) if word.isdecimal() else None
    return found if found is not None and found.owner is shell.machine and not found.is_over else None


def _signal(shell: "Shell", process: Process, signal: str) -> None:
    """Signal a process. The first process reacts only to trapped signals; any other is terminated."""
    if process is shell.machine.main:
        shell.machine.signal(signal)
    else:
        process.end(128 + SIGNALS.get(signal, 15))


def _read(shell: "Shell", words: list[str]) -> Run:
    names = [
        one for number, one in enumerate(words) if not one.startswith("-") and words[number - 1 : number] != ["-p"]
    ]
    source = shell.streams.input
    yield Until(lambda: source.has_line)
    line = source.take_line()
    text = line.decode(errors="surrogateescape").rstrip("\n")
    separators = shell.variables.get("IFS", " \t\n")
    names = names or ["REPLY"]
    parts = _split(text, separators, len(names))
    for number, name in enumerate(names):
        shell.assign(name, parts[number] if number < len(parts) else "")
    return int(not line.endswith(b"\n"))


def _split(text: str, separators: str, count: int) -> list[str]:
    """Split into at most `count` parts; the last one is the rest.

    >>> _split(" a  b c ", " ", 2), _split("a:b", ":", 2), _split(" a ", "", 1)
    (['a', 'b c'], ['a', 'b'], [' a '])
    """
    if not separators:
        return [text]
    if not separators.strip():
        return text.strip().split(None, count - 1)
    for one in separators[1:]:
        text = text.replace(one, separators[0])
    return text.split(separators[0], count - 1)


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
    "export": _export,
    "kill": _kill,
    "local": _local,
    "read": _read,
    "readonly": _read_only,
    "return": _return,
    "set": _set,
    "shift": _shift,
    "source": _source,
    "trap": _trap,
    "ulimit": _nothing,
    "umask": _nothing,
    "unset": _unset,
    "wait": _wait,
}

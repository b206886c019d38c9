"""Commands that can be run in containers whose images have none: a handful, simulated.

There are `echo`, `env`, `printenv`, `cat` (of mounted files, or of what is typed), `ls` (of mounted files), `hostname`,
`pwd`, `true`, `false`, `sleep`, `exit`, and `sh` (also `bash`, `ash`): with `-c`, or line by line from what is typed. A
script is commands with `;`, `&&`, `||` and `$NAME` between them: no pipes, no redirections, no quotes across lines.

Source: the words for what is not found are those of runc and busybox.
"""

import re
import shlex
from collections.abc import Callable, Mapping

import msgspec

from kubeactors.kubelet.runtimes.runtime import ExecConfig
from kubeactors.kubelet.runtimes.streams import (
    Ended,
    HungUp,
    Input,
    Output,
    Paused,
    Resized,
    Stderr,
    Stdin,
    StdinClosed,
    Stdout,
)
from kubeactors.message import Recipient

SHELLS = ("sh", "bash", "ash", "/bin/sh", "/bin/bash", "/bin/ash")
NOT_FOUND = 127
HANG_UP = 129
PROMPT = b"$ "
END_OF_INPUT, INTERRUPT = b"\x04", b"\x03"
MAX_SLEEP_SECONDS = 86400.0

_variable = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_links = re.compile(r"(\|\||&&|;|\n)")


class Surroundings(msgspec.Struct, frozen=True):
    """What commands see: environment, files by path, the name of the host."""

    env: Mapping[str, str]
    files: Mapping[str, bytes]
    hostname: str


class Result(msgspec.Struct, frozen=True):
    """What a command wrote, and how it ended. `leaves`: so does the shell."""

    exit_code: int = 0
    output: tuple[Output, ...] = ()
    leaves: bool = False


Command = Callable[[list[str], Surroundings], Result]


def run(words: list[str], around: Surroundings) -> Result:
    r"""Run one command.

    >>> run(["echo", "hello"], Surroundings({}, {}, "web-0")).output
    (Stdout(data=b'hello\n'),)
    """
    if not words:
        return Result()
    name, *arguments = words
    if name in SHELLS and arguments[:1] == ["-c"] and len(arguments) > 1:
        result = run_script(arguments[1], around)
        return Result(result.exit_code, result.output)
    command = _COMMANDS.get(name.rpartition("/")[2])
    if command is None:
        return Result(NOT_FOUND, (Stderr(f"sh: {name}: not found\n".encode()),))
    return command(arguments, around)


def run_script(script: str, around: Surroundings) -> Result:
    r"""Run commands one after the other, each if what stands before it allows.

    >>> run_script("false || echo $A; exit 3", Surroundings({"A": "x"}, {}, "web-0"))
    Result(exit_code=3, output=(Stdout(data=b'x\n'),), leaves=True)
    """
    result, output = Result(), tuple[Output, ...]()
    link = ";"
    for part in _links.split(script):
        if part in {"||", "&&", ";", "\n"}:
            link = part
            continue
        if (link == "&&" and result.exit_code) or (link == "||" and not result.exit_code) or not part.strip():
            continue
        result = _run_part(part, around)
        output += result.output
        if result.leaves:
            break
    return Result(result.exit_code, output, result.leaves)


def exists(command: tuple[str, ...]) -> bool:
    """Whether there is such a command."""
    return bool(command) and (command[0] in SHELLS or command[0].rpartition("/")[2] in _COMMANDS)


def not_found(command: tuple[str, ...]) -> str:
    """What the runtime says of a command that is not there."""
    name = command[0] if command else ""
    return (
        f"OCI runtime exec failed: exec failed: unable to start container process: exec: "
        f'"{name}": executable file not found in $PATH'
    )


class Execution:
    """A command that runs in a container: it is told what is typed, and tells what it writes.

    Without a terminal a command that reads nothing has ended when this is made.
    """

    def __init__(self, config: ExecConfig, hostname: str, output: Recipient[Output]) -> None:
        self._around = Surroundings(config.env, config.files, hostname)
        self._output = output
        self._tty = config.tty
        self._typed = b""
        self._exit_code = 0
        self._over = False
        self._takes: Callable[[bytes], None] = self._shell
        self._begin(config.command)

    def tell(self, message: Input, /) -> bool:
        """Take what is typed."""
        match message:
            case Stdin(data):
                self._typing(data)
            case StdinClosed():
                self._end(self._exit_code)
            case HungUp():
                self._end(HANG_UP)
            case Resized():
                pass
        return not self._over

    def _begin(self, command: tuple[str, ...]) -> None:
        if not exists(command):
            self._over = True
            self._output.tell(Ended(126, not_found(command)))
        elif command[0] in SHELLS and command[1:2] != ("-c",):
            self._prompt()
        elif command == ("cat",):
            self._takes = self._echo
        else:
            self._finish(run(list(command), self._around))

    def _typing(self, data: bytes) -> None:
        if self._over:
            return
        if self._tty:
            data = data.replace(b"\r", b"\n").replace(INTERRUPT, b"\n")
            end = END_OF_INPUT in data
            data = data.partition(END_OF_INPUT)[0]
            self._write(Stdout(data.replace(b"\n", b"\r\n")))
            self._take_lines(data)
            if end:
                self._end(self._exit_code)
        else:
            self._take_lines(data)

    def _take_lines(self, data: bytes) -> None:
        *lines, self._typed = (self._typed + data).split(b"\n")
        for line in lines:
            if not self._over:
                self._takes(line)

    def _echo(self, line: bytes) -> None:
        self._write(Stdout(line + b"\n"))

    def _shell(self, line: bytes) -> None:
        result = run_script(line.decode(errors="replace"), self._around)
        for one in result.output:
            self._write(one)
        self._exit_code = result.exit_code
        if result.leaves:
            self._end(result.exit_code)
        else:
            self._prompt()

    def _prompt(self) -> None:
        if self._tty:
            self._output.tell(Stdout(PROMPT))

    def _finish(self, result: Result) -> None:
        for one in result.output:
            self._write(one)
        self._end(result.exit_code)

    def _write(self, one: Output) -> None:
        """With a terminal there is one stream, and lines end as terminals want."""
        if self._tty and isinstance(one, Stdout | Stderr):
            one = Stdout(one.data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        self._output.tell(one)

    def _end(self, code: int) -> None:
        if not self._over:
            self._over = True
            if self._typed and self._takes == self._echo:
                self._write(Stdout(self._typed))
            self._output.tell(Ended(code))


class Attached:
    """Somebody who looks at a container that writes nothing."""

    def __init__(self, output: Recipient[Output]) -> None:
        self._output = output

    def tell(self, message: Input, /) -> bool:
        """Nobody reads what is typed."""
        if isinstance(message, HungUp):
            self._output.tell(Ended(0))
        return True


def _run_part(part: str, around: Surroundings) -> Result:
    text = _variable.sub(lambda found: around.env.get(found[1] or found[2], ""), part)
    try:
        return run(shlex.split(text), around)
    except ValueError as error:
        return Result(2, (Stderr(f"sh: syntax error: {error}\n".encode()),))


def _said(text: str) -> Result:
    return Result(0, (Stdout(text.encode()),))


def _echo(words: list[str], _: Surroundings) -> Result:
    bare = words[:1] == ["-n"]
    return _said(" ".join(words[bare:]) + ("" if bare else "\n"))


def _env(words: list[str], around: Surroundings) -> Result:
    if words:
        value = around.env.get(words[0])
        return Result(1) if value is None else _said(f"{value}\n")
    return _said("".join(f"{name}={value}\n" for name, value in around.env.items()))


def _cat(words: list[str], around: Surroundings) -> Result:
    output: list[Output] = []
    code = 0
    for path in words:
        content = around.files.get(path)
        if content is None:
            code = 1
            output.append(Stderr(f"cat: can't open '{path}': No such file or directory\n".encode()))
        else:
            output.append(Stdout(content))
    return Result(code, tuple(output))


def _ls(words: list[str], around: Surroundings) -> Result:
    path = (words[-1] if words else "/").rstrip("/") + "/"
    found = dict.fromkeys(
        name.removeprefix(path).partition("/")[0] for name in sorted(around.files) if name.startswith(path)
    )
    if not found and path != "/":
        return Result(1, (Stderr(f"ls: {path.rstrip('/')}: No such file or directory\n".encode()),))
    return _said("".join(f"{name}\n" for name in found))


def _sleep(words: list[str], _: Surroundings) -> Result:
    try:
        seconds = min(max(float(words[0]), 0.0), MAX_SLEEP_SECONDS)
    except (IndexError, ValueError):
        return Result(1, (Stderr(b"sleep: invalid time interval\n"),))
    return Result(0, (Paused(seconds),))


def _exit(words: list[str], _: Surroundings) -> Result:
    code = int(words[0]) & 0xFF if words and words[0].isdecimal() else 0
    return Result(code, leaves=True)


_COMMANDS: dict[str, Command] = {
    "echo": _echo,
    "env": _env,
    "printenv": _env,
    "cat": _cat,
    "ls": _ls,
    "hostname": lambda _, around: _said(f"{around.hostname}\n"),
    "pwd": lambda _words, _around: _said("/\n"),
    "true": lambda _words, _around: Result(),
    "false": lambda _words, _around: Result(1),
    "sleep": _sleep,
    "exit": _exit,
}

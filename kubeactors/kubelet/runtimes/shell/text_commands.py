"""Commands that filter text.

Source: POSIX.1-2024, Utilities; error messages are busybox's.
"""

import re
from collections.abc import Callable, Generator

from kubeactors.kubelet.runtimes.shell.files import File, FileError
from kubeactors.kubelet.runtimes.shell.machine import Call, opened
from kubeactors.kubelet.runtimes.shell.pipes import Pipe, Sink
from kubeactors.kubelet.runtimes.shell.processes import Run, Sleep, Step, Until
from kubeactors.kubelet.runtimes.shell.regular_expressions import with_classes
from kubeactors.kubelet.runtimes.shell.system_commands import Command

FOLLOW_SECONDS = 1.0
"""The polling interval of `tail -f`, in seconds."""


def rest_of(source: Pipe) -> Generator[Step, None, bytes]:
    """Read to the end."""
    pieces: list[bytes] = []
    while True:
        yield Until(lambda: source.is_ready)
        piece = source.take()
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)


def lines_of(source: Pipe) -> Generator[Step, None, list[bytes]]:
    """Read all lines, with their newlines."""
    return (yield from rest_of(source)).splitlines(keepends=True)


def sources_of(call: Call, paths: list[str]) -> tuple[list[tuple[str, Pipe]], int]:
    """The named files, or standard input; and the exit code, nonzero if a file is missing."""
    if not paths:
        return [("", call.streams.input)], 0
    found: list[tuple[str, Pipe]] = []
    code = 0
    for path in paths:
        try:
            found.append((path, call.open(path)))
        except FileError as error:
            what = f"read error: {error}" if str(error) == "Is a directory" else f"can't open '{path}': {error}"
            code = call.complain(what)
    return found, code


def files_of(call: Call, paths: list[str]) -> tuple[list[tuple[str, Pipe]], int]:
    """Like `sources_of`, with the messages of commands that read by lines."""
    found: list[tuple[str, Pipe]] = []
    code = 0
    for path in paths or ["-"]:
        try:
            found.append((path if paths else "", call.open(path)))
        except FileError as error:
            code = call.complain(f"{path}: {error}")
    return found, code


def _cat(call: Call) -> Run:
    _, paths = call.options("u")
    code = 0
    for path in paths or ["-"]:
        found, failed = sources_of(call, [path])
        code = code or failed
        for _, source in found:
            while True:
                yield Until(lambda source=source: source.is_ready)  # type: ignore[misc]
                data = source.take()
                if not data:
                    break
                call.streams.output.write(data)
    return code


def _tee(call: Call) -> Run:
    options, paths = call.options("ai")
    sinks: list[Sink] = [call.streams.output]
    code = 0
    for path in paths:
        try:
            sinks.append(opened(call.path(path), call.machine, call.streams, append="a" in options))
        except FileError as error:
            code = call.complain(f"{path}: {error}")
    source = call.streams.input
    while True:
        yield Until(lambda: source.is_ready)
        data = source.take()
        if not data:
            return code
        for sink in sinks:
            sink.write(data)


def _counted(call: Call, otherwise: int) -> tuple[str, list[str]]:
    """The count of `-n COUNT`, `-c COUNT` or `-COUNT`, and the operands."""
    count, rest = str(otherwise), list[str]()
    words = iter(call.arguments)
    for one in words:
        if one in {"-n", "-c"}:
            count = next(words, count)
        elif re.fullmatch(r"-[nc]?[+-]?\d+", one):
            count = one[1:].lstrip("nc")
        elif not re.fullmatch(r"-[fFqvsr]+|--follow(=name)?", one):
            rest.append(one)
    return count, rest


def _bytes_wanted(call: Call) -> bool:
    return any(re.match(r"-c", one) for one in call.arguments)


def _head(call: Call) -> Run:
    text, paths = _counted(call, 10)
    if not text.lstrip("-").isdecimal():
        return call.complain(f"invalid number '{text}'")
    count = int(text)
    found, code = sources_of(call, paths)
    for _, source in found:
        if _bytes_wanted(call):
            call.streams.output.write((yield from rest_of(source))[:count])
            continue
        for _ in range(count):
            yield Until(lambda source=source: source.has_line)  # type: ignore[misc]
            line = source.take_line()
            if not line:
                break
            call.streams.output.write(line)
    return code


def _tail(call: Call) -> Run:
    """`tail`. With `-f` it never ends; `-F` also waits for the file to appear."""
    text, paths = _counted(call, 10)
    if not re.fullmatch(r"[+-]?\d+", text):
        return call.complain(f"invalid number '{text}'")
    follows = next((one for one in call.arguments if re.fullmatch(r"-[qsv]*[fF]|--follow(=name)?", one)), "")
    if follows and paths:
        return (yield from _follow(call, paths, text, waits=follows[-1] == "F"))
    found, code = sources_of(call, paths)
    for _, source in found:
        if _bytes_wanted(call):
            data = yield from rest_of(source)
            call.streams.output.write(data[max(int(text) - 1, 0) :] if text[0] == "+" else data[-abs(int(text)) :])
        else:
            lines = yield from lines_of(source)
            call.streams.output.write(b"".join(_last(lines, text)))
    return code


def _last(lines: list[bytes], count: str) -> list[bytes]:
    """The last lines, or with a plus sign those from that number on.

    >>> _last([b"a", b"b", b"c"], "2"), _last([b"a", b"b", b"c"], "+3")
    ([b'b', b'c'], [b'c'])
    """
    number = abs(int(count))
    if count.startswith("+"):
        return lines[max(number - 1, 0) :]
    return lines[-number:] if number else []


class _Followed:
    """A followed file, optionally by its path, where another file may appear later."""

    def __init__(self, call: Call, path: str, *, by_path: bool) -> None:
        self._call = call
        self._path = call.path(path)
        self._by_path = by_path
        self._file: File | None = None
        self._place = 0

    def begin(self, count: str) -> None:
        """Print its last lines."""
        data = self._call.files.read(self._path)
        self._file, self._place = self._call.files.find(self._path), len(data)
        self._call.streams.output.write(b"".join(_last(data.splitlines(keepends=True), count)))

    def go_on(self) -> None:
        """Print what was added."""
        newest = self._call.files.find(self._path) if self._by_path else self._file
        if newest is not self._file or (newest is not None and len(newest.data) < self._place):
            self._file, self._place = newest, 0
        if newest is not None and len(newest.data) > self._place:
            self._call.streams.output.write(bytes(newest.data[self._place :]))
            self._place = len(newest.data)


def _follow(call: Call, paths: list[str], count: str, *, waits: bool) -> Run:
    call.machine.runs_forever()
    followed = [_Followed(call, path, by_path=waits) for path in paths]
    for one, path in zip(followed, paths, strict=True):
        try:
            one.begin(count)
        except FileError as error:
            call.complain(f"can't open '{path}': {error}")
            if not waits:
                return 1
    while True:
        yield Sleep(FOLLOW_SECONDS)
        for one in followed:
            one.go_on()


def _wc(call: Call) -> Run:
    options, paths = call.options("lwcm")
    found, code = sources_of(call, paths)
    for path, source in found:
        data = yield from rest_of(source)
        counts = {"l": data.count(b"\n"), "w": len(data.split()), "c": len(data), "m": len(data)}
        wanted = [letter for letter in "lwcm" if letter in options] or ["l", "w", "c"]
        shown = " ".join(str(counts[one]) if len(wanted) == 1 else f"{counts[one]:9}" for one in wanted)
        call.say(f"{shown} {path}\n" if path else f"{shown}\n")
    return code


def whole(change: Callable[[list[bytes], str], list[bytes]], known: str) -> Command:
    """A command that reads all lines before it writes."""

    def command(call: Call) -> Run:
        options, paths = call.options(known)
        found, code = sources_of(call, paths)
        lines: list[bytes] = []
        for _, source in found:
            lines += yield from lines_of(source)
        if lines and not lines[-1].endswith(b"\n"):
            lines[-1] += b"\n"
        call.streams.output.write(b"".join(change(lines, options)))
        return code

    return command


def _unique(lines: list[bytes], options: str) -> list[bytes]:
    """Merge equal neighbours; `-c` prints their count, `-d` only repeated ones."""
    runs: list[tuple[bytes, int]] = []
    for line in lines:
        if runs and runs[-1][0] == line:
            runs[-1] = (line, runs[-1][1] + 1)
        else:
            runs.append((line, 1))
    chosen = [(line, count) for line, count in runs if count > 1 or "d" not in options]
    return [b"%7d %s" % (count, line) if "c" in options else line for line, count in chosen]


def _tr(call: Call) -> Run:
    options, words = call.options("dsc")
    one, other = (_letters(word) for word in [*words, "", ""][:2])
    data = (yield from rest_of(call.streams.input)).decode(errors="surrogateescape")
    if "d" in options:
        data = "".join(letter for letter in data if (letter in one) == ("c" in options))
    elif other:
        table = {ord(letter): other[min(place, len(other) - 1)] for place, letter in enumerate(one)}
        data = data.translate(table)
    call.say(data)
    return 0


def _letters(text: str) -> str:
    r"""The characters of a set.

    >>> _letters("a-d1"), _letters(r"\n")
    ('abcd1', '\n')
    """
    text = with_classes(text).replace("\\n", "\n").replace("\\t", "\t")
    return re.sub(r"(.)-(.)", lambda found: "".join(map(chr, range(ord(found[1]), ord(found[2]) + 1))), text)


TEXT_COMMANDS: dict[str, Command] = {
    "cat": _cat,
    "head": _head,
    "tail": _tail,
    "tee": _tee,
    "tr": _tr,
    "uniq": whole(_unique, "cd"),
    "wc": _wc,
}

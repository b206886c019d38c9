"""Commands that filter text.

Source: POSIX.1-2024, Utilities; error messages are busybox's.
"""

import re
from collections.abc import Callable, Generator

from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.machine import Call, opened
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.pipes import Pipe, Sink
from kubeactors.kubelet.runtimes.shell.processes import Run, Step, Until
from kubeactors.kubelet.runtimes.shell.system_commands import Command


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
    options = Options(call.arguments, "unbvteAEsT", {"number": "n", "number-nonblank": "b", "show-all": "A"})
    shown = _Shown(options)
    code = 0
    for path in options.operands or ["-"]:
        found, failed = sources_of(call, [path])
        code = code or failed
        for _, source in found:
            yield from _show_all(call, source, shown)
    return code


def _show_all(call: Call, source: Pipe, shown: "_Shown") -> Generator[Step, None, None]:
    """Write what arrives, until the end."""
    while True:
        yield Until(lambda: source.has_line if shown.is_by_lines else source.is_ready)
        data = shown.of(source.take_line()) if shown.is_by_lines else source.take()
        if not data:
            return
        call.streams.output.write(data)


class _Shown:
    """What `cat` makes of lines."""

    def __init__(self, options: Options) -> None:
        self._number = 0
        self._numbers_all, self._numbers_some = "n" in options, "b" in options
        self._ends, self._tabs = options.any("eEA"), options.any("tTA")
        self._controls = options.any("vetA")
        self.is_by_lines: bool = options.any("nbvteAET")

    def of(self, line: bytes) -> bytes:
        """A line as it is shown."""
        text, end = line.removesuffix(b"\n"), line[-1:] == b"\n"
        start = b""
        if line and ((text and self._numbers_some) or (self._numbers_all and not self._numbers_some)):
            self._number += 1
            start = b"%6d\t" % self._number
        if self._controls:
            text = b"".join(_visible(one) if one != 9 else b"\t" for one in text)
        if self._tabs:
            text = text.replace(b"\t", b"^I")
        return start + text + (b"$" if end and self._ends else b"") + (b"\n" if end else b"")


def _visible(byte: int) -> bytes:
    """A byte in printable characters.

    >>> _visible(7), _visible(0x7F), _visible(0xC1), _visible(65)
    (b'^G', b'^?', b'M-A', b'A')
    """
    if byte >= 128:
        return b"M-" + _visible(byte - 128)
    return b"^?" if byte == 127 else bytes([94, byte + 64]) if byte < 32 else bytes([byte])


def _tee(call: Call) -> Run:
    options = Options(call.arguments, "aip", {"append": "a"})
    sinks: list[Sink] = [call.streams.output]
    code = 0
    for path in options.operands:
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


def _wc(call: Call) -> Run:
    """Count lines, words, characters, bytes, and the width of the longest line."""
    long = {"bytes": "c", "chars": "m", "lines": "l", "max-line-length": "L", "words": "w"}
    options = Options(call.arguments, "lwcmL", long)
    wanted = [letter for letter in "lwmcL" if letter in options] or ["l", "w", "c"]
    found, code = files_of(call, options.operands)
    is_alone = len(wanted) == 1 and len(options.operands) < 2
    totals = dict.fromkeys(wanted, 0)
    for path, source in found:
        counts = _counts((yield from rest_of(source)))
        call.say(_counts_shown([counts[one] for one in wanted], path, is_alone=is_alone))
        totals = {one: (max if one == "L" else int.__add__)(totals[one], counts[one]) for one in wanted}
    if len(options.operands) > 1:
        call.say(_counts_shown(list(totals.values()), "total", is_alone=False))
    return code


def _counts(data: bytes) -> dict[str, int]:
    text = data.decode(errors="surrogateescape")
    widest = max((len(one.expandtabs()) for one in text.split("\n")), default=0)
    return {"l": data.count(b"\n"), "w": len(data.split()), "m": len(text), "c": len(data), "L": widest}


def _counts_shown(counts: list[int], name: str, *, is_alone: bool) -> str:
    shown = " ".join(str(one) if is_alone else f"{one:9}" for one in counts)
    return f"{shown} {name}\n" if name else f"{shown}\n"


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


def _uniq(call: Call) -> Run:
    """Merge equal neighbours; `-c` prints their count, `-d` only repeated ones, `-u` only the others."""
    long = {"count": "c", "ignore-case": "i", "repeated": "d", "skip-fields": "f", "unique": "u"}
    options = Options(call.arguments, "cduizf:s:w:", long)
    fields, skipped, width = options.number("f"), options.number("s"), options.number("w", -1)
    found, code = sources_of(call, options.operands[:1])
    runs: list[tuple[bytes, int]] = []
    last: bytes | None = None
    for _, source in found:
        for line in (yield from lines_of(source)):
            key = re.sub(rb"^(?:\s*\S+){0,%d}" % fields, b"", line.rstrip(b"\n"))[skipped:]
            key = key[: width if width >= 0 else None]
            key = key.lower() if "i" in options else key
            if key == last:
                runs[-1] = (runs[-1][0], runs[-1][1] + 1)
            else:
                runs.append((line.rstrip(b"\n"), 1))
            last = key
    chosen = [one for one in runs if (one[1] > 1 or "d" not in options) and (one[1] == 1 or "u" not in options)]
    written = b"".join(b"%7d %s\n" % (count, line) if "c" in options else line + b"\n" for line, count in chosen)
    if len(options.operands) > 1:
        call.files.write(call.path(options.operands[1]), written, call.now)
    else:
        call.streams.output.write(written)
    return code


TEXT_COMMANDS: dict[str, Command] = {
    "cat": _cat,
    "tee": _tee,
    "uniq": _uniq,
    "wc": _wc,
}

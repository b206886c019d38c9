"""The commands `head` and `tail`.

Source: POSIX.1-2024, Utilities; busybox 1.37 for `head -c`, `tail -F`, several files, and error messages.
"""

import re

from kubeactors.kubelet.runtimes.shell.files import File, FileError
from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.options import Options, number
from kubeactors.kubelet.runtimes.shell.pipes import Pipe
from kubeactors.kubelet.runtimes.shell.processes import Run, Sleep, Until
from kubeactors.kubelet.runtimes.shell.text_commands import files_of, rest_of, sources_of

FOLLOW_SECONDS = 1.0
"""The polling interval of `tail -f`, in seconds."""
_LONG = {"bytes": "c", "lines": "n", "quiet": "q", "silent": "q", "verbose": "v"}


def _words(call: Call, shorthand: str) -> list[str]:
    """The arguments, with `-COUNT` written as `-n COUNT`."""
    pairs = zip(["", *call.arguments], call.arguments, strict=False)
    return [
        re.sub(rf"^(?=[{shorthand}]\d)-?", "-n", one) if before[-1:] not in {"n", "c"} or before[:1] != "-" else one
        for before, one in pairs
    ]


class _Titles:
    """The lines that name the files, if there are several."""

    def __init__(self, call: Call, options: Options) -> None:
        self._call = call
        self._are_shown = "v" in options or (len(options.operands) > 1 and "q" not in options)
        self._shown: str | None = None

    def show(self, name: str) -> None:
        """Name the file whose lines follow, unless it is named already."""
        if self._are_shown and self._shown != name:
            start = "\n" if self._shown is not None else ""
            self._call.say(f"{start}==> {'standard input' if name in {'', '-'} else name} <==\n")
            self._shown = name


def head(call: Call) -> Run:
    """Print the first lines or bytes; with a negative count, all but the last ones."""
    options = Options(_words(call, "-"), "n:c:qv", _LONG)
    is_by_bytes = "c" in options
    count = options.number("c" if is_by_bytes else "n", 10)
    titles = _Titles(call, options)
    sources, code = files_of(call, options.operands)
    for name, source in sources:
        if call.files.is_directory(call.path(name)) and name not in {"", "-"}:
            continue
        titles.show(name)
        if is_by_bytes or count < 0:
            data = yield from rest_of(source)
            lines = [] if is_by_bytes else data.splitlines(keepends=True)
            call.streams.output.write(data[:count] if is_by_bytes else b"".join(lines[:count]))
        else:
            yield from _first_lines(call, source, count)
    return code


def _first_lines(call: Call, source: Pipe, count: int) -> Run:
    """Print lines as they arrive, and leave the rest to others."""
    for _ in range(count):
        yield Until(lambda: source.has_line)
        line = source.take_line()
        if not line:
            break
        call.streams.output.write(line)
    return 0


class _Last:
    r"""The end of a text that `tail` prints: the last lines or bytes, or with a plus sign those from that number on.

    >>> _Last("2", is_by_bytes=False).of(b"a\nb\nc\n"), _Last("+3", is_by_bytes=True).of(b"abcd")
    (b'b\nc\n', b'cd')
    """

    def __init__(self, count: str, *, is_by_bytes: bool) -> None:
        self._count = abs(number(count))
        self._is_from_start = count.startswith("+")
        self._is_by_bytes = is_by_bytes

    def of(self, data: bytes) -> bytes:
        """The end of a text."""
        start = max(self._count - 1, 0) if self._is_from_start else -self._count if self._count else None
        if self._is_by_bytes:
            return data[start:] if start is not None else b""
        return b"".join(data.splitlines(keepends=True)[start:]) if start is not None else b""


def tail(call: Call) -> Run:
    """Print the last lines or bytes. With `-f` it never ends; `-F` also waits for the file to appear."""
    words = [one for one in _words(call, "-+") if not one.startswith("--follow") and one != "--retry"]
    follows = "F" if any(one.startswith("--follow=name") for one in call.arguments) else ""
    follows = follows or ("f" if "--follow" in call.arguments else "")
    options = Options(words, "n:c:fFqvs:", _LONG)
    follows = "F" if "F" in options else "f" if "f" in options else follows
    last = _Last(options.value("c" if "c" in options else "n", "10"), is_by_bytes="c" in options)
    titles = _Titles(call, options)
    if follows and options.operands:
        return (yield from _follow(call, options.operands, last, titles, waits=follows == "F"))
    sources, code = sources_of(call, options.operands)
    if not sources:
        return call.complain("no files")
    for name, source in sources:
        titles.show(name)
        call.streams.output.write(last.of((yield from rest_of(source))))
    return code


class _Followed:
    """A followed file, optionally by its path, where another file may appear later."""

    def __init__(self, call: Call, path: str, titles: _Titles, *, by_path: bool) -> None:
        self._call = call
        self._name = path
        self._path = call.path(path)
        self._titles = titles
        self._by_path = by_path
        self._file: File | None = None
        self._place = 0

    def begin(self, last: _Last) -> None:
        """Print its end."""
        data = self._call.files.read(self._path)
        self._file, self._place = self._call.files.find(self._path), len(data)
        self._titles.show(self._name)
        self._call.streams.output.write(last.of(data))

    def go_on(self) -> None:
        """Print what was added."""
        newest = self._call.files.find(self._path) if self._by_path else self._file
        if newest is not self._file or (newest is not None and len(newest.data) < self._place):
            self._file, self._place = newest, 0
        if newest is not None and len(newest.data) > self._place:
            self._titles.show(self._name)
            self._call.streams.output.write(bytes(newest.data[self._place :]))
            self._place = len(newest.data)


def _follow(call: Call, paths: list[str], last: _Last, titles: _Titles, *, waits: bool) -> Run:
    call.machine.runs_forever()
    followed = [_Followed(call, path, titles, by_path=waits) for path in paths]
    found = 0
    for one, path in zip(followed, paths, strict=True):
        try:
            one.begin(last)
            found += 1
        except FileError as error:
            call.complain(f"can't open '{path}': {error}")
    if not found and not waits:
        return call.complain("no files")
    while True:
        yield Sleep(FOLLOW_SECONDS)
        for one in followed:
            one.go_on()

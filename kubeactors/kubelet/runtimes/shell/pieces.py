"""Commands that copy parts of files or change their size: `dd`, `split` and `truncate`.

Source: POSIX.1-2024, Utilities, dd and split; busybox 1.37 for the others and for error messages.
"""

from itertools import product
from string import ascii_lowercase

from kubeactors.kubelet.runtimes.shell.files import MAX_BYTES, FileError
from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.options import Options, number
from kubeactors.kubelet.runtimes.shell.processes import Run
from kubeactors.kubelet.runtimes.shell.system_commands import Command
from kubeactors.kubelet.runtimes.shell.text_commands import files_of, rest_of

_OPERANDS = {"bs", "conv", "count", "ibs", "if", "iflag", "obs", "of", "oflag", "seek", "skip", "status"}
_ENDLESS = ("/dev/zero", "/dev/random", "/dev/urandom")
"""Devices that never end; all of them yield zeros."""
_MAX_FILES = 26 * 26


def _dd(call: Call) -> Run:
    """Copy blocks. An endless device yields zeros, as many as a file system can hold."""
    given = {name: value for name, _, value in (one.partition("=") for one in call.arguments)}
    unknown = next((name for name in given if name not in _OPERANDS), None)
    if unknown is not None:
        raise UsageError(f"unrecognized operand '{unknown}'")
    size = max(number(given.get("bs") or given.get("ibs") or "512"), 1)
    count = number(given["count"]) if "count" in given else None
    start = number(given.get("skip", "0")) * size
    if given.get("if") in _ENDLESS:
        wanted = MAX_BYTES + 1 if count is None else size * count
        if wanted > MAX_BYTES:
            return call.complain("error writing: No space left on device")
        data = bytes(max(wanted, 0))
    else:
        try:
            source = call.open(given["if"]) if "if" in given else call.streams.input
        except FileError as error:
            return call.complain(f"can't open '{given['if']}': {error}")
        data = yield from rest_of(source)
        data = data[start:] if count is None else data[start : start + size * count]
    _write(call, data, given, number(given.get("seek", "0")) * size)
    if given.get("status") != "none":
        whole, rest = divmod(len(data), size)
        shown = "".join(f"{whole}+{int(bool(rest))} records {way}\n" for way in ("in", "out"))
        call.streams.error.write(shown.encode())
    return 0


def _write(call: Call, data: bytes, given: dict[str, str], place: int) -> None:
    if given.get("of", "/dev/stdout") == "/dev/stdout":
        call.streams.output.write(data)
        return
    if given["of"] == "/dev/null":
        return
    path = call.path(given["of"])
    before = call.files.read(path) if call.files.is_file(path) else b""
    if place + len(data) > MAX_BYTES:
        raise FileError("No space left on device")
    after = before[place + len(data) :] if "notrunc" in given.get("conv", "") else b""
    call.files.write(path, before[:place].ljust(place, b"\0") + data + after, call.now)


def _truncate(call: Call) -> int:
    """Set the size of files, or with a sign change it."""
    options = Options(call.arguments, "cs:", {"no-create": "c", "size": "s"})
    if not options.operands or "s" not in options:
        raise UsageError("missing operand")
    text = options.value("s")
    for path in options.operands:
        whole = call.path(path)
        exists = call.files.is_file(whole)
        if not exists and "c" in options:
            continue
        data = call.files.read(whole) if exists else b""
        size = max(number(text) + (len(data) if text[0] in "+-" else 0), 0)
        if size > MAX_BYTES:
            return call.complain(f"{path}: File too large")
        call.files.write(whole, data[:size].ljust(size, b"\0"), call.now)
    return 0


def _split(call: Call) -> Run:
    """Split a file into files of some lines (`-l`) or bytes (`-b`), named `xaa`, `xab` and so on."""
    options = Options(call.arguments, "l:b:a:d", {"bytes": "b", "lines": "l"})
    path, prefix = (*options.operands[:2], *("-", "x")[len(options.operands) :])
    sources, code = files_of(call, [path])
    if code:
        return code
    data = yield from rest_of(sources[0][1])
    size = max(options.number("b") if "b" in options else options.number("l", 1000), 1)
    lines = data.splitlines(keepends=True)
    units = data if "b" in options else lines
    if -(-len(units) // size) > _MAX_FILES:
        raise UsageError("suffixes exhausted")
    width = max(options.number("a", 2), 2)
    for place, letters in zip(range(0, len(units), size), product(ascii_lowercase, repeat=2), strict=False):
        piece = data[place : place + size] if "b" in options else b"".join(lines[place : place + size])
        call.files.write(call.path(f"{prefix}{''.join(letters):a>{min(width, 10)}}"), piece, call.now)
    return 0


PIECE_COMMANDS: dict[str, Command] = {"dd": _dd, "split": _split, "truncate": _truncate}

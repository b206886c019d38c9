"""Commands that reorder, number, encode, hash or compare lines.

Source: POSIX.1-2024, Utilities; GNU coreutils 9 and busybox 1.37 for the rest.
"""

import base64
import binascii
import difflib
import hashlib

from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.processes import Run
from kubeactors.kubelet.runtimes.shell.system_commands import Command
from kubeactors.kubelet.runtimes.shell.text_commands import rest_of, sources_of, whole

_LINE = 76
"""The length of a line of base64."""

CHECKED = 20
"""What a byte costs in `cksum`, in characters."""
MAX_DIFFERING = 20_000
"""The maximum length of two files that `diff` compares, in lines."""
_POLYNOMIAL = 0x104C11DB7


def _reversed(lines: list[bytes], _: str) -> list[bytes]:
    """`rev`: reverse each line."""
    return [line.decode(errors="replace").rstrip("\n")[::-1].encode() + b"\n" for line in lines]


def _backwards(lines: list[bytes], _: str) -> list[bytes]:
    """`tac`: the last line first."""
    return lines[::-1]


def _numbered(lines: list[bytes], options: str) -> list[bytes]:
    """`nl`: number the lines; empty ones only with `-ba`."""
    found: list[bytes] = []
    number = 0
    for line in lines:
        counts = "a" in options or bool(line.strip(b"\n"))
        number += counts
        found.append((b"%6d\t" % number if counts else b" " * 7) + line)
    return found


def _base64(call: Call) -> Run:
    """Encode in lines of 76 characters, or in one line with `-w0`; decode with `-d`."""
    words = [one for one in call.arguments if one not in {"-d", "-D", "--decode"}]
    decodes, is_one_line = words != call.arguments, {"-w0", "--wrap=0"} & set(words) or "-w 0" in " ".join(words)
    paths = [one for one in words if not one.startswith("-") and not (is_one_line and one == "0")]
    sources, code = sources_of(call, paths)
    for _, source in sources:
        data = yield from rest_of(source)
        if decodes:
            try:
                call.streams.output.write(base64.b64decode(b"".join(data.split()), validate=True))
            except binascii.Error:
                code = call.complain("truncated input")
            continue
        text = base64.b64encode(data)
        width = len(text) or 1 if is_one_line else _LINE
        lines = [text[place : place + width] for place in range(0, len(text), width)]
        call.streams.output.write(b"\n".join(lines) + (b"" if is_one_line else b"\n"))
    return code


def _digest(name: str) -> Command:
    """A command that prints the digest of each file."""

    def command(call: Call) -> Run:
        options = Options(call.arguments, "bcsw", {"check": "c", "quiet": "s", "status": "s", "warn": "w"})
        if "c" in options:
            return (yield from _checked(call, name, options))
        sources, code = sources_of(call, options.operands)
        for path, source in sources:
            data = yield from rest_of(source)
            call.say(f"{hashlib.new(name, data, usedforsecurity=False).hexdigest()}  {path or '-'}\n")
        return code

    return command


def _checked(call: Call, name: str, options: Options) -> Run:
    """Compare files with the digests that other files list."""
    sources, code = sources_of(call, options.operands)
    total = wrong = 0
    for _, source in sources:
        for line in (yield from rest_of(source)).decode(errors="replace").splitlines():
            wanted, _, path = line.partition("  ")
            total += 1
            try:
                data = call.files.read(call.path(path))
                is_same = hashlib.new(name, data, usedforsecurity=False).hexdigest() == wanted.lower()
            except FileError as error:
                call.complain(f"can't open '{path}': {error}")
                is_same = False
            wrong += not is_same
            if "s" not in options:
                call.say(f"{path}: {'OK' if is_same else 'FAILED'}\n")
    if wrong and "s" not in options:
        call.complain(f"WARNING: {wrong} of {total} computed checksums did NOT match")
    return code or int(bool(wrong))


def _cksum(call: Call) -> Run:
    """Print the CRC of POSIX and the length of each file."""
    sources, code = sources_of(call, call.arguments)
    for path, source in sources:
        data = yield from rest_of(source)
        call.machine.processes.charge(CHECKED * len(data))
        call.say(f"{crc(data)} {len(data)}{f' {path}' if path else ''}\n")
    return code


def crc(data: bytes) -> int:
    r"""The checksum of `cksum`.

    >>> crc(b"hello\n")
    3015617425
    """
    value = 0
    for byte in data + len(data).to_bytes((len(data).bit_length() + 7) // 8, "little"):
        value = (value << 8 & 0xFFFFFFFF) ^ _REMAINDERS[value >> 24 ^ byte]
    return value ^ 0xFFFFFFFF


def _remainder(byte: int) -> int:
    value = byte << 24
    for _ in range(8):
        value = value << 1 ^ (_POLYNOMIAL if value >> 31 else 0)
    return value & 0xFFFFFFFF


_REMAINDERS = tuple(map(_remainder, range(256)))


def _diff(call: Call) -> int:
    """`diff` in the format of busybox, which is always unified."""
    options, paths = call.options("uq")
    if len(paths) != 2:
        return call.complain("missing operand")
    try:
        one, other = [call.files.read(call.path(path)).decode(errors="replace").splitlines() for path in paths]
    except FileError as error:
        call.complain(str(error))
        return 2
    if len(one) + len(other) > MAX_DIFFERING:
        call.complain("out of memory")
        return 2
    lines = list(difflib.unified_diff(one, other, paths[0], paths[1], lineterm=""))
    if lines and "q" in options:
        lines = [f"Files {paths[0]} and {paths[1]} differ"]
    call.say("".join(f"{line}\n" for line in lines))
    return int(bool(lines))


LINE_COMMANDS: dict[str, Command] = {
    "base64": _base64,
    "cksum": _cksum,
    "diff": _diff,
    "md5sum": _digest("md5"),
    "nl": whole(_numbered, "ba"),
    "rev": whole(_reversed, ""),
    "sha1sum": _digest("sha1"),
    "sha256sum": _digest("sha256"),
    "sha512sum": _digest("sha512"),
    "tac": whole(_backwards, ""),
}

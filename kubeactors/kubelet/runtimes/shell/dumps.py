"""Commands that show bytes as numbers: `od`, `hexdump` and `xxd`; and `strings`.

Source: POSIX.1-2024, Utilities, od and strings; busybox 1.37 for the others and for error messages.
"""

import binascii
import re
from collections.abc import Callable, Generator

from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.options import Options, number
from kubeactors.kubelet.runtimes.shell.processes import Run, Step
from kubeactors.kubelet.runtimes.shell.system_commands import Command
from kubeactors.kubelet.runtimes.shell.text_commands import files_of, rest_of

_WIDTH = 16
_TYPE = re.compile(r"([acdoux])([1248]?)z?")
_SHORTHANDS = {"b": "o1", "c": "c", "d": "u2", "o": "o2", "x": "x2"}
_ESCAPES = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}


def _input(call: Call, paths: list[str]) -> Generator[Step, None, tuple[bytes, int]]:
    """All bytes of the files together, and the exit code."""
    sources, code = files_of(call, paths)
    pieces = list[bytes]()
    for _, source in sources:
        pieces.append((yield from rest_of(source)))
    return b"".join(pieces), code


def _rows(call: Call, data: bytes, show: Callable[[bytes, int], str], *, all_rows: bool) -> None:
    """Print rows of 16 bytes; equal ones as an asterisk."""
    last, is_marked = b"", False
    for place in range(0, len(data), _WIDTH):
        row = data[place : place + _WIDTH]
        if row == last and not all_rows:
            call.say("" if is_marked else "*\n")
            is_marked = True
            continue
        last, is_marked = row, False
        call.say(show(row, place))


def _od(call: Call) -> Run:
    """Print bytes as octal numbers, or in the type of `-t`."""
    options = Options(call.arguments, "A:t:N:j:bcdoxv")
    base = options.value("A", "o")
    if base not in {*"doxn"}:
        raise UsageError(f"bad output address radix '{base}' (must be [doxn])")
    types = [value if letter == "t" else _SHORTHANDS[letter] for letter, value in options.given if letter in "tbcdox"]
    shown = [_parsed_type(one) for one in types or ["o2"]]
    data, code = yield from _input(call, options.operands)
    skipped = options.number("j")
    data = data[skipped:][: options.number("N", len(data))]

    def address(place: int) -> str:
        return "" if base == "n" else f"{place + skipped:0{6 if base == 'x' else 7}{base}}"

    def show(row: bytes, place: int) -> str:
        starts = [address(place), *(" " * len(address(place)) for _ in shown[1:])]
        return "".join(f"{start}{_cells(row, *one)}\n" for start, one in zip(starts, shown, strict=True))

    _rows(call, data, show, all_rows="v" in options)
    call.say("" if base == "n" else f"{address(len(data))}\n")
    return code


def _parsed_type(text: str) -> tuple[str, int]:
    found = _TYPE.fullmatch(text)
    if found is None:
        raise UsageError(f"invalid type string '{text}'")
    return found[1], 1 if found[1] in "ac" else int(found[2] or 4)


def _cells(row: bytes, kind: str, size: int) -> str:
    r"""The numbers of a row, each of `size` bytes, the lowest first.

    >>> _cells(b"hi\n", "x", 1), _cells(b"hi", "o", 2), _cells(b"a\t\xff", "c", 1)
    (' 68 69 0a', ' 064550', '   a  \\t 377')
    """
    if kind in "ac":
        return "".join(f"{_character(one):>4}" for one in row)
    bits = size * 8
    digits = {"o": -(-bits // 3), "x": bits // 4}.get(kind, len(str(1 << bits)) + (kind == "d"))
    parts = [row[place : place + size] for place in range(0, len(row), size)]
    values = [int.from_bytes(one.ljust(size, b"\0"), "little", signed=kind == "d") for one in parts]
    return "".join(f" {one:{'0' if kind in 'ox' else ''}{digits}{'d' if kind in 'du' else kind}}" for one in values)


def _character(byte: int) -> str:
    return _ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"{byte:03o}")


def _printable(row: bytes) -> str:
    return "".join(chr(one) if 32 <= one < 127 else "." for one in row)


def _hexdump(call: Call) -> Run:
    """Print bytes as hexadecimal numbers of two bytes, or with `-C` of one byte and as text."""
    options = Options(call.arguments, "Cvn:s:xbcdo")
    data, code = yield from _input(call, options.operands)
    skipped = options.number("s")
    data = data[skipped:][: options.number("n", len(data))]
    is_canonical = "C" in options or call.words[0].rpartition("/")[2] == "hd"
    digits = 8 if is_canonical else 7

    def show(row: bytes, place: int) -> str:
        start = f"{place + skipped:0{digits}x}"
        if not is_canonical:
            return f"{start}{_cells(row, 'x', 2):<40}\n"
        cells = row.hex(" ")
        return f"{start}  {cells[:23]:<23}  {cells[24:]:<23}  |{_printable(row)}|\n"

    _rows(call, data, show, all_rows="v" in options)
    call.say(f"{len(data) + skipped:0{digits}x}\n" if data else "")
    return code


def _xxd(call: Call) -> Run:
    """Print bytes as hexadecimal digits and as text, with `-p` only as digits; `-r` reads that again."""
    options = Options(call.arguments, "prul:s:c:g:")
    data, code = yield from _input(call, options.operands[:1])
    if "r" in options:
        call.streams.output.write(_undumped(data.decode(errors="replace"), is_plain="p" in options))
        return code
    skipped = options.number("s")
    data = data[skipped:][: options.number("l", len(data))]
    width = min(max(options.number("c", 30 if "p" in options else _WIDTH), 1), 256)
    size = min(max(options.number("g", 2), 1), width)
    for place in range(0, len(data), width):
        row = data[place : place + width]
        if "p" in options:
            call.say(f"{row.hex()}\n")
            continue
        cells = " ".join(row[start : start + size].hex() for start in range(0, len(row), size))
        call.say(f"{place + skipped:08x}: {cells:<{width * 2 + -(-width // size) - 1}}  {_printable(row)}\n")
    return code


def _undumped(text: str, *, is_plain: bool) -> bytes:
    lines = text.splitlines()
    digits = lines if is_plain else [one.partition(":")[2].partition("  ")[0] for one in lines]
    try:
        return binascii.unhexlify(re.sub(r"\s", "", "".join(digits)))
    except binascii.Error:
        raise UsageError("invalid hexadecimal digits") from None


def _strings(call: Call) -> Run:
    """Print the runs of at least four (`-n`) printable characters."""
    options = Options(call.arguments, "afon:t:")
    data, code = yield from _input(call, options.operands)
    length = max(number(options.value("n", "4")), 1)
    for found in re.finditer(rb"[\t -~]+", data):
        if len(found[0]) >= length:
            call.say(f"{found[0].decode()}\n")
    return code


DUMP_COMMANDS: dict[str, Command] = {
    "hd": _hexdump,
    "hexdump": _hexdump,
    "od": _od,
    "strings": _strings,
    "xxd": _xxd,
}

"""The command `tr`.

Source: POSIX.1-2024, Utilities, tr. It works on bytes, as in busybox 1.37.
"""

import re

from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.processes import Run
from kubeactors.kubelet.runtimes.shell.text_commands import rest_of

_LOWER, _UPPER, _DIGITS = b"abcdefghijklmnopqrstuvwxyz", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0123456789"
_CLASSES = {
    b"alnum": _DIGITS + _UPPER + _LOWER,
    b"alpha": _UPPER + _LOWER,
    b"blank": b"\t ",
    b"cntrl": bytes([*range(32), 127]),
    b"digit": _DIGITS,
    b"graph": bytes(range(33, 127)),
    b"lower": _LOWER,
    b"print": bytes(range(32, 127)),
    b"punct": bytes(one for one in range(33, 127) if one not in _DIGITS + _UPPER + _LOWER),
    b"space": b"\t\n\v\f\r ",
    b"upper": _UPPER,
    b"xdigit": _DIGITS + b"ABCDEFabcdef",
}
_ESCAPES = {b"a": 7, b"b": 8, b"f": 12, b"n": 10, b"r": 13, b"t": 9, b"v": 11}
_CHARACTER = rb"\\[0-7]{1,3}|\\.|[^\\]|\\"
_PART = re.compile(
    rb"\[:(\w+):\]|\[=(.)=\]|\[(?P<one>" + _CHARACTER + rb")\*(?P<count>\d*)\]"
    rb"|(?P<first>" + _CHARACTER + rb")(?:-(?P<last>" + _CHARACTER + rb"))?",
    re.DOTALL,
)


def characters(text: str, length: int = 0) -> bytes:
    r"""The bytes of a set in their order; `[x*]` fills it up to a length.

    >>> characters("a-d1"), characters(r"\n\101"), characters("[:digit:]x"), characters("a[b*]", 3)
    (b'abcd1', b'\nA', b'0123456789x', b'abb')

    Raises:
        UsageError: a range is reversed, or a class is unknown.
    """
    found = b""
    for part in _PART.finditer(text.encode(errors="surrogateescape")):
        if part[1] is not None:
            if part[1] not in _CLASSES:
                raise UsageError("invalid character class")
            found += _CLASSES[part[1]]
        elif part[2] is not None:
            found += part[2]
        elif part["one"] is not None:
            count = int(part["count"] or 0) or max(length - len(found), 0)
            found += bytes([_code(part["one"])]) * min(count, 256)
        else:
            first = _code(part["first"])
            last = _code(part["last"]) if part["last"] else first
            if last < first:
                raise UsageError(f"range '{part[0].decode(errors='replace')}' is reversed")
            found += bytes(range(first, last + 1))
    return found


def _code(text: bytes) -> int:
    digits = text[1:]
    if text[:1] != b"\\" or not digits:
        return text[0]
    return int(digits, 8) & 255 if digits.isdigit() and digits[0] in b"01234567" else _ESCAPES.get(digits, digits[0])


def tr(call: Call) -> Run:
    """Replace, delete (`-d`) or squeeze (`-s`) the bytes of a set, or with `-c` those that are not in it."""
    options = Options(call.arguments, "cCdst", {"complement": "c", "delete": "d", "squeeze-repeats": "s"}, mixed=False)
    if len(options.operands) not in {1, 2} or (len(options.operands) == 1 and not options.any("ds")):
        raise UsageError("missing operand" if len(options.operands) < 2 else "extra operand")
    one = characters(options.operands[0])
    if options.any("cC"):
        one = bytes(byte for byte in range(256) if byte not in one)
    other = characters(options.operands[1], len(one)) if len(options.operands) > 1 else b""
    data = yield from rest_of(call.streams.input)
    if "d" in options:
        data = data.translate(None, one)
    elif other:
        data = data.translate(_table(one, other))
    if "s" in options:
        data = _squeezed(data, other or one)
    call.streams.output.write(data)
    return 0


def _table(one: bytes, other: bytes) -> bytes:
    """The replacement of each byte: the last of the other set stands for all that are missing in it."""
    table = bytearray(range(256))
    for place, byte in enumerate(one):
        table[byte] = other[min(place, len(other) - 1)]
    return bytes(table)


def _squeezed(data: bytes, squeezed: bytes) -> bytes:
    return re.sub(rb"(?s)([" + re.escape(squeezed) + rb"])\1+", rb"\1", data) if squeezed else data

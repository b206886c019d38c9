"""`printf`, and the escapes of `echo -e`. Pure.

Source: POSIX.1-2024, Utilities, printf.
"""

import re

_escape = re.compile(r"\\(?:0?([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))", re.DOTALL)
_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
}
MAX_TEXT = 4 << 20
"""The maximum length of a formatted text, in characters."""
_directive = re.compile(r"%(?:%|([-+ #0]*)(\d{0,4})(?:\.(\d{0,4}))?([diouxXcsbfeEgG]))")


def escaped(text: str) -> str:
    r"""Interpret escapes. Bytes that are not UTF-8 become surrogate escapes.

    >>> escaped(r"a\tb\x41\0101\303\251\377")
    'a\tbAA\xe9\udcff'
    """

    def replaced(found: re.Match[str]) -> str:
        if found[1]:
            return _of_bytes(bytes([int(found[1], 8) & 0xFF]))
        if found[2]:
            return _of_bytes(bytes([int(found[2], 16)]))
        return _ESCAPES.get(found[3], found[0])

    return _of_bytes(_escape.sub(replaced, text).encode(errors="surrogateescape"))


def _of_bytes(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def formatted(layout: str, arguments: list[str]) -> str:
    r"""Format arguments; the layout is repeated until all are used.

    >>> formatted(r"%s=%03d\n", ["a", "1", "b", "2"])
    'a=001\nb=002\n'

    Raises:
        ValueError: the result would be longer than `MAX_TEXT` characters.
    """
    layout = escaped(layout.replace("%%", "%\0")).replace("%\0", "%%")
    widths = [int(one or 0) for found in _directive.finditer(layout) for one in (found[2], found[3])]
    if sum(widths) > MAX_TEXT:
        raise ValueError("out of memory")
    rest = list(arguments)
    text = _once(layout, rest)
    while rest and len(rest) < len(arguments):
        before = len(rest)
        text += _once(layout, rest)
        if len(text) > MAX_TEXT:
            raise ValueError("out of memory")
        if len(rest) == before:
            break
    return text


def _once(layout: str, rest: list[str]) -> str:
    def replaced(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        flags, width, precision, kind = found.groups()
        value = rest.pop(0) if rest else ""
        points = "" if precision is None else f".{precision or 0}"
        if kind in "sbc":
            text = escaped(value) if kind == "b" else value[:1] if kind == "c" else value
            return f"%{flags.replace('0', '')}{width}{points}s" % text
        if kind in "feEgG":
            return f"%{flags}{width}{points}{kind}" % _float(value)
        return f"%{flags}{width}{points}{'d' if kind in 'iu' else kind}" % int(_float(value))

    return _directive.sub(replaced, layout)


def _float(text: str) -> float:
    try:
        return int(text, 0) if not text.startswith("0") or text[:2].lower() == "0x" else float(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return 0

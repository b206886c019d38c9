"""The command `cut`.

Source: POSIX.1-2024, Utilities, cut; error messages and `-O` are busybox 1.37's.
"""

import re
from collections.abc import Sequence

from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.processes import Run
from kubeactors.kubelet.runtimes.shell.text_commands import lines_of, sources_of

_LONG = {
    "bytes": "b",
    "characters": "c",
    "delimiter": "d",
    "fields": "f",
    "only-delimited": "s",
    "output-delimiter": "O",
}
_RANGE = re.compile(r"(\d*)(-?)(\d*)")


class Selection:
    """What a list like `1,3-5,8-` selects, counted from 1. The order of the list does not matter.

    >>> Selection("4-,1").of("abcdef"), Selection("-2").of("abc"), Selection("9").of("abc")
    ('adef', 'ab', '')

    Raises:
        UsageError: the list is malformed.
    """

    def __init__(self, text: str) -> None:
        self._ranges = [_bounds(one) for one in text.split(",")]

    def of(self, text: str) -> str:
        """The selected characters."""
        return "".join(self.parts(text))

    def parts(self, parts: Sequence[str]) -> list[str]:
        """The selected parts."""
        return [
            one for place, one in enumerate(parts, 1) if any(first <= place <= last for first, last in self._ranges)
        ]


def _bounds(text: str) -> tuple[int, float]:
    found = _RANGE.fullmatch(text)
    if found is None or not (found[1] or found[3]):
        raise UsageError(f"invalid range '{text}'")
    first = int(found[1] or 1)
    last = int(found[3]) if found[3] else float("inf") if found[2] else first
    if not first or last < first:
        raise UsageError(f"invalid range '{text}'")
    return first, last


def cut(call: Call) -> Run:
    """Print the selected characters (`-b`, `-c`) or fields (`-f`) of each line."""
    options = Options(call.arguments, "b:c:f:d:O:sn", _LONG)
    kind = next((one for one in "bcf" if one in options), "")
    if not kind:
        raise UsageError("expected a list of bytes, characters, or fields")
    selection = Selection(options.value(kind))
    sources, code = sources_of(call, options.operands)
    for _, source in sources:
        for line in (yield from lines_of(source)):
            plain = line.decode(errors="surrogateescape").rstrip("\n")
            kept = _fields(plain, selection, options) if kind == "f" else selection.of(plain)
            if kept is not None:
                call.say(f"{kept}\n")
    return code


def _fields(line: str, selection: Selection, options: Options) -> str | None:
    """The selected fields; a line without delimiter as it is, or with `-s` not at all."""
    delimiter = options.value("d", "\t")
    if delimiter not in line:
        return None if "s" in options else line
    return options.value("O", delimiter).join(selection.parts(line.split(delimiter)))

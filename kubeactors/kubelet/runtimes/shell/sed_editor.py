"""Applies scripts of sed to lines.

Source: POSIX.1-2024, Utilities, sed; GNU sed 4.9 for line lengths of `l` and for `n` on the last line.
"""

from collections.abc import Callable, Generator
from enum import Enum, auto

from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.machine import Call, opened
from kubeactors.kubelet.runtimes.shell.processes import Run, Step
from kubeactors.kubelet.runtimes.shell.regular_expressions import Expression, Found
from kubeactors.kubelet.runtimes.shell.sed_lines import Lines, Output
from kubeactors.kubelet.runtimes.shell.sed_script import (
    Address,
    Edit,
    Every,
    Last,
    Later,
    Line,
    Matching,
    Replacement,
    SedSyntaxError,
)

MAX_JUMPS = 100_000
"""The maximum number of jumps and restarts in a run; long pattern spaces count several times."""
MAX_TEXT = 1 << 20
"""The maximum length of the pattern space and of the hold space, in characters."""
LISTED_WIDTH = 69
"""The width of a line of `l`, without the backslash at its end."""
_UNTIL_MATCH = -1


class _Outcome(Enum):
    """How a cycle ended."""

    PRINT = auto()
    DELETE = auto()
    RESTART = auto()
    QUIT = auto()
    LEAVE = auto()


class Editor:
    """Applies a script to lines.

    Args:
        script: the commands.
        lines: the input.
        output: the output.
        call: opens the files of `r` and `w`.
        quiet: print lines only by `p`.
    """

    def __init__(self, script: tuple[Edit, ...], lines: Lines, output: Output, call: Call, *, quiet: bool) -> None:
        self._script = script
        self._lines = lines
        self._output = output
        self._call = call
        self._charge = call.machine.processes.charge
        self._quiet = quiet
        self._space = self._hold = ""
        self._number = self._jumps = self._code = 0
        self._has_replaced = False
        self._later: list[Callable[[], None]] = []
        """What is printed after the line."""
        self._last_pattern: Expression | None = None
        self._open = {
            place: _UNTIL_MATCH for place, one in enumerate(script) if one.addresses and one.addresses[0] == Line(0)
        }
        """The last lines of open ranges, by the place of their command."""
        paths = [one.text if one.name == "w" else one.path for one in script if one.name == "w" or one.path]
        self._files = {
            path: Output(opened(_absolute(call, path), call.machine, call.streams, append=False)) for path in paths
        }

    def run(self) -> Run:
        """Edit all lines. Returns the exit code.

        Raises:
            RecursionError: there were too many jumps.
            ValueError: the pattern space or the hold space is too long.
            SedSyntaxError: there is no last pattern.
        """
        outcome = _Outcome.PRINT
        while outcome is _Outcome.RESTART or (yield from self._read()):
            outcome = yield from self._cycle()
            if outcome in {_Outcome.PRINT, _Outcome.QUIT} and not self._quiet:
                self._print(self._space)
            self._flush()
            if outcome in {_Outcome.QUIT, _Outcome.LEAVE}:
                break
        return self._code or self._lines.code

    def _read(self, before: str | None = None) -> Generator[Step, None, bool]:
        """Read the next line into the pattern space, after what is there with N."""
        line = yield from self._lines.take()
        if line is None:
            return False
        self._number += 1
        self._set(line if before is None else f"{before}\n{line}")
        return True

    def _set(self, text: str) -> None:
        if len(text) > MAX_TEXT:
            raise ValueError(len(text))
        self._space = text

    def _print(self, text: str) -> None:
        self._output.write(text, self._lines.end)

    def _flush(self) -> None:
        later, self._later = self._later, []
        for write in later:
            write()

    def _spend(self) -> None:
        self._jumps += 1 + len(self._space) // 1024
        if self._jumps > MAX_JUMPS:
            raise RecursionError

    # Cycles.

    def _cycle(self) -> Generator[Step, None, _Outcome]:
        at = 0
        self._has_replaced = False
        while at < len(self._script):
            edit = self._script[at]
            if (yield from self._is_selected(at, edit)) == edit.negated:
                at = edit.target if edit.name == "{" else at
            elif edit.name in {"b", "t", "T"}:
                at = edit.target if self._jumps_by(edit.name) else at
            else:
                outcome = yield from self._perform(edit, closes=at not in self._open)
                if outcome is not None:
                    return outcome
            at += 1
        return _Outcome.PRINT

    def _jumps_by(self, name: str) -> bool:
        self._spend()
        jumps = name == "b" or self._has_replaced == (name == "t")
        if name != "b":
            self._has_replaced = False
        return jumps

    def _perform(self, edit: Edit, *, closes: bool) -> Generator[Step, None, _Outcome | None]:
        """Perform a command. `closes`: its range does not continue. Returns how the cycle ends, if it does."""
        match edit.name:
            case "n" | "N":
                return None if (yield from self._take_next(edit.name)) else _Outcome.QUIT
            case "d":
                return _Outcome.DELETE
            case "D":
                return self._delete_first_line()
            case "c":
                if closes or edit.negated:
                    self._output.write(edit.text, "")
                return _Outcome.DELETE
            case "q" | "Q":
                self._code = edit.code
                return _Outcome.QUIT if edit.name == "q" else _Outcome.LEAVE
            case _:
                self._apply(edit)
                return None

    def _take_next(self, name: str) -> Generator[Step, None, bool]:
        if (yield from self._lines.are_over()):
            return False
        if name == "n" and not self._quiet:
            self._print(self._space)
        self._flush()
        return (yield from self._read(self._space if name == "N" else None))

    def _delete_first_line(self) -> _Outcome:
        _, newline, rest = self._space.partition("\n")
        if not newline:
            return _Outcome.DELETE
        self._spend()
        self._space = rest
        return _Outcome.RESTART

    # Addresses.

    def _is_selected(self, place: int, edit: Edit) -> Generator[Step, None, bool]:
        match edit.addresses:
            case (one,):
                return (yield from self._fits(one))
            case (first, second):
                return (yield from self._is_within(place, first, second))
            case _:
                return True

    def _is_within(self, place: int, first: Address, second: Address) -> Generator[Step, None, bool]:
        end = self._open.get(place)
        if end is None or _UNTIL_MATCH != end < self._number:
            self._open.pop(place, None)
            if not (yield from self._fits(first)):
                return False
            end = self._end_of(second)
            if end == _UNTIL_MATCH or end > self._number:
                self._open[place] = end
            return True
        if end == self._number or (end == _UNTIL_MATCH and (yield from self._fits(second))):
            del self._open[place]
        return True

    def _end_of(self, second: Address) -> int:
        match second:
            case Line(number):
                return number
            case Later(count, multiple):
                return -(-self._number // max(count, 1)) * count if multiple else self._number + count
            case _:
                return _UNTIL_MATCH

    def _fits(self, address: Address) -> Generator[Step, None, bool]:
        match address:
            case Line(number):
                return number == self._number
            case Last():
                return (yield from self._lines.are_over())
            case Every(first, step):
                rest = self._number - first
                return rest >= 0 and not rest % step if step else not rest
            case Matching(pattern):
                return self._pattern(pattern).search(self._space, self._charge) is not None
            case Later():
                return False

    def _pattern(self, given: Expression | None) -> Expression:
        self._last_pattern = given or self._last_pattern
        if self._last_pattern is None:
            raise SedSyntaxError("no previous regexp")
        return self._last_pattern

    # Commands that neither read nor jump.

    def _apply(self, edit: Edit) -> None:
        match edit.name:
            case "p":
                self._print(self._space)
            case "P":
                first, newline, _ = self._space.partition("\n")
                self._output.write(first, newline or self._lines.end)
            case "=":
                self._output.write(str(self._number))
            case "l":
                self._output.write(listed(self._space))
            case "w":
                self._files[edit.text].write(self._space)
            case "s":
                self._substitute(edit)
            case "y":
                self._space = self._space.translate(edit.table)
            case "a" | "i" | "r":
                self._insert(edit)
            case name:
                self._exchange(name)

    def _insert(self, edit: Edit) -> None:
        match edit.name:
            case "i":
                self._output.write(edit.text, "")
            case "a":
                self._later.append(lambda: self._output.write(edit.text, ""))
            case _:
                self._later.append(lambda: self._copy(edit.text))

    def _exchange(self, name: str) -> None:
        match name:
            case "g":
                self._space = self._hold
            case "G":
                self._set(f"{self._space}\n{self._hold}")
            case "h":
                self._hold = self._space
            case "H":
                if len(self._hold) > MAX_TEXT:
                    raise ValueError(len(self._hold))
                self._hold = f"{self._hold}\n{self._space}"
            case "x":
                self._space, self._hold = self._hold, self._space
            case "z":
                self._space = ""
            case _:
                pass

    def _copy(self, path: str) -> None:
        try:
            text = self._call.files.read(self._call.path(path)).decode(errors="surrogateescape")
        except FileError:
            return
        if text:
            self._output.write(text, "")

    def _substitute(self, edit: Edit) -> None:
        text, done, pieces, size = self._space, 0, list[str](), 0
        for number, found in enumerate(self._pattern(edit.pattern).matches(text, self._charge), 1):
            if number < edit.count:
                continue
            pieces += [text[done : found.start()], filled(edit.replacement, found)]
            done, size = found.end(), size + len(pieces[-1])
            if size > MAX_TEXT:
                raise ValueError(size)
            if not edit.every:
                break
        if pieces:
            self._set("".join(pieces) + text[done:])
            self._has_replaced = True
            if edit.prints:
                self._print(self._space)
            if edit.path:
                self._files[edit.path].write(self._space)


def _absolute(call: Call, path: str) -> str:
    return path if path.startswith("/dev/") else call.path(path)


def filled(replacement: Replacement, found: Found) -> str:
    """The replacement of a match.

    Raises:
        IndexError: there is no such group.

    >>> from kubeactors.kubelet.runtimes.shell.regular_expressions import compiled
    >>> filled(("<", 1, ">", 0), compiled("a(b)", extended=True).search("ab"))
    '<b>ab'
    """
    return "".join(one if isinstance(one, str) else found[one] for one in replacement)


def listed(text: str) -> str:
    r"""The unambiguous form of a text (`l`).

    >>> listed("a\tb\\\n\x01")
    'a\\tb\\\\\\n\\001$'
    """
    named = {"\\": r"\\", "\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
    lines = [""]
    for byte in text.encode(errors="surrogateescape"):
        char = chr(byte)
        shown = named.get(char) or (char if " " <= char <= "~" else f"\\{byte:03o}")
        if len(lines[-1]) + len(shown) > LISTED_WIDTH:
            lines.append("")
        lines[-1] += shown
    return "\\\n".join(lines) + "$"

"""The commands `grep`, `egrep` and `fgrep`.

Source: POSIX.1-2024, Utilities, grep; busybox 1.37 for the other options and for error messages.
"""

from collections import deque
from collections.abc import Generator

from kubeactors.kubelet.runtimes.shell.expression_parser import BadExpression
from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.pipes import Pipe
from kubeactors.kubelet.runtimes.shell.processes import Run, Step, Until
from kubeactors.kubelet.runtimes.shell.regular_expressions import Expression, any_of, compiled

_LETTERS = "EFGHIRivqcnhsLlxworae:f:m:A:B:C:"
_LONG = {
    "after-context": "A",
    "before-context": "B",
    "context": "C",
    "count": "c",
    "extended-regexp": "E",
    "files-with-matches": "l",
    "files-without-match": "L",
    "fixed-strings": "F",
    "ignore-case": "i",
    "invert-match": "v",
    "line-number": "n",
    "max-count": "m",
    "no-filename": "h",
    "no-messages": "s",
    "only-matching": "o",
    "quiet": "q",
    "recursive": "r",
    "regexp": "e",
    "word-regexp": "w",
}


def grep(call: Call) -> Run:
    """Print matching lines. The exit code is 0 if there are any, 1 if not, and 2 after an error."""
    words = [one for one in call.arguments if not one.startswith(("--color", "--colour"))]
    options = Options(words, _LETTERS, _LONG, code=2)
    expression = _expression(_patterns(call, options), options, call.words[0].rpartition("/")[2])
    paths, is_labelled = _paths(call, options)
    search = _Search(call, options, expression, is_labelled=is_labelled)
    selected, code = 0, 0
    for path in paths:
        if call.files.is_directory(call.path(path)):
            continue
        try:
            source = call.open(path)
        except FileError as error:
            code = 2
            if "s" not in options:
                call.complain(f"{path}: {error}")
            continue
        selected += yield from search.read(source, "(standard input)" if path == "-" else path)
        if selected and "q" in options:
            return 0
    return code or int(not selected)


def _patterns(call: Call, options: Options) -> list[str]:
    """The patterns of `-e` and `-f`, or the first operand."""
    patterns = [line for one in options.values("e") for line in one.split("\n")]
    for path in options.values("f"):
        patterns += call.files.read(call.path(path)).decode(errors="surrogateescape").splitlines()
    if patterns or options.any("ef"):
        return patterns
    if not options.operands:
        raise UsageError("missing pattern", 2)
    return options.operands.pop(0).split("\n")


def _expression(patterns: list[str], options: Options, name: str) -> Expression:
    is_fixed, is_extended = "F" in options or name == "fgrep", "E" in options or name == "egrep"
    if not is_fixed:
        for one in patterns:
            try:
                compiled(one, extended=is_extended)
            except BadExpression as error:
                raise UsageError(f"bad regex '{one}': {error}", 2) from None
    return any_of(
        tuple(patterns),
        extended=is_extended,
        fixed=is_fixed,
        ignore_case="i" in options,
        whole="line" if "x" in options else "word" if "w" in options else "",
    )


def _paths(call: Call, options: Options) -> tuple[list[str], bool]:
    """The files to search, and whether their names are printed."""
    recursive = options.any("rR")
    operands = options.operands or (["."] if recursive else ["-"])
    paths = list[str]()
    for path in operands:
        whole = call.path(path)
        if recursive and call.files.is_directory(whole):
            below = [one[len(whole.rstrip("/")) :] for one in call.files.walk(whole)]
            paths += [path.rstrip("/") + one for one in below] if options.operands else [one[1:] for one in below[1:]]
        else:
            paths.append(path)
    return paths, "H" in options or ("h" not in options and (len(operands) > 1 or paths != operands))


class _Search:
    """Searches inputs, one after another."""

    def __init__(self, call: Call, options: Options, expression: Expression, *, is_labelled: bool) -> None:
        self._call = call
        self._charge = call.machine.processes.charge
        self._options = options
        self._expression = expression
        self._is_labelled = is_labelled
        around = options.number("C")
        self._before, self._after = options.number("B", around), options.number("A", around)
        self._limit = options.number("m", -1)
        self._prints = not options.any("cqlL")
        self._has_printed = False

    def read(self, source: Pipe, name: str) -> Generator[Step, None, int]:
        """Search an input as it arrives. Returns the number of selected lines; with `-L` whether there are none."""
        label = f"{name}:" if self._is_labelled else ""
        count = number = due = last = 0
        recent: deque[tuple[int, str]] = deque(maxlen=max(self._before, 0))
        while count != self._limit:
            yield Until(lambda: source.has_line)
            line = source.take_line()
            if not line:
                break
            number += 1
            text = line.decode(errors="surrogateescape").removesuffix("\n")
            if (self._expression.search(text, self._charge) is None) == ("v" in self._options):
                count += 1
                if self._options.any("qlL"):
                    break
                shown = [*recent, (number, text)]
                if self._prints and (self._before or self._after) and self._has_printed and shown[0][0] > last + 1:
                    self._call.say("--\n")
                self._print(shown, label)
                recent.clear()
                due, last = self._after, number
            elif due > 0:
                self._print([(number, text)], label, context=True)
                due, last = due - 1, number
            else:
                recent.append((number, text))
        return self._summed_up(count, name, label)

    def _print(self, lines: list[tuple[int, str]], label: str, *, context: bool = False) -> None:
        """Print lines, of which only the last one can be a selected one."""
        if not self._prints:
            return
        self._has_printed = True
        for number, text in lines:
            mark = "-" if context or number != lines[-1][0] else ":"
            start = label[:-1] + mark if label else ""
            start += f"{number}{mark}" if "n" in self._options else ""
            for one in self._pieces(text) if "o" in self._options and mark == ":" else [text]:
                self._call.say(f"{start}{one}\n")

    def _pieces(self, text: str) -> list[str]:
        """What `-o` prints: the nonempty matches."""
        if "v" in self._options:
            return []
        return [found[0] for found in self._expression.matches(text, self._charge) if found[0]]

    def _summed_up(self, count: int, name: str, label: str) -> int:
        if "L" in self._options or "l" in self._options:
            is_listed = bool(count) != ("L" in self._options)
            if is_listed:
                self._call.say(f"{name}\n")
            return int(is_listed)
        if "c" in self._options and "q" not in self._options:
            self._call.say(f"{label}{count}\n")
        return count

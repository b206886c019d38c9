"""The command `xargs`.

Source: POSIX.1-2024, Utilities, xargs; busybox 1.37 for `-0`, `-r`, `-P` and for error messages.
"""

import re
from collections.abc import Iterator

from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.pipes import Pipe
from kubeactors.kubelet.runtimes.shell.processes import Run
from kubeactors.kubelet.runtimes.shell.text_commands import rest_of

MAX_WORDS = 1000
"""The maximum number of arguments of a command."""
_WORD = re.compile(r"""((?:[^\s'"\\]|\\.|'[^'\n]*'|"[^"\n]*")+)|\s+|(['"\\])""", re.DOTALL)
_QUOTED = re.compile(r"""\\(.)|'([^']*)'|"([^"]*)\"""", re.DOTALL)
_QUOTES = {'"': "double quote", "'": "single quote", "\\": "backslash"}
_LONG = {"max-args": "n", "max-lines": "L", "max-procs": "P", "no-run-if-empty": "r", "null": "0", "replace": "I"}


def xargs(call: Call) -> Run:
    """Run a command with the words of the input as its last arguments. With `-P` too the commands run in turn.

    The exit code is 123 if a command fails, and 126 or 127 if one cannot run, which ends the run.
    """
    options = Options(call.arguments, "0rtxn:I:L:P:d:s:E:", _LONG, mixed=False)
    command = options.operands or ["echo"]
    text = (yield from rest_of(call.streams.input)).decode(errors="surrogateescape")
    code = 0
    for words in _commands(options, command, text):
        if "t" in options:
            call.streams.error.write(" ".join(words).encode(errors="surrogateescape") + b"\n")
        ended = yield from call.run(words, input_=Pipe(closed=True))
        if ended in {126, 127}:
            return ended
        code = 123 if ended else code
    return code


def _commands(options: Options, command: list[str], text: str) -> Iterator[list[str]]:
    count = max(options.number("n", MAX_WORDS), 1)
    if "I" in options:
        place = options.value("I")
        for line in _items(options, text) if options.any("0d") else text.splitlines():
            if line.strip():
                yield [one.replace(place, line.lstrip(" \t")) for one in command]
        return
    if "L" in options:
        lines = [one for one in text.splitlines() if one.strip()]
        together = max(options.number("L"), 1)
        groups = [lines[start : start + together] for start in range(0, len(lines), together)]
        batches = [[word for line in group for word in unquoted(line)] for group in groups]
    else:
        words = _items(options, text)
        batches = [words[start : start + count] for start in range(0, len(words), count)]
    for batch in batches or ([] if "r" in options else [[]]):
        yield command + batch


def _items(options: Options, text: str) -> list[str]:
    if not options.any("0d"):
        return unquoted(text)
    end = "\0" if "0" in options else options.value("d").replace("\\n", "\n").replace("\\0", "\0")
    return text.removesuffix(end).split(end) if text and end else []


def unquoted(text: str) -> list[str]:
    r"""The words of a text with quotes and backslashes.

    >>> unquoted("a 'b c'd \"e\"  f\\ g\n")
    ['a', 'b cd', 'e', 'f g']

    Raises:
        UsageError: a quote is not closed.
    """
    words = list[str]()
    for found in _WORD.finditer(text):
        if found[2]:
            raise UsageError(f"unmatched {_QUOTES[found[2]]}")
        if found[1]:
            words.append(_QUOTED.sub(lambda one: one[1] or one[2] or one[3] or "", found[1]))
    return words

"""The command `sed`.

Source: POSIX.1-2024, Utilities, sed; busybox 1.37 for `-i`; GNU sed 4.9 for `-s` and `-z`.
"""

import re

from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.pipes import Collected, Sink
from kubeactors.kubelet.runtimes.shell.processes import Run
from kubeactors.kubelet.runtimes.shell.sed_editor import Editor
from kubeactors.kubelet.runtimes.shell.sed_lines import Lines, Output
from kubeactors.kubelet.runtimes.shell.sed_script import Edit, SedSyntaxError, read_script

_in_place = re.compile(r"-([nErsz]*)i(.*)|--in-place(?:=(.*))?", re.DOTALL)
_LONG = {
    "expression": "e",
    "file": "f",
    "in-place": "i",
    "null-data": "z",
    "quiet": "n",
    "regexp-extended": "E",
    "separate": "s",
    "silent": "n",
}


def sed(call: Call) -> Run:
    """`sed [-nErsz] [-i[SUFFIX]] SCRIPT [FILE]...`, or with the script after `-e` or in a file (`-f`)."""
    words = [one for word in call.arguments for one in _without_suffix(word)]
    options = Options(words, "nErszi:e:f:", _LONG)
    paths = options.operands
    texts = [_text(call, letter, value) for letter, value in options.given if letter in {"e", "f"}]
    if not texts:
        if not paths:
            return call.complain("missing operand")
        texts = [paths.pop(0)]
    text = "\n".join(texts)
    quiet = "n" in options or text.startswith("#n\n")
    try:
        return (yield from _run(call, read_script(text, extended=options.any("Er")), options, quiet=quiet))
    except SedSyntaxError as error:
        return call.complain(str(error))


def _without_suffix(word: str) -> list[str]:
    """An option with a possible suffix for backups, in the form of one that must have a value.

    >>> _without_suffix("-ni.bak"), _without_suffix("-i"), _without_suffix("-n")
    (['-n', '--in-place=.bak'], ['--in-place='], ['-n'])
    """
    found = _in_place.fullmatch(word)
    if found is None:
        return [word]
    return [*([f"-{found[1]}"] if found[1] else []), f"--in-place={found[2] or found[3] or ''}"]


def _text(call: Call, letter: str, value: str) -> str:
    if letter == "e":
        return value
    try:
        return call.files.read(call.path(value)).decode(errors="surrogateescape").removesuffix("\n")
    except FileError as error:
        raise UsageError(f"{value}: {error}") from None


def _run(call: Call, script: tuple[Edit, ...], options: Options, *, quiet: bool) -> Run:
    end, paths = b"\0" if "z" in options else b"\n", options.operands

    def edit(paths: list[str], sink: Sink) -> Run:
        return Editor(script, Lines(call, paths, end), Output(sink), call, quiet=quiet).run()

    code = 0
    if "i" not in options:
        for group in [[one] for one in paths] if "s" in options and paths else [paths]:
            code = (yield from edit(group, call.streams.output)) or code
        return code
    for path in paths:
        made = Collected()
        code = (yield from edit([path], made)) or code
        _replace(call, path, bytes(made.data), options.value("i"))
    return code


def _replace(call: Call, path: str, data: bytes, suffix: str) -> None:
    """Write an edited file, if it existed; the former one is kept if there is a suffix."""
    try:
        before = call.files.read(call.path(path))
    except FileError:
        return
    if suffix:
        call.files.write(call.path(path + suffix), before, call.now)
    call.files.write(call.path(path), data, call.now)

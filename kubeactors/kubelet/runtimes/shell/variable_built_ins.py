"""The built-in commands that set variables, parameters and options of the shell.

Source: POSIX.1-2024, Utilities and 2.15 Special Built-In Utilities; error messages are those of busybox's ash.
"""

import re
from collections.abc import Generator
from typing import TYPE_CHECKING

from kubeactors.kubelet.runtimes.shell.expansion import ExpansionFailure
from kubeactors.kubelet.runtimes.shell.field_splitting import DEFAULT_IFS, split
from kubeactors.kubelet.runtimes.shell.processes import Process, Run, Sleep, Step, Until
from kubeactors.kubelet.runtimes.shell.quoting import quoted
from kubeactors.kubelet.runtimes.shell.system_commands import duration

if TYPE_CHECKING:
    from kubeactors.kubelet.runtimes.shell.interpreter import Shell

OPTIONS = {
    "errexit": "e",
    "noglob": "f",
    "ignoreeof": "I",
    "monitor": "m",
    "noexec": "n",
    "xtrace": "x",
    "verbose": "v",
    "noclobber": "C",
    "allexport": "a",
    "notify": "b",
    "nounset": "u",
    "pipefail": "pipefail",
}
"""The letters of options by their long names; `pipefail` has none."""
_name = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_clauses = re.compile(r"([ugoa]*)([-+=])([rwx]*)")


def _checked(command: str, name: str) -> str:
    if not _name.fullmatch(name):
        raise ExpansionFailure(f"{command}: {name}: bad variable name")
    return name


def _declared(shell: "Shell", command: str, words: list[str]) -> list[str]:
    """Perform the assignments. Returns the names of all operands."""
    names: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        names.append(_checked(command, name))
        if equals:
            shell.assign(name, value)
    return names


def _flagged(words: list[str], letters: str) -> tuple[str, list[str]]:
    """The leading options, and the operands."""
    options = ""
    for number, word in enumerate(words):
        if word == "--":
            return options, words[number + 1 :]
        if len(word) < 2 or word[0] != "-" or not set(word[1:]) <= set(letters):
            return options, words[number:]
        options += word[1:]
    return options, []


def _listed(shell: "Shell", command: str, names: dict[str, None]) -> None:
    for name in sorted(names):
        value = shell.variables.get(name)
        shell.say(f"{command} {name}" + ("\n" if value is None else f"={quoted(value)}\n"))


def export(shell: "Shell", words: list[str]) -> Run:
    """Export variables, or no longer (`-n`); without operands print them."""
    yield from ()
    options, operands = _flagged(words, "np")
    if not operands:
        _listed(shell, "export", shell.exported)
    for name in _declared(shell, "export", operands):
        if "n" in options:
            shell.exported.pop(name, None)
        else:
            shell.exported[name] = None
    return 0


def read_only(shell: "Shell", words: list[str]) -> Run:
    """Make variables read-only; without operands print them."""
    yield from ()
    _, operands = _flagged(words, "p")
    if not operands:
        _listed(shell, "readonly", shell.read_only)
    shell.read_only |= dict.fromkeys(_declared(shell, "readonly", operands))
    return 0


def local(shell: "Shell", words: list[str]) -> Run:
    """Declare local variables of a function, with or without values."""
    yield from ()
    if not shell.locals:
        raise ExpansionFailure("local: not in a function")
    for word in words:
        name, equals, value = word.partition("=")
        shell.declare_local(_checked("local", name))
        if equals:
            shell.assign(name, value)
    return 0


def unset(shell: "Shell", words: list[str]) -> Run:
    """Unset variables, or functions (`-f`)."""
    yield from ()
    options, names = _flagged(words, "fv")
    for name in names:
        if "f" in options:
            shell.functions.pop(name, None)
            continue
        if name in shell.read_only:
            raise ExpansionFailure(f"unset: {name}: is read only")
        array = _checked("unset", name.partition("[")[0])
        for one in [one for one in shell.variables if one == name or (array == name and one.startswith(f"{name}["))]:
            del shell.variables[one]
        shell.exported.pop(name, None)
    return 0


def set_options(shell: "Shell", words: list[str]) -> Run:
    """Set options and positional parameters; without operands print the variables."""
    yield from ()
    if not words:
        for name in sorted(one for one in shell.variables if "[" not in one):
            shell.say(f"{name}={quoted(shell.variables[name])}\n")
    rest = list(words)
    while rest and rest[0][:1] in {"-", "+"} and len(rest[0]) > 1:
        word = rest.pop(0)
        if word == "--":
            shell.arguments = rest
            return 0
        for letter in word[1:]:
            if letter != "o":
                shell.options[_letter(letter)] = word[0] == "-"
            elif not rest:
                _print_options(shell, word[0])
            elif rest[0] in OPTIONS:
                shell.options[OPTIONS[rest.pop(0)]] = word[0] == "-"
            else:
                shell.complain(f"set: illegal option {word[0]}o {rest[0]}")
                return 1
    if rest:
        shell.arguments = rest
    return 0


def _letter(letter: str) -> str:
    if letter not in OPTIONS.values():
        raise ExpansionFailure(f"set: illegal option -{letter}")
    return letter


def _print_options(shell: "Shell", sign: str) -> None:
    for name, letter in OPTIONS.items():
        is_on = bool(shell.options.get(letter))
        plain = f"{name:15} {'on' if is_on else 'off'}\n"
        shell.say(plain if sign == "-" else f"set {'-' if is_on else '+'}o {name}\n")


def shift(shell: "Shell", words: list[str]) -> Run:
    """Drop the first positional parameters."""
    yield from ()
    count = shell.number("shift", words, 1)
    if count > len(shell.arguments):
        return 1
    shell.arguments = shell.arguments[count:]
    return 0


def let(shell: "Shell", words: list[str]) -> Run:
    """Evaluate arithmetic expressions; fails if the last one is zero."""
    yield from ()
    value = 0
    for word in words:
        value = shell.calculate(word)
    return int(not value)


def umask(shell: "Shell", words: list[str]) -> Run:
    """Print or set the permissions that new files of redirections lack."""
    yield from ()
    options, operands = _flagged(words, "S")
    if not operands:
        allowed = 0o777 & ~shell.umask
        parts = (
            f"{who}={''.join(one for bit, one in zip((4, 2, 1), 'rwx', strict=True) if allowed >> place & bit)}"
            for who, place in (("u", 6), ("g", 3), ("o", 0))
        )
        shell.say(",".join(parts) + "\n" if options else f"{shell.umask:04o}\n")
        return 0
    mask = _mask(shell.umask, operands[0])
    if mask is None:
        shell.complain(f"umask: illegal mode: {operands[0]}")
        return 2
    shell.umask = mask
    return 0


def _mask(mask: int, mode: str) -> int | None:
    """A new mask, given in octal or by symbols; None if the mode is malformed.

    >>> f"{_mask(0o022, 'u=rwx,g=rx,o='):o}", f"{_mask(0o022, '077'):o}", _mask(0, "x")
    ('27', '77', None)
    """
    if re.fullmatch(r"[0-7]{1,4}", mode):
        return int(mode, 8) & 0o777
    allowed = 0o777 & ~mask
    for clause in mode.split(","):
        found = _clauses.fullmatch(clause)
        if found is None:
            return None
        bits = sum({"r": 4, "w": 2, "x": 1}[one] for one in dict.fromkeys(found[3]))
        for who in "ugo" if not found[1] or "a" in found[1] else found[1]:
            place = {"u": 6, "g": 3, "o": 0}[who]
            old = allowed >> place & 7
            new = {"=": bits, "+": old | bits, "-": old & ~bits}[found[2]]
            allowed = allowed & ~(7 << place) | new << place
    return 0o777 & ~allowed


def getopts(shell: "Shell", words: list[str]) -> Run:
    """Parse the next option of the positional parameters, or of the given words."""
    yield from ()
    if len(words) < 2:
        raise ExpansionFailure("getopts: usage: getopts optstring var [arg]")
    known, name, arguments = words[0], words[1], words[2:] or shell.arguments
    is_silent = known.startswith(":")
    index, place = _option_place(shell)
    word = arguments[index - 1] if index <= len(arguments) else ""
    place = place if place < len(word) else 1
    if place == 1 and (len(word) < 2 or word[0] != "-" or word == "--"):
        _place_option(shell, index + (word == "--"), 1)
        shell.assign(name, "?")
        return 1
    letter, place = word[place], place + 1
    is_known = letter != ":" and letter in known
    argument: str | None = None
    if is_known and known[known.index(letter) + 1 :].startswith(":"):
        argument, index = (word[place:], index) if place < len(word) else (None, index + 1)
        if argument is None and index <= len(arguments):
            argument = arguments[index - 1]
        if argument is None:
            _place_option(shell, index, 1)
            return _wrong_option(shell, name, letter, ":" if is_silent else f"No arg for -{letter} option")
        place = len(word)
    index, place = (index + 1, 1) if place >= len(word) else (index, place)
    _place_option(shell, index, place)
    if not is_known:
        return _wrong_option(shell, name, letter, "?" if is_silent else f"Illegal option -{letter}")
    shell.assign(name, letter)
    if argument is None:
        shell.variables.pop("OPTARG", None)
    else:
        shell.assign("OPTARG", argument)
    return 0


def _option_place(shell: "Shell") -> tuple[int, int]:
    """The word of the next option, from 1, and its place in it; a script restarts by setting OPTIND."""
    index = shell.variables.get("OPTIND", "1")
    place = shell.option_place[1] if shell.option_place[0] == index else 1
    return (max(int(index), 1) if index.isdecimal() else 1), place


def _place_option(shell: "Shell", index: int, place: int) -> None:
    shell.assign("OPTIND", str(index))
    shell.option_place = (str(index), place)


def _wrong_option(shell: "Shell", name: str, letter: str, message: str) -> int:
    if len(message) == 1:
        shell.assign(name, message)
        shell.assign("OPTARG", letter)
        return 0
    shell.assign(name, "?")
    shell.variables.pop("OPTARG", None)
    if shell.variables.get("OPTERR") != "0":
        shell.streams.error.write(f"{message}\n".encode())
    return 0


def read(shell: "Shell", words: list[str]) -> Run:
    r"""Read a line into variables.

    Options: `-r` (backslashes are plain), `-p PROMPT` (shown at a terminal), `-t SECONDS`, `-n CHARACTERS`,
    `-d DELIMITER`, `-u DESCRIPTOR`, and `-s`, which has no effect.
    """
    options, names = _read_options(words)
    for name in names:
        if not _name.fullmatch(name):
            shell.complain(f"read: '{name}': bad variable name")
            return 1
    if "p" in options and shell.streams.is_terminal:
        shell.streams.error.write(options["p"].encode(errors="surrogateescape"))
    line, is_whole = yield from _line(shell, options)
    if not names:
        shell.assign("REPLY", "".join(line))
        return int(not is_whole)
    protected = [one[1] for one in line if len(one) == 2]
    text = "".join("\0" if len(one) == 2 else one for one in line)
    fields = split(text, shell.variables.get("IFS", DEFAULT_IFS), len(names))
    for number, name in enumerate(names):
        field = fields[number] if number < len(fields) else ""
        shell.assign(name, re.sub("\0", lambda _: protected.pop(0), field))
    return int(not is_whole)


def _read_options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """The options with their values, and the names."""
    options: dict[str, str] = {}
    rest = list(words)
    while rest and len(rest[0]) > 1 and rest[0][0] == "-":
        word = rest.pop(0)[1:]
        if word == "-":
            break
        while word:
            letter, word = word[0], word[1:]
            if letter in "rs":
                options[letter] = ""
            elif letter in "ptndu" and (word or rest):
                options[letter], word = word or rest.pop(0), ""
            else:
                raise ExpansionFailure(f"read: illegal option -{letter}")
    return options, rest


def _line(shell: "Shell", options: dict[str, str]) -> Generator[Step, None, tuple[list[str], bool]]:
    r"""Read characters without the delimiter, an escaped one as `\c`; and whether all were there in time."""
    source = shell.source(int(options["u"]) if options.get("u", "").isdecimal() else 0)
    delimiter = options.get("d", "\n").encode(errors="surrogateescape")[:1] or b"\0"
    count = int(options["n"]) if options.get("n", "").isdecimal() else None
    timer = _timer(shell, options["t"]) if "t" in options else None
    line = b""
    try:
        while True:
            yield Until(lambda: source.has(delimiter, count) or (timer is not None and timer.is_over))
            if not source.has(delimiter, count):
                break
            part = source.take_until(delimiter, count)
            line += part
            is_continued = "r" not in options and re.search(rb"(?<!\\)(\\\\)*\\\n\Z", line)
            if not (is_continued and part):
                break
            line = line[:-2]
    finally:
        if timer is not None:
            timer.end(0)
    is_whole = line.endswith(delimiter) or (count is not None and 0 < count <= len(line))
    text = line.removesuffix(delimiter).replace(b"\0", b"").decode(errors="surrogateescape")
    characters = list(text) if "r" in options else re.findall(r"\\.|[^\\]", text, re.DOTALL)
    return characters, is_whole


def _timer(shell: "Shell", text: str) -> Process:
    try:
        seconds = duration(text)
    except ValueError:
        raise ExpansionFailure("read: invalid timeout") from None

    def run() -> Run:
        yield Sleep(seconds)
        return 0

    return shell.start(run())

"""`test` and `[`. Pure.

Source: POSIX.1-2024, Utilities, test.
"""

from collections.abc import Callable

from kubeactors.kubelet.runtimes.shell.files import DEVICES, FileSystem, absolute

_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda a, b: a == b,
    "-ne": lambda a, b: a != b,
    "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b,
    "-gt": lambda a, b: a > b,
    "-ge": lambda a, b: a >= b,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}


def _is_newer(one: str, other: str, files: FileSystem) -> bool:
    """Whether a file exists, and the other one is older or does not exist. Directories have no times."""
    file, old = files.find(one), files.find(other)
    return file is not None and (old.modified < file.modified if old is not None else not files.exists(other))


_FILES: dict[str, Callable[[str, str, FileSystem], bool]] = {
    "-nt": _is_newer,
    "-ot": lambda a, b, files: _is_newer(b, a, files),
    "-ef": lambda a, b, files: files.exists(a) and files.resolved(a) == files.resolved(b),
}
_OPERATORS = frozenset({*_NUMBERS, *_TEXTS, *_FILES})
_UNARY = frozenset(f"-{letter}" for letter in "bcdefghknprsuwxzGLOS")


class WrongTest(ValueError):
    """The condition is malformed; the message is busybox's."""


def holds(words: list[str], files: FileSystem, directory: str, *, terminal: bool = False) -> bool:
    """Evaluate a condition; `terminal`: the standard streams are one.

    >>> from kubeactors.kubelet.runtimes.shell.files import Tree
    >>> holds(["!", "(", "2", "-lt", "10", "-a", "-n", "", ")"], FileSystem(Tree()), "/")
    True

    Raises:
        WrongTest: it is malformed.
    """
    return _Condition(words, files, directory, terminal=terminal).whole()


class _Condition:
    """A condition by recursive descent: `-o` binds less than `-a`, and `-a` less than `!`."""

    def __init__(self, words: list[str], files: FileSystem, directory: str, *, terminal: bool) -> None:
        self._rest = list(words)
        self._files = files
        self._directory = directory
        self._terminal = terminal

    def whole(self) -> bool:
        value = bool(self._rest) and self._either()
        if self._rest:
            reason = "argument expected" if self._rest[0] in _OPERATORS else "unknown operand"
            raise WrongTest(f"{self._rest[0]}: {reason}")
        return value

    def _either(self) -> bool:
        value = self._both()
        while self._take("-o"):
            value = self._both() or value
        return value

    def _both(self) -> bool:
        value = self._primary()
        while self._take("-a"):
            value = self._primary() and value
        return value

    def _primary(self) -> bool:
        match self._rest:
            case [one, operator, other, *rest] if operator in _OPERATORS:
                self._rest = rest
                return _two(one, operator, other, self._files, self._directory)
            case ["!", _, *_]:
                self._rest.pop(0)
                return not self._primary()
            case ["(", _, *_]:
                self._rest.pop(0)
                value = self._either()
                if not self._take(")"):
                    raise WrongTest("closing paren expected")
                return value
            case ["-t", _, *rest]:
                self._rest = rest
                return self._terminal
            case [operator, operand, *rest] if operator in _UNARY:
                self._rest = rest
                return _one(operator, operand, self._files, self._directory)
            case [one, *rest]:
                self._rest = rest
                return bool(one)
            case _:
                raise WrongTest("argument expected")

    def _take(self, word: str) -> bool:
        if self._rest[:1] != [word]:
            return False
        self._rest.pop(0)
        return True


def _one(operator: str, operand: str, files: FileSystem, directory: str) -> bool:
    path = absolute(operand, directory)
    match operator:
        case "-n":
            return bool(operand)
        case "-z":
            return not operand
        case "-d":
            return files.is_directory(path)
        case "-f":
            return files.is_file(path)
        case "-e" | "-r" | "-w" | "-O" | "-G":
            return files.exists(path) or path in DEVICES
        case "-s":
            return files.is_file(path) and bool(files.read(path))
        case "-x":
            return files.is_directory(path) or ((file := files.find(path)) is not None and bool(file.mode & 0o111))
        case "-L" | "-h":
            return files.find_link(path) is not None
        case "-c":
            return path in DEVICES
        case _:
            return False  # there are no sockets, pipes, block devices and sticky bits


def _two(one: str, operator: str, other: str, files: FileSystem, directory: str) -> bool:
    if operator in _TEXTS:
        return _TEXTS[operator](one, other)
    if operator in _FILES:
        return _FILES[operator](absolute(one, directory), absolute(other, directory), files)
    try:
        return _NUMBERS[operator](int(one), int(other))
    except ValueError:
        wrong = one if not one.strip().lstrip("-").isdecimal() else other
        raise WrongTest(f"{wrong}: bad number") from None

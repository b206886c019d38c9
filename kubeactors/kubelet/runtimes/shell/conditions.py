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


class WrongTest(ValueError):
    """The condition is malformed; the message is busybox's."""


def holds(words: list[str], files: FileSystem, directory: str) -> bool:
    """Evaluate a condition.

    >>> from kubeactors.kubelet.runtimes.shell.files import Tree
    >>> holds(["2", "-lt", "10", "-a", "-n", "x"], FileSystem(Tree()), "/")
    True

    Raises:
        WrongTest: it is malformed.
    """
    for link, joined in (("-o", any), ("-a", all)):
        if link in words[1:-1] and len(words) > 3:
            place = words.index(link, 1)
            parts = (words[:place], words[place + 1 :])
            return joined(holds(one, files, directory) for one in parts)
    match words:
        case []:
            return False
        case [one]:
            return bool(one)
        case ["!", *rest]:
            return not holds(rest, files, directory)
        case [operator, operand]:
            return _one(operator, operand, files, directory)
        case [one, operator, other]:
            return _two(one, operator, other)
        case ["(", *inside, ")"]:
            return holds(inside, files, directory)
        case _:
            raise WrongTest("too many arguments")


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
        case "-e" | "-r" | "-w":
            return files.exists(path) or path in DEVICES
        case "-s":
            return files.is_file(path) and bool(files.read(path))
        case "-x":
            return files.is_directory(path) or ((file := files.find(path)) is not None and bool(file.mode & 0o111))
        case "-L" | "-h":
            return files.find_link(path) is not None
        case "-t" | "-p" | "-S":
            return False
        case _:
            raise WrongTest(f"{operator}: unknown operand")


def _two(one: str, operator: str, other: str) -> bool:
    if operator in _TEXTS:
        return _TEXTS[operator](one, other)
    if operator not in _NUMBERS:
        raise WrongTest(f"{operator}: unknown operand")
    try:
        return _NUMBERS[operator](int(one), int(other))
    except ValueError:
        wrong = one if not one.strip().lstrip("-").isdecimal() else other
        raise WrongTest(f"{wrong}: bad number") from None

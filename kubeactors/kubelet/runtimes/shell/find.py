"""The command `find`.

Source: POSIX.1-2024, Utilities, find; busybox 1.37 for the other tests and for error messages. Links are not followed.
"""

import posixpath
import re
from collections.abc import Callable, Generator
from fnmatch import fnmatchcase
from typing import TypeAlias

import msgspec

from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.processes import SECOND, Run, Step

_SIZE = re.compile(r"([+-]?)(\d+)([bcwkMG]?)")
_UNITS = {"": 512, "b": 512, "c": 1, "w": 2, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class Entry(msgspec.Struct):
    """A file, a directory or a link that `find` visits."""

    path: str
    """Absolute."""
    shown: str
    depth: int
    is_pruned: bool = False
    """Whether the entries below it are skipped."""


Test: TypeAlias = Callable[[Entry], "Generator[Step, None, bool]"]


def find(call: Call) -> Run:
    """Visit files, and test or change each of them by an expression."""
    words = [one for one in call.arguments if one not in {"-H", "-L", "-P", "-xdev", "-mount", "-noleaf"}]
    count = next((place for place, one in enumerate(words) if one[:1] == "-" or one in {"!", "(", ")"}), len(words))
    expression = _Expression(call, words[count:])
    code = 0
    for path in words[:count] or ["."]:
        whole = call.path(path)
        if not call.files.exists(whole) and call.files.find_link(whole) is None:
            code = call.complain(f"{path}: No such file or directory")
            continue
        yield from _visit(call, expression, Entry(whole, path, 0))
    return (yield from expression.finish()) or code


def _visit(call: Call, expression: "_Expression", entry: Entry) -> Generator[Step, None, None]:
    is_wanted = entry.depth >= expression.min_depth
    if is_wanted and not expression.is_deep:
        yield from expression.test(entry)
    if not entry.is_pruned and entry.depth < expression.max_depth and _kind(call, entry) == "d":
        for name in call.files.names(entry.path):
            below = Entry(posixpath.join(entry.path, name), posixpath.join(entry.shown, name), entry.depth + 1)
            yield from _visit(call, expression, below)
    if is_wanted and expression.is_deep:
        yield from expression.test(entry)


def _kind(call: Call, entry: Entry) -> str:
    return "l" if call.files.find_link(entry.path) else "d" if call.files.is_directory(entry.path) else "f"


class _Expression:
    """A parsed expression.

    Raises:
        UsageError: it is malformed.
    """

    def __init__(self, call: Call, words: list[str]) -> None:
        self.min_depth = 0
        self.max_depth: float = float("inf")
        self.is_deep = False
        """Whether the entries of a directory come before it."""
        self._call = call
        self._words = words
        self._acts = False
        self._batches: list[tuple[list[str], list[str]]] = []
        self._failed = False
        self.test: Test = self._either() if words else self._always
        if self._words:
            raise UsageError(f"unrecognized: {self._words[0]}")
        if not self._acts:
            self.test = _both(self.test, self._printing("\n"))

    def finish(self) -> Run:
        """Run the commands of `-exec ... +`. Returns the exit code."""
        for command, paths in self._batches:
            if paths and (yield from self._call.run([*command, *paths])):
                self._failed = True
        return int(self._failed)

    def _either(self) -> Test:
        test = self._all()
        while self._words[:1] in (["-o"], ["-or"]):
            self._words.pop(0)
            test = _or(test, self._all())
        return test

    def _all(self) -> Test:
        test = self._one()
        while self._words and self._words[0] not in {"-o", "-or", ")"}:
            if self._words[0] in {"-a", "-and"}:
                self._words.pop(0)
            test = _both(test, self._one())
        return test

    def _one(self) -> Test:
        word = self._next("")
        if word in {"!", "-not"}:
            return _not(self._one())
        if word == "(":
            test = self._either() if self._words else self._always
            if self._words[:1] != [")"]:
                raise UsageError("unpaired '('")
            self._words.pop(0)
            return test
        return self._primary(word)

    def _next(self, name: str) -> str:
        if not self._words:
            raise UsageError(f"{name} requires an argument" if name else "bad expression")
        return self._words.pop(0)

    def _primary(self, word: str) -> Test:
        match word:
            case "-maxdepth" | "-mindepth":
                return self._limit(word, self._next(word))
            case "-depth":
                self.is_deep = True
                return self._always
            case "-print" | "-print0":
                self._acts = True
                return self._printing("\n" if word == "-print" else "\0")
            case "-exec":
                self._acts = True
                return self._executing()
            case "-delete":
                self._acts = self.is_deep = True
                return _plain(self._delete)
            case "-prune":
                return _plain(_prune)
            case "-true":
                return self._always
            case "-false":
                return _not(self._always)
            case "-empty":
                return _plain(self._is_empty)
            case _:
                return _plain(self._tested(word))

    def _tested(self, word: str) -> Callable[[Entry], bool]:
        """The tests with a value."""
        tests: dict[str, Callable[[str], Callable[[Entry], bool]]] = {
            "-iname": lambda text: lambda one: fnmatchcase(_name(one).lower(), text.lower()),
            "-ipath": lambda text: lambda one: fnmatchcase(one.shown.lower(), text.lower()),
            "-mmin": lambda text: self._aged(word, text, 60),
            "-mtime": lambda text: self._aged(word, text, 86_400),
            "-name": lambda text: lambda one: fnmatchcase(_name(one), text),
            "-newer": self._newer,
            "-path": lambda text: lambda one: fnmatchcase(one.shown, text),
            "-perm": self._permitted,
            "-size": lambda text: self._sized(word, text),
            "-type": self._typed,
        }
        if word not in tests:
            raise UsageError(f"unrecognized: {word}")
        return tests[word](self._next(word))

    def _always(self, _entry: Entry) -> Generator[Step, None, bool]:
        yield from ()
        return True

    def _limit(self, name: str, text: str) -> Test:
        if not text.isdecimal():
            raise UsageError(f"invalid number '{text}'")
        if name == "-maxdepth":
            self.max_depth = int(text)
        else:
            self.min_depth = int(text)
        return self._always

    def _typed(self, text: str) -> Callable[[Entry], bool]:
        if text not in {*"bcdflps"}:
            raise UsageError(f"invalid argument '{text}' to '-type'")
        return lambda one: _kind(self._call, one) == text

    def _sized(self, name: str, text: str) -> Callable[[Entry], bool]:
        found = _SIZE.fullmatch(text)
        if found is None:
            raise UsageError(f"invalid number '{text}'" if text else f"{name} requires an argument")
        unit, count = _UNITS[found[3]], int(found[2])
        return lambda one: _compared(-(-self._call.files.size(one.path) // unit), found[1], count)

    def _aged(self, name: str, text: str, unit: int) -> Callable[[Entry], bool]:
        sign, count = text[:1] if text[:1] in {"+", "-"} else "", text.lstrip("+-")
        if not count.isdecimal():
            raise UsageError(f"invalid number '{text}'" if text else f"{name} requires an argument")
        files, now = self._call.files, self._call.now
        return lambda one: _compared((now - files.modified(one.path)) // (unit * SECOND), sign, int(count))

    def _newer(self, path: str) -> Callable[[Entry], bool]:
        whole = self._call.path(path)
        if not self._call.files.exists(whole):
            raise UsageError(f"can't stat '{path}': No such file or directory")
        moment = self._call.files.modified(whole)
        return lambda one: self._call.files.modified(one.path) > moment

    def _permitted(self, text: str) -> Callable[[Entry], bool]:
        sign, digits = text[:1] if text[:1] in {"-", "/"} else "", text.lstrip("-/")
        if not digits.isdecimal() or set(digits) & {*"89"}:
            raise UsageError(f"invalid mode '{text}'")
        bits, files = int(digits, 8), self._call.files
        if sign == "/":
            return lambda one: not bits or bool(files.mode(one.path) & bits)
        return lambda one: files.mode(one.path) & (bits if sign else 0o7777) == bits

    def _is_empty(self, entry: Entry) -> bool:
        kind = _kind(self._call, entry)
        return not (self._call.files.names if kind == "d" else self._call.files.read)(entry.path) and kind != "l"

    def _printing(self, end: str) -> Test:
        def shown(entry: Entry) -> bool:
            self._call.say(f"{entry.shown}{end}")
            return True

        return _plain(shown)

    def _delete(self, entry: Entry) -> bool:
        if _kind(self._call, entry) == "d" and self._call.files.names(entry.path):
            self._failed = bool(self._call.complain(f"{entry.shown}: Directory not empty"))
            return False
        try:
            if entry.shown != ".":
                self._call.files.remove(entry.path)
        except FileError as error:
            self._failed = bool(self._call.complain(f"{entry.shown}: {error}"))
            return False
        return True

    def _executing(self) -> Test:
        command = list[str]()
        while (word := self._next("-exec")) != ";" and not (word == "+" and command[-1:] == ["{}"]):
            command.append(word)
        if not command:
            raise UsageError("-exec requires an argument")
        if word == ";":
            return self._each(command)
        paths = list[str]()
        self._batches.append((command[:-1], paths))

        def collected(entry: Entry) -> bool:
            paths.append(entry.shown)
            return True

        return _plain(collected)

    def _each(self, command: list[str]) -> Test:
        def run(entry: Entry) -> Generator[Step, None, bool]:
            return (yield from self._call.run([one.replace("{}", entry.shown) for one in command])) == 0

        return run


def _name(entry: Entry) -> str:
    return posixpath.basename(entry.shown.rstrip("/")) or entry.shown


def _compared(value: int, sign: str, count: int) -> bool:
    return value > count if sign == "+" else value < count if sign == "-" else value == count


def _prune(entry: Entry) -> bool:
    entry.is_pruned = True
    return True


def _plain(predicate: Callable[[Entry], bool]) -> Test:
    def test(entry: Entry) -> Generator[Step, None, bool]:
        yield from ()
        return predicate(entry)

    return test


def _not(test: Test) -> Test:
    def negated(entry: Entry) -> Generator[Step, None, bool]:
        return not (yield from test(entry))

    return negated


def _both(one: Test, other: Test) -> Test:
    def both(entry: Entry) -> Generator[Step, None, bool]:
        return (yield from one(entry)) and (yield from other(entry))

    return both


def _or(one: Test, other: Test) -> Test:
    def either(entry: Entry) -> Generator[Step, None, bool]:
        return (yield from one(entry)) or (yield from other(entry))

    return either

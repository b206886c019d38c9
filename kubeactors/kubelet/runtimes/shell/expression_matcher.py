"""A matcher of regular expressions in bounded time, for those that no library matches so. Pure.

It tries all ways from each place in turn, and remembers the states from which it has been on: a state is an
instruction and a place, and with back-references also the groups. Without them there are no more states than
instructions times places.
"""

import re
from collections.abc import Callable
from typing import TypeAlias

import msgspec

from kubeactors.kubelet.runtimes.shell.expression_parser import (
    Assertion,
    BadExpression,
    Character,
    Choice,
    Group,
    Node,
    Reference,
    Repeat,
    Sequence,
)

MAX_STEPS = 200_000
"""The maximum number of states that are tried in one text."""
COMPARED = 64
"""How many characters are compared with those of a group at the cost of a state."""
Spans: TypeAlias = tuple[int, ...]
"""Start and end of the match and of each group; -1 for a group that does not take part."""

_State: TypeAlias = tuple[int, int, Spans]


class _Tried:
    """The states that a search has tried, at most `limit`."""

    __slots__ = ("_limit", "_states", "count")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._states: set[_State] = set()
        self.count: int = 0

    def adds(self, state: _State) -> bool:
        """Whether a state is a new one.

        Raises:
            BadExpression: there are too many.
        """
        if state in self._states:
            return False
        self._states.add(state)
        self.count += 1
        if self.count > self._limit:
            raise BadExpression("Memory exhausted")
        return True


class _Consume(msgspec.Struct, frozen=True):
    """Match a character or a place; both are what Python matches without alternatives."""

    match: Callable[[str, int], re.Match[str] | None]


class _Copy(msgspec.Struct, frozen=True):
    """Match the text of a group."""

    number: int


class _Mark(msgspec.Struct, frozen=True):
    """Store the place."""

    slot: int


class _Fork(msgspec.Struct, frozen=True):
    """Continue elsewhere, first at the first."""

    targets: tuple[int, ...]


_Instruction: TypeAlias = _Consume | _Copy | _Mark | _Fork


class Matcher:
    """A compiled expression.

    Args:
        node: the expression.
        groups: the number of its groups.
        flags: flags of Python for its characters and places.
    """

    def __init__(self, node: Node, groups: int, flags: int) -> None:
        self._code: list[_Instruction] = []
        self._flags = flags
        self._unset = (-1,) * (2 * groups + 2)
        self._has_references = False
        self._emit(node)

    def search(self, text: str, start: int, steps: int = MAX_STEPS) -> tuple[Spans | None, int]:
        """The longest of the first matches, and the number of states that were tried.

        Raises:
            BadExpression: more than `steps` states would be tried.

        >>> Matcher(Repeat(Repeat(Character("a"), 0, None), 0, None), 0, 0).search("aab", 0)
        ((0, 2), 17)
        """
        tried = _Tried(steps)
        for begin in range(start, len(text) + 1):
            found = self._longest(text, begin, tried)
            if found is not None:
                return (begin, *found[1:]), tried.count
        return None, tried.count

    def _longest(self, text: str, begin: int, tried: "_Tried") -> Spans | None:
        best: Spans | None = None
        waiting = [(0, begin, self._unset)]
        while waiting:
            at, place, spans = waiting.pop()
            if not tried.adds((at, place, spans if self._has_references else ())):
                continue
            if at < len(self._code):
                waiting += self._followers(at, text, place, spans, tried)
            elif best is None or place > best[1]:
                best = (begin, place, *spans[2:])
                if place == len(text):
                    break
        return best

    def _followers(self, at: int, text: str, place: int, spans: Spans, tried: "_Tried") -> list[_State]:
        """The next states, the first one last."""
        match self._code[at]:
            case _Consume(match):
                found = match(text, place)
                return [] if found is None else [(at + 1, found.end(), spans)]
            case _Copy(number):
                begin, end = spans[2 * number : 2 * number + 2]
                tried.count += (end - begin) // COMPARED
                fits = end >= 0 and text.startswith(text[begin:end], place)
                return [(at + 1, place + end - begin, spans)] if fits else []
            case _Mark(slot):
                return [(at + 1, place, (*spans[:slot], place, *spans[slot + 1 :]))]
            case _Fork(targets):
                return [(one, place, spans) for one in reversed(targets)]

    # Compilation.

    def _emit(self, node: Node) -> None:
        match node:
            case Character(text) | Assertion(text):
                self._code.append(_Consume(re.compile(text, self._flags).match))
            case Reference(number):
                self._has_references = True
                self._code.append(_Copy(number))
            case Group(number, body):
                self._code.append(_Mark(2 * number))
                self._emit(body)
                self._code.append(_Mark(2 * number + 1))
            case Sequence(items):
                for one in items:
                    self._emit(one)
            case Choice(items):
                self._emit_choice(items)
            case Repeat(body, low, high):
                for _ in range(low):
                    self._emit(body)
                self._emit_optional(body, None if high is None else high - low)

    def _emit_choice(self, items: tuple[Node, ...]) -> None:
        fork = self._reserve()
        starts, ends = list[int](), list[int]()
        for one in items:
            starts.append(len(self._code))
            self._emit(one)
            ends.append(self._reserve())
        self._code[fork] = _Fork(tuple(starts))
        for end in ends:
            self._code[end] = _Fork((len(self._code),))

    def _emit_optional(self, body: Node, times: int | None) -> None:
        """At most `times` times; None is any number."""
        forks = list[int]()
        for _ in range(1 if times is None else times):
            forks.append(self._reserve())
            self._emit(body)
        if times is None:
            self._code.append(_Fork((forks[0],)))
        for fork in forks:
            self._code[fork] = _Fork((fork + 1, len(self._code)))

    def _reserve(self) -> int:
        """Leave room for a fork, and return its place."""
        self._code.append(_Fork(()))
        return len(self._code) - 1

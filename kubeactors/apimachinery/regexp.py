"""Regular expressions with the syntax of Go (RE2): no look-around, no back-references, linear time.

The patterns of custom resource definitions and CEL are written for Go. Python interprets many of them differently, and
rejects some, such as flags in the middle of a group (`((?i)mon|tues)day`).

Source: regexp/syntax/{parse,regexp}.go (go1.26), for the error messages.
"""

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import Protocol, cast


class Match(Protocol):
    """A match."""

    def __getitem__(self, group: int) -> str: ...


class Pattern(Protocol):
    """A compiled pattern."""

    def search(self, text: str) -> Match | None:
        """The first match."""
        ...

    def finditer(self, text: str) -> Iterator[Match]:
        """All non-overlapping matches."""
        ...


class _Options(Protocol):
    log_errors: bool


class _Library(Protocol):
    error: type[Exception]

    def Options(self) -> _Options: ...  # noqa: N802 -- the library's name
    def compile(self, pattern: str, options: _Options) -> Pattern: ...


class PatternError(ValueError):
    """The pattern is malformed in Go; the message is Go's."""


_WORDS = {
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
    "invalid repetition size": "invalid repeat count",
    "bad repetition operator": "invalid nested repetition operator",
    "no argument for repetition operator": "missing argument to repetition operator",
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
}
"""Go's messages where the library's differ."""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Pattern:
    r"""The compiled pattern. The library is imported on first use.

    Raises:
        PatternError: it is malformed.

    >>> compiled(r"^((?i)mon|tues)day$").search("TUESday") is not None
    True
    >>> compiled("a(?=b)")
    Traceback (most recent call last):
    ...
    kubeactors.apimachinery.regexp.PatternError: error parsing regexp: invalid or unsupported Perl syntax: `(?=`
    """
    try:
        library = cast("_Library", import_module("re2"))
    except ImportError as error:
        raise PatternError("patterns need the package google-re2, which is not installed; install it") from error
    options = library.Options()
    options.log_errors = False
    try:
        return library.compile(pattern, options)
    except library.error as error:
        raise PatternError(_in_words_of_go(_said(error))) from None


def _said(error: Exception) -> str:
    said: object = error.args[0]
    return said.decode() if isinstance(said, bytes) else str(said)


def _in_words_of_go(said: str) -> str:
    """The library's error message as Go's.

    >>> _in_words_of_go("missing ): a(b")
    'error parsing regexp: missing closing ): `a(b`'
    """
    what, _, where = said.partition(": ")
    if what.startswith("trailing"):
        what = "trailing backslash at end of expression"
    return f"error parsing regexp: {_WORDS.get(what, what)}: `{where}`"

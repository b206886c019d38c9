"""Options of commands.

Source: POSIX.1-2024, Base Definitions, 12 Utility Conventions; error messages are busybox 1.37's.
"""

import re
from collections.abc import Mapping
from getopt import GetoptError, getopt, gnu_getopt

from kubeactors.kubelet.runtimes.shell.machine import UsageError

_NUMBER = re.compile(r"([+-]?\d+)([bkmKMG]?)")
_UNITS = {"": 1, "b": 512, "k": 1 << 10, "K": 1 << 10, "m": 1 << 20, "M": 1 << 20, "G": 1 << 30}


class Options:
    """The options and operands of a call.

    Args:
        words: the arguments of the call.
        letters: the one-letter options; a colon follows those with a value.
        long: the letters of long options by name.
        mixed: whether options may follow operands.
        code: the exit code of wrong usage.

    Raises:
        UsageError: an option is unknown, or its value is missing.
    """

    def __init__(
        self,
        words: list[str],
        letters: str,
        long: Mapping[str, str] | None = None,
        *,
        mixed: bool = True,
        code: int = 1,
    ) -> None:
        names = dict(long or {})
        known = [f"{name}=" if f"{letter}:" in letters else name for name, letter in names.items()]
        self.operands: list[str]
        try:
            given, self.operands = (gnu_getopt if mixed else getopt)(words, letters, known)
        except GetoptError as error:
            wanted = "requires argument" in error.msg or "requires an argument" in error.msg
            text = "option requires an argument" if wanted else "unrecognized option"
            raise UsageError(f"{text}: {error.opt}", code) from None
        self.given: list[tuple[str, str]] = [(names.get(one[2:], one[1:]), value) for one, value in given]
        """The letters of the options and their values, in the order of the call."""
        self._code = code

    def __contains__(self, letter: str) -> bool:
        """Whether an option is given."""
        return any(one == letter for one, _ in self.given)

    def any(self, letters: str) -> bool:
        """Whether one of these options is given."""
        return any(one in letters for one, _ in self.given)

    def values(self, letter: str) -> list[str]:
        """All values of an option."""
        return [value for one, value in self.given if one == letter]

    def value(self, letter: str, otherwise: str = "") -> str:
        """The last value of an option."""
        return self.values(letter)[-1] if letter in self else otherwise

    def number(self, letter: str, otherwise: int = 0) -> int:
        """The number that is the last value of an option.

        Raises:
            UsageError: it is not a number.
        """
        return number(self.value(letter), self._code) if letter in self else otherwise


def number(text: str, code: int = 1) -> int:
    """Parse a number with an optional unit.

    >>> number("10"), number("-2"), number("4k")
    (10, -2, 4096)

    Raises:
        UsageError: it is malformed.
    """
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise UsageError(f"invalid number '{text}'", code)
    return int(found[1]) * _UNITS[found[2]]

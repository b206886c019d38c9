"""POSIX regular expressions. Pure.

Source: POSIX.1-2024, Base Definitions, 9 Regular Expressions.
"""

import re
from functools import lru_cache

CLASSES = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "space": r"\s", "upper": "A-Z", "lower": "a-z"}
_class = re.compile(r"\[:(\w+):\]")


def basic(pattern: str) -> str:
    r"""Translate a basic regular expression to an extended one.

    >>> basic(r"a+\(b\|c\)")
    'a\\+(b|c)'
    """
    return re.sub(r"\\?[+?(){}|]", lambda found: found[0][1:] if found[0][0] == "\\" else "\\" + found[0], pattern)


def with_classes(pattern: str) -> str:
    """Replace named character classes by ranges.

    >>> with_classes("[[:digit:]x]")
    '[0-9x]'
    """
    return _class.sub(lambda found: CLASSES.get(found[1], ""), pattern)


@lru_cache(maxsize=1024)
def compiled(pattern: str, *, extended: bool, ignore_case: bool = False) -> re.Pattern[str]:
    """Compile a pattern.

    Raises:
        re.error: it is malformed.
    """
    whole = with_classes(pattern if extended else basic(pattern))
    return re.compile(whole, re.IGNORECASE if ignore_case else 0)

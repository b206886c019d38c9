"""Quoting of words, as the shell prints them. Pure."""

import re

_plain = re.compile(r"[\w@%+:,./-]+", re.ASCII)


def quoted(text: str) -> str:
    r"""A word in single quotes; single quotes in it are put into double quotes.

    >>> print(quoted("it's"), quoted(""))
    'it'"'"'s' ''
    """
    parts = re.findall(r"'+|[^']+", text)
    return "".join(f'"{one}"' if one[0] == "'" else f"'{one}'" for one in parts) or "''"


def quoted_if_needed(text: str) -> str:
    """A word, in quotes only if it needs them.

    >>> quoted_if_needed("a.txt"), quoted_if_needed("a b")
    ('a.txt', "'a b'")
    """
    return text if _plain.fullmatch(text) else quoted(text)

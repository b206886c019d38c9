"""Texts: what a pattern finds, and how keys are written in pointers.

Source: apiserver/pkg/cel/library/{regex,jsonpatch}.go (v1.36). Patterns are Python's, which are RE2's but for flags.
"""

import re

from kubeactors.apimachinery.cel.library.declaration import DYN, INT, STRING, Function, function, member


def _find(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    return "" if found is None else found[0]


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [one[0] for one in re.finditer(pattern, text)]
    return found if limit < 0 else found[:limit]


def escape_key(key: str) -> str:
    """A key as a part of a JSON pointer.

    >>> escape_key("example.com/name")
    'example.com~1name'
    """
    return key.replace("~", "~0").replace("/", "~1")


FUNCTIONS: tuple[Function, ...] = (
    member("find", (STRING, STRING), STRING, _find),
    member("findAll", (STRING, STRING), DYN, _find_all),
    member("findAll", (STRING, STRING, INT), DYN, _find_all),
    function("jsonpatch.escapeKey", (STRING,), STRING, escape_key),
)

"""Strings: regular expressions, and escaping for JSON pointers.

Source: apiserver/pkg/cel/library/{regex,jsonpatch}.go (v1.36).
"""

from kubeactors.apimachinery.cel.library.declaration import DYN, INT, STRING, Function, function, member
from kubeactors.apimachinery.regexp import compiled


def _find(text: str, pattern: str) -> str:
    found = compiled(pattern).search(text)
    return "" if found is None else found[0]


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [one[0] for one in compiled(pattern).finditer(text)]
    return found if limit < 0 else found[:limit]


def escape_key(key: str) -> str:
    """A key escaped as a part of a JSON pointer.

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

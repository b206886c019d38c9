"""Checks that the schema has the fields that a rule refers to.

The library has no record types, so rules are compiled over values of any type. It cannot detect an unknown field, so
this does: for selections that begin with `self` or `oldSelf` (in policies with `object` or `oldObject`), as far as
the schema goes.

Source: apiextensions-apiserver/pkg/apiserver/schema/cel/model, cel-go/checker (v1.36).
"""

import re
from collections.abc import Iterator
from functools import cache

from kubeactors.apimachinery.structural.node import Structural

_TEXT = re.compile(r"""r?("""
                   r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")  # fmt: skip
SELF = ("self", "oldSelf")
_SELECT = re.compile(r"\s*\.\s*(\??)([A-Za-z_]\w*)\s*(\(?)")

ROOT_FIELDS = ("apiVersion", "kind", "metadata")
_META = frozenset({"name", "generateName"})


def unknown_field(rule: str, schema: Structural, *, root: bool, names: tuple[str, ...] = SELF) -> str:
    """The compiler's error about an unknown field; empty if there is none.

    `root`: the values have type and metadata, whatever their schema says. `names`: the variables of this schema.

    >>> spec = Structural({"type": "object", "properties": {"size": {"type": "integer"}}})
    >>> print(unknown_field("self.weight > 1", spec, root=False))
    ERROR: <input>:1:5: undefined field 'weight'
     | self.weight > 1
     | ....^
    """
    blank = blanked(rule)
    for start in _start(names).finditer(blank):
        for name, at in _undefined(blank, start.end(), schema, root=root):
            return _said(rule, name, at)
    return ""


def blanked(rule: str) -> str:
    """A rule of the same length with spaces for its string literals.

    >>> blanked("self == 'a'")
    'self ==    '
    """
    return _TEXT.sub(lambda found: " " * len(found[0]), rule)


@cache
def _start(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.])({'|'.join(names)})\b")


def _undefined(text: str, end: int, schema: Structural, *, root: bool) -> Iterator[tuple[str, int]]:
    place = schema
    while True:
        selected = _SELECT.match(text, end)
        if selected is None or selected[3]:
            return
        name = unescaped(selected[2])
        if root and name in ROOT_FIELDS:
            return
        if place.type != "object" or place.preserve or place.additional or (place.embedded and name in ROOT_FIELDS):
            return
        found = place.properties.get(name)
        if found is None:
            yield selected[2], text.index(".", end)
            return
        place, end, root = found, selected.end(2), False


def _said(rule: str, name: str, at: int) -> str:
    before = rule[:at]
    line, column = before.count("\n") + 1, at - (before.rfind("\n") + 1)
    shown = rule.split("\n")[line - 1]
    return f"ERROR: <input>:{line}:{column + 1}: undefined field '{name}'\n | {shown}\n | {'.' * column}^"


_ESCAPES = {"__underscores__": "__", "__dot__": ".", "__dash__": "-", "__slash__": "/"}
_KEYWORDS = frozenset(
    (
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import",
        "let", "loop", "package", "namespace", "return", "var", "void", "while",
    )
)  # fmt: skip
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


def escaped(name: str) -> str:
    """The name of a field in a rule; empty if it cannot be escaped.

    >>> escaped("a-b"), escaped("namespace"), escaped("size")
    ('a__dash__b', '__namespace__', 'size')
    """
    if name in _KEYWORDS:
        return f"__{name}__"
    for written, plain in _ESCAPES.items():
        name = name.replace(plain, written)
    return name if _IDENTIFIER.fullmatch(name) else ""


def unescaped(name: str) -> str:
    """The name of a field, given its escaped name."""
    if name.startswith("__") and name.endswith("__") and name[2:-2] in _KEYWORDS:
        return name[2:-2]
    for written, plain in reversed(_ESCAPES.items()):
        name = name.replace(written, plain)
    return name

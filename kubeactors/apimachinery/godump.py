"""Values as Go's spew prints them, which Kubernetes hashes to name ReplicaSets and ControllerRevisions.

The output has the names of Go's types and fields; `gotypes.txt` lists those of pod templates, one type per line: a
struct with `field:name in JSON:type` for each field (without a name for an embedded one), or `name = type`.

Source: apimachinery/pkg/util/dump/dump.go (v1.36), github.com/davecgh/go-spew/spew/format.go (v1.1.1).
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import TypeAlias, cast

from kubeactors.apimachinery import quantity

Show: TypeAlias = Callable[[object], str]
"""Prints a value without its type."""

_ZERO_TIME = "{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}"
_BASICS = {"string", "bool", "int32", "int64"}
_QUANTITY = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?([A-Za-z]*)")
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def dump(value: Mapping[str, object], type_: str) -> str:
    """An object, given as JSON builtins, as Go prints a value of this type.

    >>> dump({"matchLabels": {"a": "b"}}, "v1.LabelSelector")[:64]
    '(v1.LabelSelector){MatchLabels:(map[string]string)map[a:b] Match'
    """
    return f"({type_}){_shower(type_)(value)}"


@cache
def _types() -> dict[str, str]:
    """The definitions of the types."""
    lines = files("kubeactors.apimachinery").joinpath("gotypes.txt").read_text().splitlines()
    return {name: rest for name, _, rest in (line.partition(" ") for line in lines)}


@cache
def _shower(type_: str) -> Show:
    """The printer of a type's values, without the type itself."""
    if type_.startswith("*"):
        return _pointer(type_[1:])
    if type_.startswith("[]"):
        return _slice(type_[2:])
    if type_.startswith("map["):
        return _map(type_.partition("]")[2])
    if type_ in _BASICS:
        return _BASIC[type_]
    if type_ in _SPECIAL:
        return _SPECIAL[type_]
    made_of = _types()[type_]
    return _shower(made_of[2:]) if made_of.startswith("= ") else _struct(made_of.split())


def _pointer(inner: str) -> Show:
    """In lists and maps, which print no types, the star is printed."""
    return lambda value: "<nil>" if value is None else f"<*>{_shower(inner)(value)}"


def _slice(item: str) -> Show:
    def show(value: object) -> str:
        items = cast("list[object] | None", value)
        return f"[{' '.join(map(_shower(item), items))}]" if items else "<nil>"

    return show


def _map(item: str) -> Show:
    def show(value: object) -> str:
        members = cast("dict[str, object] | None", value)
        if not members:
            return "<nil>"
        return f"map[{' '.join(f'{key}:{_shower(item)(members[key])}' for key in sorted(members))}]"

    return show


def _struct(parts: list[str]) -> Show:
    fields = [part.split(":", 2) for part in parts]

    def show(value: object) -> str:
        members = cast("dict[str, object]", value or {})
        shown = (_field(name, type_, members.get(json) if json else members) for name, json, type_ in fields)
        return f"{{{' '.join(shown)}}}"

    return show


def _field(name: str, type_: str, value: object) -> str:
    if type_.startswith("*") and value is not None:
        return f"{name}:({type_}){_shower(type_[1:])(value)}"
    return f"{name}:({type_}){_shower(type_)(value)}"


def _quantity(value: object) -> str:
    """A number with a scale, and the string that it was parsed from."""
    text = "" if value is None else str(value)
    number, scale, form = _scaled(text)
    return (
        f"{{i:(resource.int64Amount){{value:(int64){number} scale:(resource.Scale){scale}}} "
        f"d:(resource.infDecAmount){{Dec:(*inf.Dec)<nil>}} s:(string){text} Format:(resource.Format){form}}}"
    )


def _scaled(text: str) -> tuple[int, int, str]:
    if not text:
        return 0, 0, ""
    match = _QUANTITY.fullmatch(text)
    if match is None:  # with an exponent: rare, and printed by value
        return quantity.value(text), 0, "DecimalExponent"
    sign, whole, part, suffix = match[1], match[2] or "0", match[3] or "", match[4]
    number = int(sign + whole + part)
    if suffix in _BINARY:
        return number << _BINARY[suffix], 0, "BinarySI"
    return number, _DECIMAL.get(suffix, 0) - len(part), "DecimalSI"


def _int_or_string(value: object) -> str:
    is_text = isinstance(value, str)
    number = 0 if is_text or value is None else value
    return f"{{Type:(intstr.Type){int(is_text)} IntVal:(int32){number} StrVal:(string){value if is_text else ''}}}"


_BASIC: dict[str, Show] = {
    "string": lambda value: "" if value is None else str(value),
    "bool": lambda value: "true" if value else "false",
    "int32": lambda value: str(value or 0),
    "int64": lambda value: str(value or 0),
}
_SPECIAL: dict[str, Show] = {
    "resource.Quantity": _quantity,
    "intstr.IntOrString": _int_or_string,
    "v1.Time": lambda _: _ZERO_TIME,
    "v1.OwnerReference": _BASIC["string"],
    "v1.ManagedFieldsEntry": _BASIC["string"],
}

"""The patch strategies of a Struct's fields, from their annotations `meta.merge_by` and `meta.patch_strategy`.

Source: apimachinery/pkg/util/strategicpatch/meta.go, third_party/forked/golang/json/fields.go (v1.36).
"""

import types
from functools import cache
from typing import Annotated, Union, cast, get_args, get_origin

import msgspec

from kubeactors.apimachinery.patches.errors import PatchError


class FieldSchema(msgspec.Struct, frozen=True):
    """A field: its type, its strategy (`merge`, `replace` or none), and the merge key of its items."""

    type: object
    strategy: str = ""
    merge_key: str = ""


def field_of(type_: object, name: str) -> FieldSchema:
    """The field with this JSON name.

    Raises:
        PatchError: the type is not a struct, or has no such field.

    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> found = field_of(ObjectMeta, "ownerReferences")
    >>> found.strategy, found.merge_key
    ('merge', 'uid')
    """
    struct = _struct(type_)
    if struct is None:
        kind = _kind(type_)
        raise PatchError(f"merging an object in json but data type is not struct, instead is: {kind}")
    found = _fields(struct).get(name)
    if found is None:
        raise PatchError(f'unable to find api field in struct {struct.__name__} for the json field "{name}"')
    return found


def items_of(field: FieldSchema) -> object:
    """The type of a list's items.

    Raises:
        PatchError: the field is not a list.
    """
    if get_origin(field.type) is not tuple:
        raise PatchError("expected slice or array type, but got: struct")
    return _bare(get_args(field.type)[0])[0]


def _struct(type_: object) -> type[msgspec.Struct] | None:
    return type_ if isinstance(type_, type) and issubclass(type_, msgspec.Struct) else None


@cache
def _fields(type_: type[msgspec.Struct]) -> dict[str, FieldSchema]:
    return {one.encode_name: _field(one.type) for one in msgspec.structs.fields(type_)}


def _field(annotated: object) -> FieldSchema:
    bare, extra = _bare(annotated)
    strategies = [one for one in str(extra.get("patchStrategy", "")).split(",") if one != "retainKeys"]
    return FieldSchema(bare, strategies[0] if strategies else "", str(extra.get("patchMergeKey", "")))


def _bare(annotated: object) -> tuple[object, dict[str, object]]:
    """A type without `Annotated` and `None`, and the extras of its annotations."""
    origin, arguments = get_origin(annotated), get_args(annotated)
    if origin is Annotated:
        bare, extra = _bare(arguments[0])
        for one in cast("tuple[object, ...]", arguments[1:]):
            if isinstance(one, msgspec.Meta) and one.extra:
                extra = {**extra, **one.extra}
        return bare, extra
    if origin in (Union, types.UnionType):
        others = [one for one in arguments if one is not types.NoneType]
        return _bare(others[0]) if len(others) == 1 else (annotated, {})
    return annotated, {}


def _kind(type_: object) -> str:
    kinds: dict[object, str] = {
        dict: "map",
        tuple: "slice",
        str: "string",
        int: "int64",
        bool: "bool",
        float: "float64",
    }
    return kinds.get(get_origin(type_) or type_, "interface")

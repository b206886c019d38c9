"""Strategic merge patch: a merge patch with directives that merges lists which are sets or maps.

- `$patch: replace | delete` in a map or a list item;
- `$retainKeys: [...]` in a map removes all other keys;
- `$deleteFromPrimitiveList/NAME: [...]` beside a list of scalars;
- `$setElementOrder/NAME: [...]` beside a merged list: the order of the result.

Nothing is changed in place; the result shares what the patch does not touch.

Source: apimachinery/pkg/util/strategicpatch/patch.go (v1.36).
"""

from collections.abc import Sequence

from kubeactors.apimachinery.patches.errors import BadPatchError, PatchError, UnprocessablePatchError
from kubeactors.apimachinery.patches.golang import shown, type_name
from kubeactors.apimachinery.patches.order import in_order, key_of, position, same
from kubeactors.apimachinery.patches.schema import FieldSchema, field_of, items_of
from kubeactors.apimachinery.patches.values import List, Map, is_list, is_map

DIRECTIVE = "$patch"
RETAIN_KEYS = "$retainKeys"
DELETE_FROM = "$deleteFromPrimitiveList"
SET_ORDER = "$setElementOrder"

_MAP, _LIST = "map[string]interface {}", "[]interface {}"

BAD_PRIMITIVE_LIST = "invalid patch format of primitive list"
BAD_RETAIN_KEYS = "invalid patch format of retainKeys"
BAD_SET_ORDER = "invalid patch format of setElementOrder list"


def merge(original: Map, patch: Map, type_: object) -> Map:
    """The patched object; `type_` is the Struct whose annotations say how lists are merged.

    Raises:
        PatchError: the patch cannot be applied.

    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> before = {"labels": {"a": "1"}, "finalizers": ["x/a", "x/b"]}
    >>> merge(before, {"labels": {"a": None, "b": "2"}, "$deleteFromPrimitiveList/finalizers": ["x/a"]}, ObjectMeta)
    {'labels': {'b': '2'}, 'finalizers': ['x/b']}
    """
    if DIRECTIVE in patch:
        return _directed(patch)
    changes = dict(patch)
    result = _retained(dict(original), changes)
    for key in [one for one in changes if one.startswith(SET_ORDER)]:
        _merge_ordered(result, changes, key, type_)
    for key, value in changes.items():
        if key.startswith(DELETE_FROM):
            _put(result, _after_slash(key, DELETE_FROM, BAD_PRIMITIVE_LIST), value, type_, deleting=True)
        else:
            _put(result, key, value, type_, deleting=False)
    return result


def _put(result: Map, name: str, value: object, type_: object, *, deleting: bool) -> None:
    if value is None:
        result.pop(name, None)
    elif name not in result or type_name(result[name]) != type_name(value):
        if not deleting:
            _put_new(result, name, value)
    elif is_map(value):
        field = field_of(type_, name)
        result[name] = value if field.strategy == "replace" else merge(_map(result[name]), value, field.type)
    elif is_list(value):
        result[name] = _merge_field(_list(result[name]), value, field_of(type_, name), deleting=deleting)
    else:
        result[name] = value


def _put_new(result: Map, name: str, value: object) -> None:
    """Copy a value that the object does not have yet, without nulls and directives."""
    kept = _without_directives([_without_nulls(value)])
    result.pop(name, None)
    if kept:
        result[name] = kept[0]


def _directed(patch: Map) -> Map:
    if patch[DIRECTIVE] == "replace":
        return {key: value for key, value in patch.items() if key != DIRECTIVE}
    if patch[DIRECTIVE] == "delete":
        return {}
    raise _bad_directive(patch)


def _retained(result: Map, changes: Map) -> Map:
    if RETAIN_KEYS not in changes:
        return result
    keys = changes.pop(RETAIN_KEYS)
    if not is_list(keys):
        raise BadPatchError(BAD_RETAIN_KEYS)
    for key, value in changes.items():
        if value is not None and not key.startswith((DELETE_FROM, SET_ORDER)) and key not in keys:
            raise BadPatchError(BAD_RETAIN_KEYS)
    return {key: value for key, value in result.items() if key in keys}


def _merge_ordered(result: Map, changes: Map, key: str, type_: object) -> None:
    """Merge the list beside a `$setElementOrder`, and sort it by that."""
    order = _list(changes.pop(key))
    name = _after_slash(key, SET_ORDER, BAD_SET_ORDER)
    before = _list(result[name]) if name in result else None
    patch = _list(changes[name]) if name in changes else None
    field = field_of(type_, name)
    items_of(field)
    _check_order(patch or [], order, field.merge_key)
    if before is None and patch is None:
        return
    changes.pop(name, None)
    if before is not None and patch is not None:
        merged = _merge_field(before, patch, field, deleting=False)
    else:
        merged = before if before is not None else _without_directives(patch or [])
    _check_items(before or [], patch or [])
    result[name] = in_order(merged, order, before or [], field.merge_key)


def _check_order(patch: List, order: List, merge_key: str) -> None:
    """Check that the patch has its items in the given order; deletions and directives are ignored."""
    if not patch or not order:
        return
    kept = [one for one in patch if not (is_map(one) and DIRECTIVE in one)]
    at = 0
    for one in order:
        if at < len(kept) and same(key_of(kept[at], merge_key), key_of(one, merge_key)):
            at += 1
    if at < len(kept):
        lists = f"The order in patch list:\n{shown(patch)}\n doesn't match {SET_ORDER} list:\n{shown(order)}\n"
        raise PatchError(lists)


def _merge_field(before: List, patch: List, field: FieldSchema, *, deleting: bool) -> List:
    items = items_of(field)
    if not deleting and field.strategy != "merge":
        return patch
    if not before and not patch:
        return before
    if _check_items(before, patch) == _MAP:
        return _merge_maps(before, patch, field.merge_key, items)
    if deleting:
        return [one for one in before if position(patch, one) < 0]
    merged = [*before, *(one for one in patch if position(before, one) < 0)]
    distinct = [one for index, one in enumerate(merged) if position(merged, one) == index]
    return in_order(distinct, patch, before, "")


def _merge_maps(before: List, patch: List, merge_key: str, items: object) -> List:
    if not merge_key:
        raise PatchError("cannot merge lists without merge key for struct")
    before, patch = _special_items(before, patch, merge_key)
    merged = list(before)
    for one in map(_map, patch):
        found = position([_map(each).get(merge_key) for each in merged], key_of(one, merge_key))
        if found < 0:
            merged.append(one)
        else:
            merged[found] = merge(_map(merged[found]), one, items)
    return in_order(merged, patch, before, merge_key)


def _special_items(before: List, patch: List, merge_key: str) -> tuple[List, List]:
    """Execute the items that are directives; returns the list and the patch items that remain to be merged."""
    plain: List = []
    replaced = False
    for one in map(_map, patch):
        directive = one.get(DIRECTIVE)
        if DIRECTIVE not in one:
            plain.append(one)
        elif directive == "delete":
            doomed = key_of(one, merge_key)
            before = [each for each in before if not same(_map(each).get(merge_key), doomed)]
        elif directive == "replace":
            replaced = True
        elif directive == "merge":
            raise PatchError("merging lists cannot yet be specified in the patch")
        else:
            raise _bad_directive(one)
    return (plain, []) if replaced else (before, plain)


def _without_nulls(value: object) -> object:
    if is_map(value):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if is_list(value) else value


def _without_directives(values: Sequence[object]) -> List:
    """The values without maps that are directives, at any depth."""
    kept: List = []
    for value in values:
        if is_map(value):
            if DIRECTIVE not in value:
                kept.append(_undirected(value))
        else:
            kept.append(_without_directives(value) if is_list(value) else value)
    return kept


def _undirected(value: Map) -> Map:
    found = ((key, _without_directives([one])) for key, one in value.items())
    return {key: kept[0] for key, kept in found if kept}


def _check_items(*lists: List) -> str:
    """The Go type of the items, which must be the same for all, and not a list."""
    kinds = list(dict.fromkeys(type_name(one) for items in lists for one in items))
    if not kinds:
        raise PatchError("no elements in any of the given slices")
    if kinds[0] == _LIST:
        raise UnprocessablePatchError("lists of lists are not supported")
    if len(kinds) > 1:
        raise PatchError(f"list element types are not identical: {shown(lists)}")
    return kinds[0]


def _after_slash(key: str, prefix: str, complaint: str) -> str:
    head, slash, name = key.partition("/")
    if not slash or head != prefix:
        raise BadPatchError(complaint)
    return name


def _map(value: object) -> Map:
    if not is_map(value):
        raise PatchError(f"expected a {_MAP}, but received a {type_name(value)}")
    return value


def _list(value: object) -> List:
    if not is_list(value):
        raise PatchError(f"expected a {_LIST}, but received a {type_name(value)}")
    return value


def _bad_directive(patch: Map) -> PatchError:
    return PatchError(f"unknown patch type: {shown(patch[DIRECTIVE])} in map: {shown(patch)}")

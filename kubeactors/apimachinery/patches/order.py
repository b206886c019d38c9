"""The order of a merged list: items of the patch in the patch's order, the others in the live list's, interleaved.

Maps are identified by the value of their merge key; scalars by themselves (an empty key).

Source: normalizeElementOrder in apimachinery/pkg/util/strategicpatch/patch.go (v1.36).
"""

from kubeactors.apimachinery.patches.errors import PatchError
from kubeactors.apimachinery.patches.golang import shown, type_name
from kubeactors.apimachinery.patches.values import List, is_map


def in_order(items: List, patch_order: List, live_order: List, merge_key: str) -> List:
    """The items of a merged list in their final order.

    >>> in_order(["a", "b", "c", "x"], ["x", "b"], ["a", "b", "c"], "")
    ['x', 'a', 'b', 'c']
    """
    patched_keys = [key_of(one, merge_key) for one in patch_order]
    live_keys = [key_of(one, merge_key) for one in live_order]
    ranked = [(one, key_of(one, merge_key)) for one in items]
    patched = _sorted([one for one in ranked if position(patched_keys, one[1]) >= 0], patched_keys)
    others = _sorted([one for one in ranked if position(patched_keys, one[1]) < 0], live_keys)
    return _interleaved(others, patched, live_keys)


def key_of(item: object, merge_key: str) -> object:
    """The key of an item.

    Raises:
        PatchError: it is not a map, or lacks the key.

    >>> key_of({"image": "x"}, "name")
    Traceback (most recent call last):
    kubeactors.apimachinery.patches.errors.PatchError: map: map[image:x] does not contain declared merge key: name
    """
    if not merge_key:
        return item
    if not is_map(item):
        raise PatchError(f"expected a map[string]interface {{}}, but received a {type_name(item)}")
    if merge_key not in item:
        raise PatchError(f"map: {shown(item)} does not contain declared merge key: {merge_key}")
    return item[merge_key]


def same(one: object, other: object) -> bool:
    """Equality in Go: 1, 1.0 and true are three values."""
    return type(one) is type(other) and one == other


def position(items: List, wanted: object) -> int:
    """The index of the first equal value, or -1."""
    return next((index for index, one in enumerate(items) if same(one, wanted)), -1)


_Ranked = tuple[object, object]
"""An item and its key."""


def _sorted(items: list[_Ranked], order: List) -> list[_Ranked]:
    """Sorted by place in the order; an item without one stays before what it meets, as in Kubernetes' sort."""
    result: list[_Ranked] = []
    for one in items:
        place = position(order, one[1])
        at = len(result)
        while at and _precedes(place, position(order, result[at - 1][1])):
            at -= 1
        result.insert(at, one)
    return result


def _precedes(place: int, other: int) -> bool:
    return place < other if place >= 0 and other >= 0 else True


def _interleaved(others: list[_Ranked], patched: list[_Ranked], live: List) -> List:
    """Insert each of the others before the first patched item that follows it in the live list."""
    result: List = []
    at = 0
    for item, key in patched:
        place = position(live, key)
        while at < len(others) and 0 <= position(live, others[at][1]) < place:
            result.append(others[at][0])
            at += 1
        result.append(item)
    return [*result, *(item for item, _ in others[at:])]

"""JSON merge patch."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from kubeactors.apimachinery.patches import merge
from kubeactors.apimachinery.patches.values import is_map

leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
names = st.sampled_from(["a", "b", "c"])
values = st.recursive(
    leaves, lambda one: st.lists(one, max_size=3) | st.dictionaries(names, one, max_size=3), max_leaves=12
)
maps = st.dictionaries(names, values, max_size=3)


def without_nulls(value: object) -> object:
    if not is_map(value):
        return value
    return {key: without_nulls(one) for key, one in value.items() if one is not None}


@given(values, values)
def test_a_patch_can_be_applied_again(target: object, patch: object) -> None:
    once = merge.merge(target, patch)
    assert merge.merge(once, patch) == once


@given(values, values)
def test_neither_side_is_changed(target: object, patch: object) -> None:
    before = copy.deepcopy((target, patch))
    merge.merge(target, patch)
    assert (target, patch) == before


@given(values, values)
def test_a_patch_of_nothing_is_the_patch_without_nulls(target: object, patch: object) -> None:
    assert merge.merge(None, patch) == without_nulls(patch)
    assert merge.merge(target, {}) == (target if isinstance(target, dict) else {})


@given(maps)
def test_a_map_can_be_emptied(target: dict[str, object]) -> None:
    assert merge.merge(target, dict.fromkeys(target)) == {}

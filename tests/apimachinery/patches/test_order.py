"""The order of merged lists."""

from hypothesis import given
from hypothesis import strategies as st

from kubeactors.apimachinery.patches.order import in_order, same

letters = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(letters, letters)
def test_nothing_is_lost_and_the_patch_keeps_its_order(live: list[object], patch: list[object]) -> None:
    merged = [*live, *(one for one in patch if one not in live)]
    found = in_order(merged, patch, live, "")
    assert sorted(map(str, found)) == sorted(map(str, merged))
    assert [one for one in found if one in patch] == patch
    assert [one for one in found if one not in patch] == [one for one in live if one not in patch]


def test_items_of_the_server_stay_before_their_successors() -> None:
    assert in_order(list("abcd"), ["d", "b"], list("abcd"), "") == ["a", "c", "d", "b"]
    assert in_order(list("abcd"), ["b"], list("abcd"), "") == list("abcd")


def test_numbers_and_booleans_are_distinct() -> None:
    assert not same(1, True)
    assert not same(1, 1.0)
    assert same("a", "a")

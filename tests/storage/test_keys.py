"""Sorted keys behave like a sorted list."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kubeactors.storage import keys as keys_module
from kubeactors.storage.keys import BLOCK, SortedKeys

some_keys = st.text("abc/\u00e9\U0001f600", max_size=4)


class SortedKeysLikeAList(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.keys = SortedKeys()
        self.model: list[str] = []

    @rule(key=some_keys)
    def add_or_remove(self, key: str) -> None:
        if key in self.model:
            self.keys.remove(key)
            self.model.remove(key)
        else:
            self.keys.add(key)
            self.model.append(key)
            self.model.sort()

    @rule(start=some_keys, end=some_keys, limit=st.integers(0, 5))
    def range(self, start: str, end: str, limit: int) -> None:
        expected = [key for key in self.model if start <= key < end]
        assert self.keys.count(start, end) == len(expected)
        assert self.keys.between(start, end, limit) == (expected[:limit] if limit else expected)

    @invariant()
    def blocks_are_in_order(self) -> None:
        self.keys.check()


SortedKeysLikeAList.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSortedKeysLikeAList = SortedKeysLikeAList.TestCase


@given(st.permutations(range(3 * BLOCK // 8)), st.integers(1, 40))
@settings(max_examples=10, deadline=None)
def test_ranges_over_many_blocks_are_correct(order: list[int], step: int) -> None:
    keys = SortedKeys()
    for number in order:
        for part in range(8):
            keys.add(f"{number * 8 + part:06}")
    keys.check()
    total = len(order) * 8
    for start in range(0, total, max(1, total // step)):
        end = min(total, start + 3 * start // 2 + 1)
        expected = [f"{number:06}" for number in range(start, end)]
        assert keys.between(f"{start:06}", f"{end:06}") == expected
        assert keys.between(f"{start:06}", f"{end:06}", 700) == expected[:700]
        assert keys.count(f"{start:06}", f"{end:06}") == len(expected)


def test_an_empty_block_is_removed() -> None:
    keys = SortedKeys()
    names = [f"{number:06}" for number in range(3 * keys_module.BLOCK)]
    for name in names:
        keys.add(name)
    for name in names[: 2 * BLOCK]:
        keys.remove(name)
    keys.check()
    assert keys.between("", "~") == names[2 * BLOCK :]

"""Memoization of shared parts."""

from kubeactors.apimachinery.shared import Shared


def test_memoization_is_by_identity_not_equality() -> None:
    asked: list[tuple[int, ...]] = []

    def double(part: tuple[int, ...]) -> tuple[int, ...]:
        asked.append(part)
        return tuple(2 * one for one in part)

    doubled = Shared(double)
    one, equal = (tuple(range(2)) for _ in range(2))
    assert doubled(one) is doubled(one)
    assert doubled(equal) == doubled(one)
    assert len(asked) == 2


def test_the_memo_is_bounded() -> None:
    asked: list[tuple[int, ...]] = []

    def noted(part: tuple[int, ...]) -> int:
        asked.append(part)
        return sum(part)

    parts = [(number,) for number in range(6)]
    summed = Shared(noted, capacity=2)
    assert [summed(part) for part in parts] == [0, 1, 2, 3, 4, 5]
    assert summed(parts[0]) == 0
    assert len(asked) == 7

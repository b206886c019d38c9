"""Addresses are unique, and none is lost."""

import pytest

from kubeactors.network import IPAllocator


def test_every_address_but_the_reserved_ones_is_allocated_once() -> None:
    allocator = IPAllocator("10.0.0.0/29")
    given = [allocator.allocate(f"pod-{number}") for number in range(6)]
    assert given == ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", None]


def test_a_released_address_is_reused_only_after_all_others() -> None:
    allocator = IPAllocator("10.0.0.0/29")
    first, second = allocator.allocate("a"), allocator.allocate("b")
    assert first is not None
    assert second is not None
    allocator.release(first, "a")
    allocator.release(second, "b")
    assert [allocator.allocate("c") for _ in range(4)] == ["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2"]


def test_an_address_is_released_by_its_owner_only() -> None:
    allocator = IPAllocator("10.0.0.0/29")
    address = allocator.allocate("a")
    assert address is not None
    allocator.release(address, "somebody else")
    assert len(allocator) == 1


def test_an_invalid_range_is_rejected() -> None:
    with pytest.raises(ValueError, match="Expected 4 octets"):
        IPAllocator("ten")

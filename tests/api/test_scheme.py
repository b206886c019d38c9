"""The scheme holds every kind under its own names."""

from collections.abc import Iterator

import pytest

from kubeactors.api import SCHEME
from kubeactors.apimachinery.meta import Object, TypedObject
from kubeactors.apimachinery.scheme import Kind

KINDS = list(SCHEME)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.kind for kind in KINDS])
def test_a_kind_is_what_its_struct_says(kind: Kind[TypedObject]) -> None:
    empty = kind.type()
    assert (empty.api_version, empty.kind) == (kind.api_version, kind.kind)
    assert SCHEME.by_resource(kind.gvr) is kind
    assert SCHEME.by_kind(kind.api_version, kind.kind) is kind
    assert SCHEME.by_type(kind.type) is kind


@pytest.mark.parametrize("kind", KINDS, ids=[kind.kind for kind in KINDS])
def test_defaults_are_filled_once(kind: Kind[TypedObject]) -> None:
    once = kind.default(kind.type())
    assert kind.default(once) == once


def test_short_names_are_unique() -> None:
    stored = [kind for kind in KINDS if kind.stored_as is None]
    names = [name for kind in stored for name in (kind.resource, kind.singular, *kind.short_names)]
    repeated = [name for name in names if names.count(name) > 1]
    assert repeated == ["endpoints", "endpoints"]  # its own singular


def structs(base: type[Object]) -> Iterator[type[Object]]:
    for one in base.__subclasses__():
        yield one
        yield from structs(one)


def test_every_struct_repeats_what_is_not_inherited() -> None:
    careless = [
        one.__qualname__
        for one in structs(Object)
        if one.__module__.startswith("kubeactors.api.")
        and not (one.__struct_config__.frozen and one.__struct_config__.omit_defaults and not one.__struct_config__.gc)
    ]
    assert careless == []

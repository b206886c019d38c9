"""A controller's own writes count until the cache shows them."""

from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery.requests import ADDED, DELETED, MODIFIED
from kubeactors.client import Change, Indexer, Overlay
from tests.client.objects import config_map

KEY = "default/a"


def test_a_newer_write_hides_the_cached_version() -> None:
    overlay: Overlay[ConfigMap] = Overlay(Indexer())
    old, new = config_map("a", 1), config_map("a", 2)
    overlay.wrote("group", new)
    assert overlay.newest(KEY, old) is new
    assert overlay.newest(KEY, None) is new
    assert list(overlay.group("group", {KEY: old})) == [new]
    assert list(overlay.group("group", {})) == [new]


def test_the_cache_is_used_again_once_it_has_caught_up() -> None:
    overlay: Overlay[ConfigMap] = Overlay(Indexer())
    old, written, foreign = config_map("a", 1), config_map("a", 2), config_map("a", 3)
    overlay.wrote("group", written)
    assert overlay.seen(Change(MODIFIED, KEY, old, written))
    assert overlay.newest(KEY, old) is old
    assert not overlay.seen(Change(MODIFIED, KEY, written, foreign))


def test_an_older_version_in_the_cache_does_not_end_the_wait() -> None:
    overlay: Overlay[ConfigMap] = Overlay(Indexer())
    written = config_map("a", 3)
    overlay.wrote("group", written)
    assert not overlay.seen(Change(MODIFIED, KEY, config_map("a", 1), config_map("a", 2)))
    assert overlay.newest(KEY, config_map("a", 2)) is written


def test_a_deleted_object_is_gone_even_if_the_cache_still_has_it() -> None:
    overlay: Overlay[ConfigMap] = Overlay(Indexer())
    doomed = config_map("a", 1)
    overlay.deleted(doomed)
    assert overlay.newest(KEY, doomed) is None
    assert list(overlay.group("group", {KEY: doomed})) == []


def test_a_new_object_of_the_same_name_is_another_object() -> None:
    overlay: Overlay[ConfigMap] = Overlay(Indexer())
    doomed, successor = config_map("a", 1, uid="1"), config_map("a", 5, uid="2")
    overlay.deleted(doomed)
    overlay.seen(Change(DELETED, KEY, doomed, None))
    overlay.seen(Change(ADDED, KEY, None, successor))
    assert overlay.newest(KEY, successor) is successor


def test_a_write_is_forgotten_when_its_object_is_deleted() -> None:
    overlay: Overlay[ConfigMap] = Overlay(Indexer())
    written = config_map("a", 2)
    overlay.wrote("group", written)
    overlay.seen(Change(DELETED, KEY, written, None))
    assert overlay.newest(KEY, None) is None


def test_a_forgotten_group_is_read_from_the_cache_alone() -> None:
    overlay: Overlay[ConfigMap] = Overlay(Indexer())
    cached = config_map("a", 1)
    overlay.wrote("group", config_map("a", 2))
    overlay.forget("group")
    assert list(overlay.group("group", {KEY: cached})) == [cached]


def test_an_object_deleted_from_the_cache_before_the_reply_arrived_is_gone() -> None:
    cache: Indexer[ConfigMap] = Indexer()
    overlay: Overlay[ConfigMap] = Overlay(cache)
    written = config_map("a", 2)
    overlay.seen(Change(DELETED, KEY, config_map("a", 1), None))
    cache.revision = 3
    overlay.wrote("group", written)
    assert overlay.newest(KEY, None) is None
    assert list(overlay.group("group", {})) == []


def test_a_write_counts_until_the_cache_is_at_its_revision() -> None:
    cache: Indexer[ConfigMap] = Indexer()
    overlay: Overlay[ConfigMap] = Overlay(cache)
    overlay.wrote("group", config_map("a", 2))
    cache.revision = 1
    assert overlay.newest(KEY, None) == config_map("a", 2)
    cache.revision = 2
    assert overlay.newest(KEY, None) is None


def test_an_adopted_orphan_that_the_cache_still_shows_is_listed_once() -> None:
    overlay: Overlay[ConfigMap] = Overlay(Indexer())
    orphan, other, adopted = config_map("a", 1), config_map("b", 1), config_map("a", 3)
    overlay.wrote("group", adopted)
    assert overlay.group_with("group", {}, {KEY: orphan, "default/b": other}) == (adopted, other)


def test_a_created_object_is_lacking_until_the_cache_shows_it() -> None:
    cache: Indexer[ConfigMap] = Indexer()
    overlay: Overlay[ConfigMap] = Overlay(cache)
    written = overlay.wrote("group", config_map("a", 2))
    assert overlay.lacking("group")
    assert overlay.lacking("group")
    cache.put(KEY, written)
    assert not overlay.lacking("group")


def test_an_object_that_the_cache_skipped_before_the_reply_is_lacking_once() -> None:
    cache: Indexer[ConfigMap] = Indexer()
    cache.revision = 3
    overlay: Overlay[ConfigMap] = Overlay(cache)
    overlay.created("group", config_map("a", 2))
    assert overlay.lacking("group")
    assert not overlay.lacking("group")


def test_writes_that_the_cache_shows_are_not_kept() -> None:
    cache: Indexer[ConfigMap] = Indexer()
    overlay: Overlay[ConfigMap] = Overlay(cache)
    cache.put(KEY, config_map("a", 3))
    cache.revision = 4
    overlay.wrote("group", config_map("a", 2))
    overlay.deleted(config_map("b", 2))
    assert (overlay._written, overlay._deleted) == ({}, {})


def test_an_object_deleted_before_the_cache_showed_it_is_gone_when_the_cache_does() -> None:
    cache: Indexer[ConfigMap] = Indexer()
    overlay: Overlay[ConfigMap] = Overlay(cache)
    made = overlay.created("group", config_map("a", 2))
    overlay.deleted(made)
    assert overlay.newest(KEY, made) is None

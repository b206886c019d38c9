"""Indexes and tallies follow every change."""

from kubeactors.api.core.v1 import ConfigMap
from kubeactors.client import Indexer, reading
from tests.client.objects import config_map


def by_color(value: ConfigMap) -> tuple[str, ...]:
    color = value.data.get("color")
    return (color,) if color else ()


def counted(value: ConfigMap) -> tuple[str, str] | None:
    color = value.data.get("color")
    return (color, value.data.get("size", "")) if color else None


def names(indexer: Indexer[ConfigMap], color: str) -> list[str]:
    return [one.metadata.name for one in indexer.by_index("color", color).values()]


def test_an_object_is_found_by_name_key_and_index() -> None:
    indexer: Indexer[ConfigMap] = Indexer()
    indexer.add_index("color", by_color)
    red = config_map("a", color="red")
    indexer.put("default/a", red)
    assert indexer.get("a", "default") is red
    assert indexer.by_key("default/a") is red
    assert names(indexer, "red") == ["a"]
    assert names(indexer, "blue") == []


def test_a_changed_object_moves_between_buckets_and_a_removed_one_leaves() -> None:
    indexer: Indexer[ConfigMap] = Indexer()
    indexer.add_index("color", by_color)
    indexer.put("default/a", config_map("a", color="red"))
    indexer.put("default/a", config_map("a", 2, color="blue"))
    assert (names(indexer, "red"), names(indexer, "blue")) == ([], ["a"])
    indexer.remove("default/a")
    assert names(indexer, "blue") == []
    assert len(indexer) == 0


def test_an_index_shows_the_newest_version_of_an_object_that_stays_in_its_bucket() -> None:
    indexer: Indexer[ConfigMap] = Indexer()
    indexer.add_index("color", by_color)
    indexer.put("default/a", config_map("a", color="red"))
    newer = config_map("a", 2, color="red")
    indexer.put("default/a", newer)
    assert list(indexer.by_index("color", "red").values()) == [newer]


def test_an_index_added_late_contains_present_objects() -> None:
    indexer: Indexer[ConfigMap] = Indexer()
    indexer.put("default/a", config_map("a", color="red"))
    indexer.add_index("color", by_color)
    assert names(indexer, "red") == ["a"]


def test_a_tally_counts_without_iterating() -> None:
    indexer: Indexer[ConfigMap] = Indexer()
    indexer.add_tally("sizes", counted)
    for name, size in (("a", "s"), ("b", "s"), ("c", "l")):
        indexer.put(f"default/{name}", config_map(name, color="red", size=size))
    assert indexer.counts("sizes", "red") == {"s": 2, "l": 1}
    indexer.put("default/a", config_map("a", 2, color="red", size="l"))
    assert indexer.counts("sizes", "red") == {"s": 1, "l": 2}
    indexer.remove("default/b")
    indexer.put("default/c", config_map("c", 2))
    assert indexer.tally("sizes") == {"red": {"l": 1}}
    indexer.remove("default/a")
    assert indexer.tally("sizes") == {}


def test_an_index_of_certain_fields_is_updated_only_when_they_change() -> None:
    asked: list[str] = []

    @reading("data")
    def by_read_color(value: ConfigMap) -> tuple[str, ...]:
        asked.append(value.metadata.resource_version)
        return by_color(value)

    indexer: Indexer[ConfigMap] = Indexer()
    indexer.add_index("color", by_read_color)
    assert names(indexer, "red") == []
    indexer.put("default/a", config_map("a", color="red"))
    newer = config_map("a", 2, color="red")
    indexer.put("default/a", newer)
    assert asked == ["1"]
    assert list(indexer.by_index("color", "red").values()) == [newer]
    indexer.put("default/a", config_map("a", 3, color="blue"))
    assert (names(indexer, "red"), names(indexer, "blue")) == ([], ["a"])
    indexer.remove("default/a")
    assert names(indexer, "blue") == []


def test_an_index_costs_nothing_until_its_first_use_and_is_complete_then() -> None:
    calls: list[str] = []

    def by_noted_color(value: ConfigMap) -> tuple[str, ...]:
        calls.append(value.metadata.name)
        return by_color(value)

    indexer: Indexer[ConfigMap] = Indexer()
    indexer.add_index("color", by_noted_color)
    indexer.put("default/a", config_map("a", color="red"))
    indexer.put("default/b", config_map("b", color="blue"))
    indexer.put("default/a", config_map("a", 2, color="blue"))
    assert calls == []
    assert names(indexer, "blue") == ["a", "b"]
    assert calls == ["a", "b"]
    indexer.put("default/b", config_map("b", 2, color="red"))
    assert (names(indexer, "red"), names(indexer, "blue")) == (["b"], ["a"])


def test_the_result_of_an_index_is_a_live_view() -> None:
    indexer: Indexer[ConfigMap] = Indexer()
    indexer.add_index("color", by_color)
    red = config_map("a", color="red")
    indexer.put("default/a", red)
    indexer.put("default/b", config_map("b", color="blue"))
    view = indexer.by_index("color", "red")
    assert (view["default/a"], len(view), "default/b" in view) == (red, 1, False)
    indexer.put("default/b", config_map("b", 2, color="red"))
    assert list(view) == ["default/a", "default/b"]

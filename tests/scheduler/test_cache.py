"""The scheduler's cache counts every pod exactly once."""

import msgspec

from kubeactors.api.core.v1 import Node
from kubeactors.apimachinery.labels import of_labels
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.headcount import DomainCounts, Domains, Headcount
from kubeactors.scheduler.pod_info import pod_info
from kubeactors.scheduler.population import Selection
from kubeactors.scheduler.terms import Target
from tests.scheduler.builders import node, pod


def used_cpu(cache: Cache, name: str) -> int:
    info = cache.get(name)
    assert info is not None
    assert cache.table.requested[0, info.row] == info.requested["cpu"]
    return info.requested["cpu"]


def test_an_assumed_pod_occupies_resources_until_it_is_forgotten() -> None:
    cache = Cache()
    cache.set_node(node("n"))
    cache.assume(pod_info(pod("p", {"cpu": "1"})), "n")
    assert used_cpu(cache, "n") == 1000

    cache.forget("uid-p")
    assert used_cpu(cache, "n") == 0


def test_a_confirmed_pod_is_counted_once_and_is_not_forgotten() -> None:
    cache = Cache()
    cache.set_node(node("n"))
    cache.assume(pod_info(pod("p", {"cpu": "1"})), "n")
    assert cache.confirm(pod("p", {"cpu": "1"}, node_name="n"))
    cache.forget("uid-p")

    assert used_cpu(cache, "n") == 1000
    assert not cache.is_assumed("uid-p")


def test_a_pod_bound_to_another_node_moves_there() -> None:
    cache = Cache()
    for name in ("a", "b"):
        cache.set_node(node(name))
    cache.assume(pod_info(pod("p", {"cpu": "1"})), "a")
    bound = pod("p", {"cpu": "1"}, node_name="b")
    assert not cache.confirm(bound)
    cache.set_pod(pod_info(bound))

    assert (used_cpu(cache, "a"), used_cpu(cache, "b")) == (0, 1000)


def test_a_resized_pod_counts_with_its_new_requests() -> None:
    cache = Cache()
    cache.set_node(node("n"))
    cache.set_pod(pod_info(pod("p", {"cpu": "2"}, node_name="n")))
    smaller = pod("p", {"cpu": "1"}, node_name="n")
    assert not cache.confirm(smaller)
    cache.set_pod(pod_info(smaller))

    assert used_cpu(cache, "n") == 1000


def test_a_recreated_node_still_has_its_remaining_pods() -> None:
    cache = Cache()
    cache.set_node(node("n"))
    cache.set_pod(pod_info(pod("p", {"cpu": "1"}, node_name="n")))
    cache.remove_node("n")
    assert cache.get("n") is None

    cache.set_node(node("n"))
    assert used_cpu(cache, "n") == 1000
    cache.remove_pod("uid-p")
    assert used_cpu(cache, "n") == 0


def test_a_pod_may_be_seen_before_its_node() -> None:
    cache = Cache()
    cache.set_pod(pod_info(pod("p", {"cpu": "1"}, node_name="n")))
    assert (cache.node_count, list(cache)) == (0, [])

    cache.set_node(node("n"))
    assert used_cpu(cache, "n") == 1000


def test_rows_of_deleted_nodes_are_cleared_and_reused() -> None:
    cache = Cache()
    cache.set_node(node("old", allocatable={"example.com/gpu": "4"}))
    cache.set_pod(pod_info(pod("p", {"cpu": "1", "example.com/gpu": "1"}, node_name="old")))
    cache.remove_pod("uid-p")
    cache.remove_node("old")
    cache.set_node(node("new"))

    info = cache.get("new")
    assert info is not None
    assert (info.row, len(cache.rows)) == (0, 1)
    line = cache.table.line("example.com/gpu")
    assert line is not None
    assert (cache.table.allocatable[line, 0], cache.table.requested[line, 0]) == (0, 0)


def test_a_status_change_of_an_assigned_pod_invalidates_no_verdict() -> None:
    cache = Cache()
    cache.set_node(node("n"))
    placed = pod("p", {"cpu": "1"}, node_name="n")
    cache.set_pod(pod_info(placed))
    position = cache.changes.position
    assert cache.confirm(
        msgspec.structs.replace(placed, status=msgspec.structs.replace(placed.status, phase="Running"))
    )

    assert cache.changes.since(position) == []


def test_relabelling_an_assigned_pod_changes_counts_but_not_resources() -> None:
    cache = Cache()
    cache.set_node(node("n"))
    placed = pod("p", {"cpu": "1"}, node_name="n")
    cache.set_pod(pod_info(placed))
    position = cache.changes.position
    target = Target(("default",), None, of_labels({"app": "web"}))
    web = cache.population.hold(Selection((target,)))
    labelled = msgspec.structs.replace(placed, metadata=msgspec.structs.replace(placed.metadata, labels={"app": "web"}))
    assert not cache.confirm(labelled)
    cache.set_pod(pod_info(labelled))

    assert (web.rows, cache.changes.since(position), used_cpu(cache, "n")) == ({0: 1}, [], 1000)


class _Watched(Domains):
    """Records the nodes that it is called for."""

    def __init__(self) -> None:
        super().__init__("zone")
        self.asked: list[str] = []

    def number(self, node: Node) -> int:
        self.asked.append(node.metadata.name)
        return super().number(node)


def test_domains_are_determined_once_for_all_counts_over_a_label() -> None:
    cache, domains = Cache(), _Watched()
    for number in range(20):
        cache.set_node(node(f"n{number}", labels={"zone": f"z{number % 3}"}))
    counts = [DomainCounts(cache, Headcount(), domains) for _ in range(5)]
    assert len(domains.asked) == 20

    cache.set_node(node("n7", labels={"zone": "z9"}))
    cache.remove_node("n8")
    later = DomainCounts(cache, Headcount(), domains)
    assert domains.asked[20:] == ["n7"]
    for one in counts:
        one.refresh()
        assert one.where.tolist() == later.where.tolist()
        assert one.nodes[: len(domains)].tolist() == later.nodes[: len(domains)].tolist() == [7, 6, 5, 1]

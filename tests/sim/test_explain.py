"""Explanations of failures: causes, histories, the page, and exports for other tools."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from kubeactors.actor.cell import Cell
from kubeactors.cli.errors import UsageError
from kubeactors.cli.main import app
from kubeactors.message import Message
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.chaos.faults import WatchLag
from kubeactors.sim.explain import Records, recorded
from kubeactors.sim.explain.exports import chrome_trace, json_lines
from kubeactors.sim.explain.page import page
from kubeactors.sim.explain.records import Write
from kubeactors.sim.explain.summaries import summary_of
from kubeactors.sim.explain.why import UnknownObject, because, find, last_write, why
from kubeactors.sim.invariants import ALL, Invariant
from kubeactors.sim.plan import encode
from kubeactors.sim.trace import Trace
from kubeactors.sim.workload import CreateDeployment, DeletePod, Scale
from kubeactors.sim.world import Commit, World

PLAN = Plan(
    seed=5,
    nodes=1,
    steps=(
        CreateDeployment(at=0.0, name="web", replicas=1),
        WatchLag(at=10.0, component="controller-manager", resource="pods", seconds=3.0),
        Scale(at=10.5, name="web", replicas=2),
        DeletePod(at=11.0, name="web"),
    ),
)


class NoThirdPod(Invariant):
    """Violated on purpose."""

    name = "no-third-pod"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._seen = 0

    def committed(self, commit: Commit) -> Iterator[str]:
        if commit.old is None and commit.key.startswith("/registry/pods/"):
            self._seen += 1
            if self._seen == 3:
                yield f'pod "default/{commit.current.metadata.name}" is the third </script><!--'


@pytest.fixture(scope="module")
def records() -> Records:
    return recorded(Simulation(PLAN, (*ALL, NoThirdPod)))


def test_a_recorded_run_is_the_same_run(records: Records) -> None:
    plain = Simulation(PLAN, (*ALL, NoThirdPod))
    lines: list[str] = []
    plain.network.listeners.append(Trace(plain.sim.kernel, lines.append))
    assert plain.run().violations == records.violations
    told = [f"{one.number} {one.at:.9f} {one.sender or '-'} -> {one.actor} {one.kind}" for one in records.deliveries]
    assert [line.partition("(")[0] for line in lines] == told


def test_causes_precede_their_effects_and_writes_have_authors(records: Records) -> None:
    assert all(one.cause < one.number for one in records.deliveries)
    pods = [one for one in records.writes if one.key.startswith("pods/")]
    created = [one for one in pods if one.verb == "created"]
    assert [one.author for one in created] == ["/cluster/controller-manager/replicaset"] * 3
    root = [list(records.causes(one.cause))[-1] for one in created[:2]]
    assert [one.kind for one in root] == ["Perform", "Perform"]
    assert [one.summary.split()[2] for one in root] == ["create-deployment", "scale"]


def test_a_message_held_back_by_a_fault_is_marked(records: Records) -> None:
    kept = [one for one in records.deliveries if one.kept]
    assert kept
    assert {(one.actor, one.kind) for one in kept} == {("/cluster/controller-manager/informer-pods", "WatchEvents")}
    assert all(10.0 <= one.at <= 13.0 for one in kept)
    assert [(one.kind, one.component, one.until) for one in records.firings] == [
        ("watch-lag", "controller-manager", 13.0)
    ]


def test_the_causes_of_an_object_lead_back_to_the_user(records: Records) -> None:
    first = next(one.key for one in records.writes if one.key.startswith("pods/"))
    lines = why(records, first.rpartition("/")[2])
    assert re.fullmatch(rf"{first} created at 0\.\d+ s, revision \d+, by controller-manager/replicaset, #\d+", lines[0])
    created = lines[: next(number for number, line in enumerate(lines) if " changed at " in line and line[0] != " ")]
    assert created[-1].endswith("user: Perform 0 s  create-deployment name=web replicas=1")
    assert any("deployments/default/web created" in line for line in created)
    assert any(line.strip().startswith("spec.nodeName: node-1") for line in lines)


def test_a_violation_is_explained_by_the_write_that_caused_it(records: Records) -> None:
    last = last_write(records)
    assert last is not None
    assert (last.verb, last.revision) == ("created", records.violations[0].revision)
    lines = because(records)
    assert lines[0].startswith(last.key)
    assert any("watch-lag" in line for line in lines) == (last.at <= 13.0)


def test_what_users_wrote_since_the_last_write_of_an_operator_comes_first(records: Records) -> None:
    one, violation = records.writes[0], records.violations[0]

    def write(revision: int, author: str) -> Write:
        return replace(one, revision=revision, author=author, key=f"caches/default/c{revision}", verb="created")

    writes = [write(1, "/user"), write(2, "/cluster/operator/reconciler"), write(3, "/user"), write(4, "/cluster/x")]
    lines = because(replace(records, writes=writes, violations=(replace(violation, revision=4, at=1e6),)))
    assert [line.split(",")[0].split(" at ")[0] for line in lines if line[0] != " "] == [
        "caches/default/c3 created",
        "the last write by the operator was before that:",
        "caches/default/c2 created",
    ]


def test_an_object_may_be_named_as_kubectl_does(records: Records) -> None:
    assert find(records, "deploy/web") == find(records, "web") == "deployments/default/web"
    with pytest.raises(UnknownObject, match=r"pods/default/wep was never written; there are .*pods/default/web-"):
        find(records, "pods/default/wep")


def test_an_object_of_a_custom_kind_may_be_named_in_the_singular(records: Records) -> None:
    one, *_ = records.writes
    custom = [replace(one, key=key) for key in ("caches/default/c", "boxes/default/c")]
    assert find(replace(records, writes=custom), "cache/c") == "caches/default/c"
    assert find(replace(records, writes=custom), "Box/default/c") == "boxes/default/c"


def test_the_page_is_complete_and_needs_no_network(records: Records) -> None:
    text = page(records, title="no-third-pod", replay="kubeactors replay x.jsonl")
    assert re.findall(r"(?:src|href)=|https?://|@import", text) == []
    found = re.search(r"^const data = (.*);$", text, re.MULTILINE)
    assert found is not None
    assert "</script><!--" not in found.group(1)
    data = json.loads(found.group(1))
    assert len(data["messages"]) == len(records.deliveries)
    assert data["violations"][0][0] == "no-third-pod"
    assert data["steps"][1] == "10 s  watch-lag seconds=3.0 component=controller-manager resource=pods"


def test_the_page_hides_heartbeats(records: Records) -> None:
    text = page(records, title="x", replay="x")
    hidden = re.search(r"NOISY_KINDS = new Set\(\[(.*?)\]\)", text)
    assert hidden is not None
    assert {"Heartbeat", "Progress"} <= {one.kind for one in records.deliveries} & set(
        json.loads(f"[{hidden.group(1)}]")
    )


def test_exports_are_valid_for_other_tools(records: Records) -> None:
    lines = [json.loads(line) for line in json_lines(records)]
    kinds = [one["type"] for one in lines]
    assert kinds.count("message") == len(records.deliveries)
    assert kinds[-1] == "violation"
    events = json.loads(chrome_trace(records))["traceEvents"]
    starts = {one["id"]: one["ts"] for one in events if one["ph"] == "s"}
    ends = {one["id"]: one["ts"] for one in events if one["ph"] == "f"}
    assert starts.keys() == ends.keys()
    assert all(starts[number] < ends[number] for number in starts)
    spans = [one for one in events if one["ph"] == "X"]
    assert [one["args"]["number"] for one in spans] == [one.number for one in records.deliveries]


def run(*arguments: str) -> object:
    found: object = app()(list(arguments), exit_on_error=False, print_error=False)
    return found


def test_the_commands_write_the_requested_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replay = tmp_path / "plan.jsonl"
    replay.write_text(encode(PLAN))
    html, lines, trace = tmp_path / "page.html", tmp_path / "all.jsonl", tmp_path / "trace.json"
    wanted = ("--html", str(html), "--jsonl", str(lines), "--perfetto", str(trace), "--until", "3")
    assert run("replay", str(replay), *wanted) == 0
    assert html.read_text().startswith("<!doctype html>")
    assert json.loads(lines.read_text().splitlines()[0])["number"] == 1
    assert json.loads(trace.read_text())["traceEvents"]
    capsys.readouterr()
    assert run("why", "deployment/web", str(replay)) == 0
    assert capsys.readouterr().out.startswith("deployments/default/web created at ")
    with pytest.raises(UsageError, match="nothing/there was never written"):
        run("replay", str(replay), "--why", "nothing/there", "--until", "1")


def test_a_plain_run_is_not_recorded() -> None:
    simulation = Simulation(PLAN)
    simulation.boot()
    assert simulation.sim.kernel.make_cell is Cell
    assert simulation.network.listeners == []


class Odd(Message, frozen=True):
    what: object


def test_memory_addresses_are_replaced_by_class_names() -> None:
    assert summary_of(Odd(what=object())) == "Odd(what=object)"

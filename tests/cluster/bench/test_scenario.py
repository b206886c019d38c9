"""Scenarios as text: parsing, and errors found before they run."""

from importlib.resources import files
from pathlib import Path

import pytest

from kubeactors.cluster.bench.fits import refusal
from kubeactors.cluster.bench.reading import ScenarioError, parse_scenario, read_scenario
from kubeactors.cluster.bench.scenario import Create, NodeGroup, Scenario, Step, plain
from kubeactors.cluster.bench.workload import GENERATION_LABEL, WORKLOAD_LABEL, objects, pod_of, pod_spec

BUILT_IN = sorted(Path(str(files("kubeactors.cluster.bench"))).joinpath("scenarios").glob("*.yaml"))


@pytest.mark.parametrize("path", BUILT_IN, ids=lambda path: path.stem)
def test_the_included_scenarios_are_valid(path: Path) -> None:
    assert read_scenario(path).name == path.stem


def test_a_scenario_is_parsed() -> None:
    text = b"""
    name: two
    nodes: [{count: 2, cpu: 4}]
    steps: [{create: {name: web, replicas: 3}}]
    """
    assert parse_scenario(text) == Scenario(
        name="two", nodes=(NodeGroup(count=2, cpu=4),), steps=(Step(create=Create(name="web", replicas=3)),)
    )


@pytest.mark.parametrize(
    ("nodes", "steps", "sentence"),
    [
        ("{cpu: 3x}", "{create: {name: a}}", 'nodes[0].cpu: "3x" is no quantity'),
        ("{memory: -1Gi}", "{create: {name: a}}", "nodes[0].memory: -1Gi is no amount"),
        ("{}, {}", "{create: {name: a}}", 'nodes: two nodes are named "node-1"'),
        ("{cpu: 3}", "{create: {name: a, cpu: 4}}", 'steps[0]: a pod of "a" asks for 4 of cpu, and the largest node has 3'),
        (
            "{cpu: 3, count: 2}",
            "{create: {name: a, replicas: 61}}",
            "steps[0]: pods ask for 6100m of cpu at one time; all nodes together have room for 6",
        ),
        (
            "{count: 2, pods: 10}",
            "{create: {name: a, replicas: 20}}, {scale: {name: a, replicas: 21}}",
            "steps[1]: there are to be 21 pods at one time; all nodes together have room for 20 pods",
        ),
        (
            "{}",
            "{create: {name: a, template: {spec: {containers: [{name: c, resources: {requests: {nvidia.com/gpu: 1}}}]}}}}",
            'steps[0]: a pod of "a" asks for 1 of nvidia.com/gpu, and the largest node has 0',
        ),
        ("{}", "{create: {name: a, kind: Pod, replicas: 2}}", "steps[0].create.replicas: a Pod is one; use count"),
        ("{}", "{create: {name: a, template: {spek: {}}}}", 'steps[0].create.template: unknown field "spek"'),
        ("{}", "{create: {name: a}}, {churn: {name: a, perSecond: 1, seconds: 1}}", 'steps[1]: steps[0] creates "a"'),
        ("{}", "{create: {name: web}}, {scale: {name: wbe, replicas: 1}}", 'steps[1].scale.name: nothing before it creates "wbe"; did you mean "web"?'),
        ("{}", "{create: {name: a, kind: Job}}, {scale: {name: a, replicas: 1}}", "steps[1].scale: a Job cannot be scaled"),
        ("{}", "{powerOff: {}}", "steps[0].powerOff: name racks or nodes, or say how many with count"),
        ("{name: big}", "{powerOff: {pool: bug, count: 1}}", 'steps[0].powerOff.pool: no nodes are called "bug"; did you mean "big"?'),
        ("{}", "{create: {name: a}, pause: {seconds: 1}}", "steps[0]: a step is one of create, import, churn, "),
    ],
)  # fmt: skip
def test_an_impossible_scenario_is_rejected_before_it_runs(nodes: str, steps: str, sentence: str) -> None:
    with pytest.raises(ScenarioError) as found:
        parse_scenario(f"nodes: [{nodes}]\nsteps: [{steps}]".encode())
    assert str(found.value).startswith(sentence)


def test_a_malformed_scheduler_configuration_is_rejected() -> None:
    with pytest.raises(ScenarioError, match="scheduler: "):
        parse_scenario(b"nodes: [{}]\nscheduler: {kind: Deployment}\nsteps: [{pause: {seconds: 0}}]")


def test_pods_of_a_job_may_run_one_after_the_other() -> None:
    wave = Create(name="batch", kind="Job", count=10, replicas=1000)
    assert refusal(Scenario(nodes=(NodeGroup(pods=5),), steps=(Step(create=wave),))) == ""


def test_so_many_pods_fit_on_so_many_nodes() -> None:
    assert refusal(plain(7, 1000)) == ""


def test_bare_pods_share_their_spec() -> None:
    first, second = objects(Create(name="a", kind="Pod", count=2))
    assert (first.metadata.name, second.metadata.name) == ("a-1", "a-2")
    assert getattr(first, "spec") is getattr(second, "spec")  # noqa: B009 -- an object of any kind


def test_a_template_overrides_the_short_fields() -> None:
    template: dict[str, object] = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "own", "image": "own:1"}]},
    }
    wave = Create(name="a", cpu="1", template=template, toleration_seconds=5)
    assert [(one.name, one.image) for one in pod_spec(wave).containers] == [("own", "own:1")]
    assert [one.toleration_seconds for one in pod_spec(wave).tolerations] == [5, 5]
    assert pod_of(wave).metadata.labels == {"a": "b", WORKLOAD_LABEL: "a", GENERATION_LABEL: "0"}

"""KWOK's stages in scenarios: from files and folders, or in the scenario itself."""

from pathlib import Path

import pytest

from kubeactors.cluster.bench import measure
from kubeactors.cluster.bench.reading import ScenarioError, parse_scenario

RUNS = """
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-runs}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector: {matchExpressions: [{key: .status.phase, operator: In, values: [Pending]}]}
  next: {statusTemplate: "phase: Running"}
"""
STEPS = "nodes: [{count: 2}]\nsteps: [{create: {kind: Pod, name: a, count: 5}}]\n"


async def test_stages_of_a_folder_are_played(tmp_path: Path) -> None:
    folder = tmp_path / "stages"
    folder.mkdir()
    (folder / "pod-runs.yaml").write_text(RUNS)
    (folder / "kustomization.yaml").write_text("kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\n")
    result = await measure(parse_scenario(f"{STEPS}stages: [stages]".encode(), tmp_path))
    assert (result.pods, result.complete) == (5, True)


async def test_waiting_for_nodes_that_never_become_ready_ends() -> None:
    lame = RUNS.replace("kind: Pod", "kind: Node").replace("In, values: [Pending]", "DoesNotExist")
    inline = lame.strip().replace("\n", "\n  ")
    result = await measure(parse_scenario(f"{STEPS}bootSeconds: 0.5\nstages:\n- {inline}\n".encode()))
    assert (result.detail, result.complete, result.steps) == ("not all nodes are Ready after 0.5 s", False, ())


def test_a_stage_may_stand_in_the_scenario_itself() -> None:
    inline = RUNS.strip().replace("\n", "\n  ")
    scenario = parse_scenario(f"{STEPS}stages:\n- {inline}\n".encode())
    assert [one.metadata.name for one in scenario.played] == ["pod-runs"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (RUNS.replace("next:", "nexd:"), 'runs.yaml: spec.nexd: unknown key; did you mean "next"?'),
        (
            RUNS.replace("phase: Running", "{{ toJson . }}"),
            'stages: stage "pod-runs": {{ toJson . }}: function "toJson" ',
        ),
        (RUNS.replace("v1alpha1", "v1"), 'runs.yaml: apiVersion: "kwok.x-k8s.io/v1" is not known; '),
    ],
)
def test_the_error_of_a_malformed_stage_has_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "runs.yaml").write_text(text)
    with pytest.raises(ScenarioError) as error:
        parse_scenario(f"{STEPS}stages: [runs.yaml]".encode(), tmp_path)
    assert sentence in str(error.value)

"""Paths of stages: what they find, and what is rejected."""

import pytest

from kubeactors.kubelet.stages.query import Query, QueryError

POD = {
    "metadata": {"annotations": {"a.b/c": "x", "empty": ""}, "ownerReferences": [{"kind": "Job"}, {"kind": "Other"}]},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "False", "count": 2}]},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (".status.conditions.[].type", ["Ready", "Other"]),
        (".status.conditions[].type", ["Ready", "Other"]),
        (".status.conditions[1].status", ["False"]),
        (".status.conditions[9].status", []),
        ('.metadata.annotations["a.b/c"]', ["x"]),
        ('.metadata.annotations."a.b/c"', ["x"]),
        ('.metadata.annotations["empty"]', [""]),
        ('.status.conditions.[] | select( .type == "Ready" ) | .status', ["True"]),
        ('.status.conditions.[] | select(.type != "Ready") | .status', ["False"]),
        (".status.conditions.[] | select(.count == 2) | .type", ["Other"]),
        (".metadata.ownerReferences.[].kind", ["Job", "Other"]),
        (".status.phase", []),
        (".status.nothing.[].at.all", []),
        (".", [POD]),
    ],
)
def test_a_path_finds_existing_values(text: str, found: list[object]) -> None:
    assert Query(text).values(POD) == found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (".a + 1", "'+ 1' is not known here"),
        ("length", "'length' is not known here"),
        (".a | map(.b)", "'map(.b)' is not known here"),
        ("select(.a)", "select is known only with PATH == LITERAL"),
        ("", "a path such as .status.phase is expected"),
        (".a .b | ", "a path such as .status.phase is expected"),
    ],
)
def test_unknown_syntax_is_rejected_by_name(text: str, sentence: str) -> None:
    with pytest.raises(QueryError) as error:
        Query(text)
    assert sentence in str(error.value)

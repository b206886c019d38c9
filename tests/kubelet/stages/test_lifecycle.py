"""Which stage is next and after what delay; and which Stages are rejected."""

from random import Random

import msgspec
import pytest

from kubeactors.kubelet.stages import Stage, StageError, compiled
from kubeactors.kubelet.stages.lifecycle import choose

SECOND = 1_000_000_000
WALL = 1_800_000_000 * SECOND  # 2027-01-15T08:00:00Z


def stage(name: str = "a", /, **spec: object) -> Stage:
    document: dict[str, object] = {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {"resourceRef": {"apiGroup": "v1", "kind": "Pod"}, "selector": {}, **spec},
    }
    return msgspec.convert(document, Stage)


def delay_of(data: dict[str, object], **delay: object) -> int:
    (one,) = compiled([stage(delay=delay)])
    return one.delay(data, WALL, Random(1))


@pytest.mark.parametrize(
    ("selector", "holds"),
    [
        ({"matchLabels": {"a": "b"}}, True),
        ({"matchLabels": {"a": "c"}}, False),
        ({"matchAnnotations": {"n": "1"}}, True),
        ({"matchLabels": {"a": "b"}, "matchAnnotations": {"n": "2"}}, False),
        ({"matchExpressions": [{"key": ".status.phase", "operator": "In", "values": ["Running"]}]}, True),
        ({"matchExpressions": [{"key": ".status.phase", "operator": "NotIn", "values": ["Running"]}]}, False),
        ({"matchExpressions": [{"key": ".status.podIP", "operator": "DoesNotExist"}]}, True),
        ({"matchExpressions": [{"jq": {"key": ".status.phase", "operator": "Exists"}}]}, True),
        ({"matchExpressions": [{"key": ".spec.hostNetwork", "operator": "In", "values": ["true"]}]}, True),
    ],
)
def test_a_stage_applies_to_objects_that_its_selector_matches(selector: dict[str, object], *, holds: bool) -> None:
    data = {
        "metadata": {"labels": {"a": "b"}, "annotations": {"n": "1"}},
        "spec": {"hostNetwork": True},
        "status": {"phase": "Running"},
    }
    (one,) = compiled([stage(selector=selector)])
    assert one.matches(data) is holds


def test_a_stage_without_a_selector_applies_to_nothing() -> None:
    (one,) = compiled([stage(selector=None)])
    assert not one.matches({})


def test_a_delay_is_between_its_duration_and_its_jitter() -> None:
    assert delay_of({}) == 0
    assert delay_of({}, durationMilliseconds=1000) == SECOND
    assert delay_of({}, durationMilliseconds=5000, jitterDurationMilliseconds=1000) == SECOND
    assert SECOND <= delay_of({}, durationMilliseconds=1000, jitterDurationMilliseconds=3000) < 3 * SECOND


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("1m30s", 90.0),
        ("2027-01-15T08:00:05Z", 5.0),
        ("2027-01-15T07:00:00Z", 0.0),
        ("soon", 7.0),
        ("", 0.0),
        (None, 7.0),
    ],
)
def test_an_object_can_set_its_own_delay(said: str | None, seconds: float) -> None:
    data: dict[str, object] = {"wait": said} if said is not None else {}
    assert delay_of(data, durationMilliseconds=7000, durationFrom={"expressionFrom": ".wait"}) == seconds * SECOND


def test_one_of_several_stages_is_chosen_by_weight() -> None:
    stages = compiled([stage("never", weight=0), stage("a", weight=1), stage("b", weightFrom={"expressionFrom": ".w"})])
    chosen = [choose(stages, {"w": "3"}, random) for random in [Random(1)] for _ in range(400)]
    counts = {name: sum(one is not None and one.name == name for one in chosen) for name in ("never", "a", "b")}
    assert counts["never"] == 0
    assert 60 < counts["a"] < 140
    assert choose(stages[:1], {}, Random(1)) is stages[0]  # a single stage is chosen whatever its weight
    assert choose([], {}, Random(1)) is None


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"next": {"statusTemplate": "{{ toJson . }}"}}, 'stage "a": {{ toJson . }}: function "toJson" is not supported'),
        ({"weightFrom": {"expressionFrom": ".a + 1"}}, "stage \"a\": '.a + 1': '+ 1' is not known here"),
        ({"selector": {"matchExpressions": [{"key": ".a", "operator": "Like"}]}}, "stage \"a\": Invalid enum value 'Like'"),
        ({"selector": {"matchExpressions": [{"key": ".a", "operator": "In"}]}}, 'stage "a": operator In wants values'),
    ],
)  # fmt: skip
def test_an_invalid_stage_is_rejected(spec: dict[str, object], sentence: str) -> None:
    with pytest.raises(StageError) as error:
        compiled([stage("a", **spec)])
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"selector": {"matchExpressions": [{"cel": {"expression": "true"}}]}}, "cel is not supported"),
        ({"steps": [{"apply": {"template": ""}}]}, "apply is not supported"),
        ({"next": {"statusPatchAs": {"username": "a"}}}, "statusPatchAs is not supported"),
        ({"resourceRef": {"kind": "Service"}}, "Invalid enum value 'Service'"),
        ({"steps": [{"patch": {"type": "json"}}]}, "Invalid enum value 'json'"),
        ({"nexd": {}}, "Object contains unknown field `nexd`"),
    ],
)
def test_unsupported_features_of_kwok_are_rejected_by_name(spec: dict[str, object], sentence: str) -> None:
    with pytest.raises(msgspec.ValidationError) as error:
        stage("a", **spec)
    assert str(error.value).startswith(sentence)

"""Defaults and validation of ReplicationControllers and PodTemplates."""

import pytest
from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import (
    Container,
    PodSpec,
    PodTemplate,
    PodTemplateSpec,
    ReplicationController,
    ReplicationControllerSpec,
    ReplicationControllerStatus,
)
from kubeactors.apimachinery.meta import ObjectMeta

KIND = SCHEME.by_type(ReplicationController)
TEMPLATE = PodTemplateSpec(
    metadata=ObjectMeta(labels={"app": "web"}), spec=PodSpec(containers=(Container(name="web", image="nginx"),))
)


def controller(**spec: object) -> ReplicationController:
    fields = {"template": TEMPLATE, **spec}
    made = ReplicationController(spec=ReplicationControllerSpec(**fields))  # type: ignore[arg-type]
    return KIND.default(made)


def test_it_takes_its_labels_and_its_selector_from_the_template() -> None:
    made = controller()
    assert (made.metadata.labels, made.spec.selector, made.spec.replicas) == ({"app": "web"}, {"app": "web"}, 1)
    assert KIND.default(made) is made


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, []),
        ({"replicas": -1}, ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
        ({"template": None}, ["spec.selector: Required value", "spec.template: Required value"]),
        (
            {"selector": {"a": "b"}},
            [
                'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'
            ],
        ),
    ],
)
def test_what_is_wrong_is_told_by_field(spec: dict[str, object], expected: list[str]) -> None:
    assert [str(error) for error in KIND.validate(controller(**spec))] == expected


def test_a_part_is_never_more_than_the_whole() -> None:
    made = replace(controller(), status=ReplicationControllerStatus(replicas=1, ready_replicas=2))
    assert [str(error) for error in KIND.validate_status_update(made, made)] == [
        "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas"
    ]


def test_a_template_has_the_defaults_of_a_pod() -> None:
    made = SCHEME.by_type(PodTemplate).default(PodTemplate(template=TEMPLATE))
    assert made.template.spec.restart_policy == "Always"

"""Autoscalers in both versions."""

import pytest
from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.autoscaling.v1 import HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec
from kubeactors.api.autoscaling.v1.conversion import (
    BEHAVIOR,
    CONDITIONS,
    CURRENT_METRICS,
    METRICS,
    from_v2,
    to_v2,
)
from kubeactors.api.autoscaling.v2 import autoscaler as v2
from kubeactors.api.autoscaling.v2 import metrics as m
from kubeactors.api.autoscaling.v2.defaults import default_autoscaler
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta

WEB = m.CrossVersionObjectReference(kind="Deployment", name="web", api_version="apps/v1")
CPU = m.MetricSpec(
    type="Resource",
    resource=m.ResourceMetricSource(name="cpu", target=m.MetricTarget(type="Utilization", average_utilization=50)),
)
RAW = m.MetricTarget(type="AverageValue", average_value="10")
NAMED = m.MetricIdentifier(name="queue", selector=LabelSelector(match_labels={"a": "b"}))
OTHERS = (
    m.MetricSpec(type="Resource", resource=m.ResourceMetricSource(name="memory", target=RAW)),
    m.MetricSpec(
        type="ContainerResource",
        container_resource=m.ContainerResourceMetricSource(name="cpu", container="web", target=RAW),
    ),
    m.MetricSpec(type="Pods", pods=m.PodsMetricSource(metric=NAMED, target=RAW)),
    m.MetricSpec(type="Object", object=m.ObjectMetricSource(described_object=WEB, metric=NAMED, target=RAW)),
    m.MetricSpec(
        type="External", external=m.ExternalMetricSource(metric=NAMED, target=m.MetricTarget(type="Value", value="3"))
    ),
)
NOW = m.MetricValueStatus(average_value="7")
BUSY = m.MetricValueStatus(average_value="20m", average_utilization=40)
FULL = default_autoscaler(
    v2.HorizontalPodAutoscaler(
        metadata=ObjectMeta(name="web", namespace="shop", annotations={"team": "a"}),
        spec=v2.HorizontalPodAutoscalerSpec(
            scale_target_ref=WEB,
            max_replicas=5,
            metrics=(*OTHERS, CPU),
            behavior=v2.HorizontalPodAutoscalerBehavior(),
        ),
        status=v2.HorizontalPodAutoscalerStatus(
            current_replicas=2,
            desired_replicas=3,
            current_metrics=(
                m.MetricStatus(type="Pods", pods=m.PodsMetricStatus(metric=NAMED, current=NOW)),
                m.MetricStatus(type="Resource", resource=m.ResourceMetricStatus(name="cpu", current=BUSY)),
            ),
            conditions=(v2.HorizontalPodAutoscalerCondition(type="AbleToScale", status="True"),),
        ),
    )
)
"""One with all that the first version has no field for."""


def test_what_the_first_version_has_no_field_for_is_in_annotations_and_comes_back() -> None:
    first = from_v2(FULL)
    assert list(first.metadata.annotations) == ["team", METRICS, BEHAVIOR, CURRENT_METRICS, CONDITIONS]
    assert (first.spec.target_cpu_utilization_percentage, first.status.current_cpu_utilization_percentage) == (50, 40)
    assert to_v2(first) == FULL


def test_metrics_in_the_annotation_are_flat() -> None:
    text = from_v2(replace(FULL, spec=replace(FULL.spec, metrics=OTHERS[1:3]))).metadata.annotations[METRICS]
    assert text == (
        '[{"type":"ContainerResource","containerResource":{"name":"cpu","targetAverageValue":"10","container":"web"}},'
        '{"type":"Pods","pods":{"metricName":"queue","targetAverageValue":"10",'
        '"selector":{"matchLabels":{"a":"b"}}}}]'
    )


def test_without_a_target_the_first_version_means_80_percent_of_the_requested_cpu() -> None:
    given = HorizontalPodAutoscaler(spec=HorizontalPodAutoscalerSpec(scale_target_ref=WEB, max_replicas=5))
    assert from_v2(to_v2(given)).spec.target_cpu_utilization_percentage == 80


@pytest.mark.parametrize("text", ["no json", "{}", '[{"type": "Pods", "pods": {"metricName": 3}}]'])
def test_an_annotation_that_makes_no_sense_is_dropped(text: str) -> None:
    given = replace(from_v2(FULL), metadata=ObjectMeta(name="web", annotations={METRICS: text, BEHAVIOR: text}))
    stored = to_v2(given)
    assert (stored.metadata.annotations, stored.spec.metrics) == ({}, (CPU,))


def test_the_first_version_is_checked_like_the_second() -> None:
    spec = HorizontalPodAutoscalerSpec(scale_target_ref=WEB, min_replicas=3, max_replicas=2)
    errors = SCHEME.by_type(HorizontalPodAutoscaler).validate(HorizontalPodAutoscaler(spec=spec))
    assert [str(error) for error in errors] == [
        "spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`"
    ]


def test_a_direction_without_policies_gets_the_usual_ones_unless_it_is_said_that_there_are_none() -> None:
    none = v2.HPAScalingRules(policies=())
    behavior = v2.HorizontalPodAutoscalerBehavior(scale_up=v2.HPAScalingRules(select_policy="Min"), scale_down=none)
    target = m.CrossVersionObjectReference(api_version="apps/v1", kind="Deployment", name="web")
    spec = v2.HorizontalPodAutoscalerSpec(scale_target_ref=target, max_replicas=3, behavior=behavior)
    kind = SCHEME.by_type(v2.HorizontalPodAutoscaler)
    made = kind.default(v2.HorizontalPodAutoscaler(spec=spec))
    assert [str(one) for one in kind.validate(made)] == [
        "spec.behavior.scaleDown.policies: Required value: must specify at least one Policy"
    ]

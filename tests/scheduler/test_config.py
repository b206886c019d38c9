"""Profiles from a KubeSchedulerConfiguration."""

import re
from random import Random

import pytest
import yaml

from kubeactors.api.core.v1 import Pod
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.config import read
from kubeactors.scheduler.configuration import ConfigurationError
from kubeactors.scheduler.explanation import explain
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo, pod_info
from kubeactors.scheduler.profile import Profile
from kubeactors.scheduler.results import Code, Status
from tests.scheduler.builders import handle, node, pod

HEAD = "{apiVersion: kubescheduler.config.k8s.io/v1, kind: KubeSchedulerConfiguration, profiles: [%s]}"


class Odd:
    """A user's plugin: rejects nodes whose names begin with a letter."""

    name = "Odd"
    static = True

    def __init__(self, _: Handle, letter: str) -> None:
        self._letter = letter

    def skips(self, _: PodInfo) -> bool:
        return False

    def filter(self, _: PodInfo, info: NodeInfo) -> Status | None:
        refused = Status(Code.UNSCHEDULABLE, (f"begins with {self._letter}",), self.name)
        return refused if info.name.startswith(self._letter) else None


ODD = f"{__name__}.Odd"


def profile(cache: Cache, text: str, name: str = "default-scheduler") -> Profile:
    return Profile(read(yaml.safe_load(HEAD % text)).profiles[name](handle(cache)), cache)


def two_nodes() -> Cache:
    """Node a is half used, node b is empty."""
    cache = Cache()
    for name in ("a", "b"):
        cache.set_node(node(name))
    cache.set_pod(pod_info(pod("x", {"cpu": "2", "memory": "4Gi"}, node_name="a")))
    return cache


def chosen(rules: Profile, one: Pod) -> str:
    found = rules.select(pod_info(one), Random(1))
    assert isinstance(found, NodeInfo)
    return found.name


STRATEGY = "{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: %s}}]}"
PACKED = "{type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: [{utilization: 0, score: 0}, {utilization: 100, score: 10}]}}"


@pytest.mark.parametrize(
    ("strategy", "expected", "scores"),
    [
        ("{type: LeastAllocated}", "b", {"a": 31, "b": 81}),
        ("{type: MostAllocated}", "a", {"a": 68, "b": 18}),
        (PACKED, "a", {"a": 69, "b": 19}),
        (
            "{type: LeastAllocated, resources: [{name: cpu, weight: 3}, {name: memory, weight: 1}]}",
            "b",
            {"a": 28, "b": 78},
        ),
    ],
)
def test_a_strategy_decides_which_node_is_best(strategy: str, expected: str, scores: dict[str, int]) -> None:
    cache = two_nodes()
    rules, one = profile(cache, STRATEGY % strategy), pod("p", {"cpu": "1", "memory": "1Gi"})
    found = explain(pod_info(one), rules, cache).nodes
    assert {each.node: each.scores["NodeResourcesFit"] for each in found} == scores
    assert chosen(rules, one) == expected


def test_weights_multiply_scores() -> None:
    cache = two_nodes()
    rules = profile(cache, "{plugins: {multiPoint: {enabled: [{name: NodeResourcesFit, weight: 5}]}}}")
    found = explain(pod_info(pod("p", {"cpu": "1", "memory": "1Gi"})), rules, cache).nodes
    assert {each.node: each.scores["NodeResourcesFit"] for each in found} == {"a": 155, "b": 405}


def test_a_plugin_can_be_disabled_everywhere_or_at_one_extension_point() -> None:
    cache = two_nodes()
    huge = pod("p", {"cpu": "100"})
    for text in (
        "{plugins: {multiPoint: {disabled: [{name: NodeResourcesFit}]}}}",
        "{plugins: {filter: {disabled: [{name: NodeResourcesFit}]}}}",
    ):
        assert chosen(profile(cache, text), huge) in {"a", "b"}


def test_a_users_plugin_is_named_by_its_path() -> None:
    text = f"{{plugins: {{multiPoint: {{enabled: [{{name: {ODD}}}]}}}}, pluginConfig: [{{name: {ODD}, args: {{letter: b}}}}]}}"
    cache = two_nodes()
    found = explain(pod_info(pod("p")), profile(cache, text), cache).nodes
    assert {each.node: each.refusals for each in found} == {"a": {}, "b": {"Odd": "begins with b"}}


def test_unimplemented_plugins_can_be_disabled_and_arguments_without_effect_are_accepted() -> None:
    text = "{plugins: {multiPoint: {disabled: [{name: NodeDeclaredFeatures}, {name: GangScheduling}]}}, pluginConfig: [{name: DynamicResources, args: {filterTimeout: 5s}}]}"
    assert chosen(profile(two_nodes(), text), pod("p")) in {"a", "b"}


def test_profiles_are_selected_by_name() -> None:
    cache = two_nodes()
    rules = profile(
        cache,
        f"{{}}, {{schedulerName: packer, pluginConfig: [{{name: NodeResourcesFit, args: {{scoringStrategy: {PACKED}}}}}]}}",
        "packer",
    )
    assert chosen(rules, pod("p", {"cpu": "1", "memory": "1Gi"})) == "a"


def test_an_invalid_timeout_of_an_extender_is_reported() -> None:
    value = yaml.safe_load(HEAD % "{}") | {"extenders": [{"urlPrefix": "http://x", "httpTimeout": "soon"}]}
    with pytest.raises(ConfigurationError, match=re.escape('extenders[0].httpTimeout: Invalid value: "soon"')):
        read(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "{plugins: {multiPoint: {enabled: [{name: NodeResourceFit}]}}}",
            'unknown plugin "NodeResourceFit"; did you mean "NodeResourcesFit"?',
        ),
        ("{plugins: {filters: {}}}", 'unknown extension point "filters"; did you mean "filter"?'),
        (
            "{plugins: {score: {disabled: [{name: ImageLocalty}]}}}",
            'unknown plugin "ImageLocalty"; did you mean "ImageLocality"?',
        ),
        (
            "{pluginConfig: [{name: DynamicResources, args: {filterTimeOut: 1s}}]}",
            'pluginConfig of DynamicResources: filterTimeOut: unknown key; did you mean "filterTimeout"?',
        ),
        ("{plugin: {}}", 'profiles[0].plugin: unknown key; did you mean "plugins"?'),
        ("{plugins: {score: {enable: []}}}", 'enable: unknown key; did you mean "enabled"?'),
        (
            "{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {resource: []}}}]}",
            'pluginConfig of NodeResourcesFit: scoringStrategy.resource: unknown key; did you mean "resources"?',
        ),
        (
            "{pluginConfig: [{name: NodePorts, args: {range: 1}}]}",
            "pluginConfig of NodePorts: range: unknown key; nothing is known here",
        ),
        (
            f"{{plugins: {{filter: {{enabled: [{{name: {ODD}}}]}}}}, pluginConfig: [{{name: {ODD}, args: {{leter: b}}}}]}}",
            f'unknown argument of {ODD} "leter"; did you mean "letter"?',
        ),
        ("{}, {}", 'profiles[1].schedulerName: Duplicate value: "profiles[0].schedulerName"'),
        ("{plugins: {multiPoint: {enabled: [{name: nowhere.Plugin}]}}}", "No module named 'nowhere'"),
        (
            STRATEGY % "{type: Best}",
            'args.scoringStrategy.type: Unsupported value: "Best": supported values: "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"',
        ),
    ],
)
def test_errors_name_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        profile(Cache(), text)

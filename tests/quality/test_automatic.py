"""Automatic mutants: each mutation operator makes its change within a context, and the default campaign kills mutants."""

import ast
import importlib
from pathlib import Path

import pytest

from kubeactors.client import Expectations
from kubeactors.sim.grammar import generate
from kubeactors.sim.simulation import Simulation
from tests.quality.automatic.hunt import Course, campaign, hunt, outcome, sample
from tests.quality.automatic.left_out import function_in
from tests.quality.automatic.marks import Marks
from tests.quality.automatic.mutants import in_force, modules, mutants, named, of_function
from tests.quality.automatic.operators import FRESH, OPERATORS, REMEMBERING, SAYING_WHICH, WAKING

SCENARIOS = 12
SEED = 3
"""The seed of a scenario with rollouts."""
KILLED = (
    "controllers.deployment.controller:DeploymentController._on_replica_set:skip_wake_up:0",
    "controllers.replicaset.controller:ReplicasController._report:forget_deed:0",
)
"""Found within a few scenarios. `python -m benchmarks.quality --automatic` tries others."""

MISTAKES = [
    ("if a: pass", "negate_condition", "if not a:\n    pass"),
    ("[x for x in y if good]", "drop_condition", "[x for x in y]"),
    ("a and b", "drop_clause", "b"),
    ("a is None or a.b or c", "drop_clause", "a is None or c"),
    ("a < b", "off_by_one", "a <= b"),
    ("a is None", "confuse", "a is not None"),
    ("self.enqueue(key)", "skip_wake_up", "pass"),
    ("self.expectations.expect_creation(key)", "forget_deed", "pass"),
    ("raise error", "swallow", "pass"),
    ("find(key, consistent=True)", "read_cache", "find(key, consistent=False)"),
    ("self._client.list(Pod)", "read_cache", "self._client.list(Pod, resource_version='0')"),
    ("await self._client.again(job)", "read_cache", "job"),
    ("Options(preconditions=this_one)", "drop_guard", "Options()"),
    ("Options(preconditions=Preconditions(uid=a))", "drop_guard", "Options(preconditions=Preconditions())"),
    ("Options(preconditions=replace(wanted, uid=a))", "drop_guard", "Options(preconditions=replace(wanted))"),
    ("filter(is_active, pods)", "ignore_filter", "pods"),
    ("min(a, b)", "swap_extremes", "max(a, b)"),
]


class _First(ast.NodeTransformer):
    """Applies the first mutation of an operator."""

    def __init__(self, name: str) -> None:
        self._operator = next(one for one in OPERATORS if one.__name__ == name)
        self._done = False

    def visit(self, node: ast.AST) -> ast.AST:
        """See the class."""
        for instead in () if self._done else self._operator(node):
            self._done = True
            return ast.Pass() if instead is None else instead
        return self.generic_visit(node)


@pytest.mark.parametrize(("before", "operator", "after"), MISTAKES)
def test_a_mutation_operator_makes_its_change(before: str, operator: str, after: str) -> None:
    assert ast.unparse(ast.fix_missing_locations(_First(operator).visit(ast.parse(before)))) == after


def test_every_operator_is_tried_here() -> None:
    assert list(dict.fromkeys(operator for _, operator, _ in MISTAKES)) == [one.__name__ for one in OPERATORS]


def test_the_names_that_operators_look_for_are_used_in_our_components() -> None:
    calls: dict[str, None] = {}
    keywords: dict[str, None] = {}
    for name in modules():
        file = importlib.import_module(name).__file__
        assert file is not None
        for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                keywords.update(dict.fromkeys(one.arg for one in node.keywords if one.arg is not None))
                if isinstance(node.func, ast.Name | ast.Attribute):
                    calls[node.func.id if isinstance(node.func, ast.Name) else node.func.attr] = None
    assert [one for one in (*WAKING, *REMEMBERING, *SAYING_WHICH) if one not in calls] == []
    assert [one for one in FRESH if one not in keywords] == []


def test_a_function_whose_name_only_contains_the_letters_of_a_silent_word_is_mutated() -> None:
    assert [one for one in mutants() if one.function == "topology_hints"]


def test_there_are_hundreds_of_mutants_and_a_sample_has_all_operators() -> None:
    everything = mutants()
    assert len(everything) >= 200
    rooms = {"controllers", "kubelet", "scheduler", "client", "apiserver", "storage"}
    assert {one.module.split(".")[1] for one in everything} == rooms
    assert {one.operator for one in sample(everything, 36, seed=0)} == {one.__name__ for one in OPERATORS}
    assert len({one.name for one in everything}) == len(everything)


@pytest.mark.parametrize(
    ("text", "operator"),
    [
        ("raise ValueError('no such name')", "swallow"),
        ("a.uid < b.uid", "off_by_one"),
        ("replace(metadata, name='', uid='')", "drop_guard"),
        ("self.ctx.log.info('refused', uid=a)", "drop_guard"),
        ("Claims(name=a, uid=b)", "drop_guard"),
        ("[x.size for x in y if x is not None]", "drop_condition"),
        ("[size for x in y if (size := find(x)) > 1]", "drop_condition"),
    ],
)
def test_equivalent_and_ill_typed_mutants_are_left_out(text: str, operator: str) -> None:
    assert ast.unparse(_First(operator).visit(ast.parse(text))) == text


@pytest.mark.parametrize(
    ("text", "operator", "many"),
    [
        ("try: a = f()\nexcept E: raise\nreturn a", "swallow", 0),
        ("try: f()\nexcept E: raise\nreturn 1", "swallow", 1),
        ("if a is None: raise E\nreturn a.b", "swallow", 0),
        ("if not a: raise E\nreturn a", "swallow", 1),
        ("if a: return 1\nraise E", "swallow", 0),
        ("if a and b: self.enqueue(key)", "drop_clause", 0),
        ("if a or b: self.enqueue(key)", "drop_clause", 2),
        ("if a and b: self.delete(key)", "drop_clause", 2),
    ],
)
def test_mutants_that_a_type_checker_rejects_or_that_only_wake_actors_are_left_out(
    text: str, operator: str, many: int
) -> None:
    assert [one.operator for one in of_function("m", "f", function_in(text))].count(operator) == many


def test_a_mutant_is_in_force_as_long_as_its_context_lasts() -> None:
    mutant = named("client.expectations:Expectations.creation_observed:confuse:0")
    before = Expectations.creation_observed.__code__
    with in_force(mutant):
        assert Expectations.creation_observed.__code__ is not before
    assert Expectations.creation_observed.__code__ is before


@pytest.mark.parametrize("name", KILLED)
def test_the_default_campaign_kills_mutants(name: str) -> None:
    assert hunt(named(name), dict.fromkeys(range(SCENARIOS), Course(""))).violated


def test_an_equivalent_mutant_survives_without_any_effect() -> None:
    mutant = named("controllers.backends:service_labels:drop_condition:0")
    without = {SEED: outcome(generate(SEED))}
    verdict = hunt(mutant, without)
    assert (verdict.violated, verdict.stirs, verdict.shows, verdict.scenarios) == ("", False, False, 1)


def test_a_campaign_tells_which_scenarios_reach_a_mutant() -> None:
    claims = named("controllers.persistentvolume.controller:PersistentVolumeController._sync_claim:confuse:0")
    pods = named("controllers.replicaset.controller:ReplicasController._report:forget_deed:0")
    seeds = campaign((claims, pods), range(2))
    assert seeds.runs(pods)
    assert 0 < len(seeds.about(pods)) <= 2
    assert seeds.runs(claims) is bool(seeds.about(claims))


def test_a_scenario_that_a_mutant_does_not_affect_is_identical_with_it() -> None:
    rollouts = [one for one in mutants() if one.module == "kubeactors.controllers.deployment.plan"]
    found = campaign(rollouts, (SEED,))
    same = [one for one in rollouts if found.runs(one) and not found.about(one)]
    assert {one.operator for one in same} >= {"drop_clause", "off_by_one", "swap_extremes"}
    without = _log()
    for one in same[:: len(same) // 4]:
        with in_force(one):
            assert _log() == without


def _log() -> list[str]:
    """The writes in a scenario with rollouts."""
    simulation = Simulation(generate(SEED))
    simulation.run()
    return [repr(commits) for commits in simulation.world.log.values()]


def test_a_mark_tells_whether_a_mutant_would_have_made_a_difference() -> None:
    marks = Marks()
    assert not marks.unless("guard", [])
    assert marks.unless("guard that holds", [1])
    assert marks.when("alternative", "x")
    assert not marks.when("alternative that is none", "")
    assert marks.compared("equal", "LtE", 2, 2)
    assert marks.compared("less", "LtE", 1, 2)
    assert list(marks.filtered("filter", str.isdigit, ["1", "a"])) == ["1"]
    assert list(marks.filtered("filter of all", None, ["1", "a"])) == ["1", "a"]
    assert marks.extreme("extreme", "max", iter(["a", "bb"]), key=len) == "bb"
    assert marks.extreme("extreme of one", "min", [], default=7) == 7
    assert list(marks.noted) == ["guard", "alternative", "equal", "filter", "extreme"]

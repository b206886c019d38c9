"""Common mistakes of operator authors, and the error messages."""

import asyncio  # noqa: TID251 -- what one must not use
import random
from collections.abc import Callable, Mapping
from typing import cast

import pytest
from hypothesis import strategies as st
from msgspec.structs import replace

from kubeactors.actor import ForeignAwait, ForeignCall
from kubeactors.api.coordination.v1 import Lease, LeaseSpec
from kubeactors.api.core.v1 import ConfigMap, Event, Node, ObjectReference
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.client import Client, type_of_kind
from kubeactors.sim import ClusterView, FuzzFailed, OperatorClient, OperatorError, Outcome, fuzz
from kubeactors.sim.campaigns.campaign import UnknownName
from kubeactors.sim.invariants import RAISES
from kubeactors.sim.judge import InvariantFailed, Violation
from kubeactors.sim.operators.checks import objections
from kubeactors.sim.operators.client import Misuse
from kubeactors.sim.operators.fuzzing import Fuzz
from kubeactors.sim.operators.operator import Reconcile
from kubeactors.sim.plan import Plan
from kubeactors.sim.workload import OwnAction

NAMED = cast("type[ConfigMap]", "configmaps")
"""Kinds by their kubectl names, instead of classes."""
ORDER = Plan(nodes=1, steps=(OwnAction(at=1.0, name="order"),))


async def order(client: Client) -> None:
    await client.create(ConfigMap(metadata=ObjectMeta(name="shop", namespace="default"), data={"pods": "1"}))


def nothing(_: ClusterView) -> None:
    """Always holds."""


def run(reconcile: Reconcile, plan: Plan = ORDER) -> Outcome:
    test = fuzz(reconcile, watches="configmaps", actions=[order], nodes=1)(nothing)
    return cast("Fuzz", test.__dict__["fuzz"]).run_plan(plan)


def violation_of(reconcile: Reconcile) -> Violation:
    (violation,) = run(reconcile).violations
    return violation


# What its code may not do.


async def sleeps(_client: OperatorClient, _key: str) -> None:
    await asyncio.sleep(1)


async def gathers(client: OperatorClient, _key: str) -> None:
    await asyncio.gather(client.sleep(1), client.sleep(2))


async def guesses(_client: OperatorClient, _key: str) -> None:
    random.random()  # noqa: TID251 -- the same


@pytest.mark.parametrize(
    ("mistaken", "error", "said"),
    [
        (sleeps, ForeignAwait, "an operator only its client"),
        (gathers, ForeignCall, r"asyncio\.gather\(\); there is no event loop: await one after another"),
        (guesses, ForeignCall, r"in an operator from client\.random"),
    ],
)
def test_calls_that_cannot_be_simulated_are_named_with_their_replacement(
    mistaken: Reconcile, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        run(mistaken)


def test_the_randomness_of_an_operator_is_decided_by_the_seed() -> None:
    drawn: list[float] = []

    async def draws(client: OperatorClient, _key: str) -> None:
        drawn.append(client.random.random())

    once = (run(draws), list(drawn))[1]
    drawn.clear()
    assert (run(draws), drawn)[1] == once
    assert len(dict.fromkeys(once)) == len(once)


def test_code_that_is_not_a_coroutine_is_rejected_at_its_first_call() -> None:
    def plain(_client: OperatorClient, _key: str) -> None:
        """Does nothing."""

    with pytest.raises(Misuse, match="must be an `async def`; it returned None"):
        run(cast("Reconcile", plain))


def test_endless_sleeps_without_progress_of_time_are_rejected() -> None:
    async def spins(client: OperatorClient, _key: str) -> None:
        while True:
            await client.sleep(0)

    with pytest.raises(Misuse, match="called 10000 times, and no time has passed"):
        run(spins)


def test_code_that_never_returns_is_reported_with_its_key() -> None:
    async def hangs(client: OperatorClient, key: str) -> None:
        if key == "default/shop":
            await client.sleep(1e9)

    violation = violation_of(hangs)
    assert violation.invariant == "reconcile-returns"
    assert violation.message.startswith("at default/shop: the call of 6")


def test_slow_code_is_waited_for() -> None:
    async def dozes(client: OperatorClient, key: str) -> None:
        if key == "default/shop":
            await client.sleep(300)

    assert run(dozes).violations == ()


async def looks_around(client: OperatorClient, key: str) -> float | None:
    """Writes nothing and requeues forever: a call is always in progress, or soon will be."""
    if key != "default/shop":
        return None
    await client.sleep(20.0)
    return 10.0


def test_endless_requeues_without_writes_count_as_quiet() -> None:
    assert run(looks_around).violations == ()


# What it writes forever.


async def annotates_nodes(client: OperatorClient, key: str) -> float:
    node = client.cached(Node).get(key)
    if node is not None:
        await client.update(replace(node, metadata=with_time(node.metadata, client)))
    return 5.0


async def speaks(client: OperatorClient, key: str) -> float:
    about = ObjectReference(kind="Node", name=key)
    metadata = ObjectMeta(generate_name="said-", namespace="default")
    await client.create(Event(metadata=metadata, involved_object=about, message="I have seen it"))
    return 5.0


async def changes_hands(client: OperatorClient, key: str) -> float | None:
    return await holds(client, key, f"somebody-{client.seconds:g}")


async def renews(client: OperatorClient, key: str) -> float | None:
    return await holds(client, key, "me")


async def holds(client: OperatorClient, key: str, holder: str) -> float | None:
    """Of one node only."""
    if key != "node-1":
        return None
    minute, second = divmod(int(client.seconds), 60)
    spec = LeaseSpec(holder_identity=holder, renew_time=f"2026-01-01T00:{minute:02}:{second:02}.000000Z")
    lease = await client.find(Lease, "mine", "default")
    if lease is None:
        await client.create(Lease(metadata=ObjectMeta(name="mine", namespace="default"), spec=spec))
    else:
        await client.update(replace(lease, spec=spec))
    return 5.0


def with_time(metadata: ObjectMeta, client: OperatorClient) -> ObjectMeta:
    return replace(metadata, annotations={**metadata.annotations, "seen-at": str(client.seconds)})


def written_for_ever_by(reconcile: Reconcile) -> list[str]:
    test = fuzz(reconcile, watches="nodes", nodes=1)(nothing)
    violations = cast("Fuzz", test.__dict__["fuzz"]).run_plan(Plan(nodes=1)).violations
    assert {one.invariant for one in violations} <= {"cluster-quiesces"}
    return [one.message.rpartition(": ")[2].rpartition("/")[0] for one in violations]


def test_endless_writes_are_not_quiet_even_of_kinds_that_have_heartbeats() -> None:
    assert written_for_ever_by(annotates_nodes) == ["/registry/minions"]
    assert written_for_ever_by(speaks) == ["/registry/events/default"]
    assert written_for_ever_by(changes_hands) == ["/registry/leases/default"]


def test_an_operator_may_renew_its_lease_for_ever() -> None:
    assert written_for_ever_by(renews) == []


def test_mutation_of_a_cached_object_is_reported_with_the_field() -> None:
    async def scribbles(client: OperatorClient, _key: str) -> None:
        shop = client.cached(ConfigMap).get("shop", "default")
        if shop is not None:
            shop.data["pods"] = "9"

    violation = violation_of(scribbles)
    assert violation.invariant == "objects-are-not-changed"
    assert violation.message.startswith('ConfigMap default/shop was changed in memory: data.pods is "9", and was "1"; ')


# Kinds.


async def caches_by_name(client: OperatorClient, _key: str) -> None:
    client.cached(NAMED)


async def gets_by_name(client: OperatorClient, _key: str) -> None:
    await client.get(NAMED, "shop", "default")


async def creates_a_dict(client: OperatorClient, _key: str) -> None:
    await client.create(cast("ConfigMap", {"kind": "ConfigMap"}))


@pytest.mark.parametrize("mistaken", [caches_by_name, gets_by_name, creates_a_dict])
def test_a_kind_given_by_name_is_rejected_with_the_line(mistaken: Reconcile) -> None:
    violation = violation_of(mistaken)
    assert violation.invariant == RAISES
    assert "is not a kind; a kind is a class: ConfigMap, or type_of_kind(" in violation.message
    assert "test_operator_mistakes.py:" in violation.message


def test_an_invariant_that_names_a_kind_fails_instead_of_holding_vacuously() -> None:
    def by_name(cluster: ClusterView) -> bool:
        return not cluster.list(NAMED)

    async def idle(_client: OperatorClient, _key: str) -> None: ...

    test = fuzz(idle, watches="configmaps", nodes=1, always=by_name)(nothing)
    with pytest.raises(InvariantFailed, match=r"by_name raised TypeError.*'configmaps' is not a kind"):
        cast("Fuzz", test.__dict__["fuzz"]).run_plan(Plan(nodes=1))


def test_the_class_of_a_kind_is_unique() -> None:
    assert type_of_kind("example.com/v1", "Cache") is type_of_kind("example.com/v1", "Cache")
    assert issubclass(type_of_kind("example.com/v1", "Cache"), TypedObject)


# What is declared.


async def resize(client: Client, pods: int) -> None:
    """Never called."""


async def idle(client: OperatorClient, key: str) -> None: ...


Declaration = Mapping[str, object]


@pytest.mark.parametrize(
    ("declaration", "said"),
    [
        (
            {"actions": {resize: {"podz": st.integers()}}},
            "the action resize takes pods, but was declared with podz: missing a required",
        ),
        ({"actions": [resize]}, "the action resize takes pods, but was declared with nothing: missing"),
        ({"actions": resize}, r"resize is not a list of actions; write \[resize\]"),
        ({"scenarios": 0}, "scenarios must be at least 1, not 0"),
    ],
)
def test_an_invalid_declaration_is_rejected_when_it_is_made(declaration: Declaration, said: str) -> None:
    make = cast("Callable[..., Callable[[object], object]]", fuzz)
    with pytest.raises(OperatorError, match=said):
        make(idle, watches="configmaps", **declaration)(nothing)


def test_a_misspelt_name_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match=r'no fault is named \'watchlag\'; .*; did you mean "watch-lag"\?$'):
        fuzz(idle, watches="configmaps", kinds=["watchlag"])(nothing)


# How an exception of its code is reported.


def test_an_exception_of_the_code_is_reported_with_its_traceback_and_causes() -> None:
    async def breaks(_client: OperatorClient, key: str) -> None:
        if key == "default/shop":
            raise KeyError(key)

    test = fuzz(breaks, watches="configmaps", actions=[order], nodes=1, kinds=[], scenarios=20)(nothing)
    with pytest.raises(FuzzFailed, match="reconcile-does-not-raise: at default/shop: KeyError") as failed:
        test()
    assert isinstance(failed.value.__cause__, KeyError)
    causes = str(failed.value).partition("why:")[2]
    assert causes.lstrip().startswith("configmaps/default/shop created at")


def test_an_assertion_that_pytest_has_rewritten_is_reported_with_its_source_line() -> None:
    def rewritten(_: ClusterView) -> None:
        raise AssertionError("assert 1 == 2")

    def plain(_: ClusterView) -> None:
        raise AssertionError

    def worded(_: ClusterView) -> None:
        raise AssertionError("one is not two")

    view = cast("ClusterView", None)
    line = rewritten.__code__.co_firstlineno + 1
    assert [*objections(rewritten, view), *objections(plain, view), *objections(worded, view)] == [
        f'raise AssertionError("assert 1 == 2") ({__file__}:{line})\nassert 1 == 2',
        f"raise AssertionError ({__file__}:{line + 3})",
        "one is not two",
    ]

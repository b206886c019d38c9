"""A server that allows more or less than the roles do is found."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from unittest.mock import patch

import pytest

from kubeactors.api.rbac.v1 import PolicyRule
from kubeactors.apimachinery.requests import UserInfo
from kubeactors.apiserver.admission.role_escalation import RoleEscalation
from kubeactors.apiserver.authorization import Access
from kubeactors.apiserver.rbac import authorizer, policies, rules
from kubeactors.apiserver.rbac.authorizer import RbacAuthorizer
from kubeactors.apiserver.rbac.policies import Policies
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.grammar.source import Seeded
from kubeactors.sim.grammar.topics.rbac import Rbac
from kubeactors.sim.workload import (
    ActAs,
    AnyAction,
    CreateTenantObject,
    DelegateRole,
    Extent,
    GrantTenantRole,
    Person,
    RevokeTenantRole,
    Verb,
)

FIRST: tuple[AnyAction, ...] = (
    CreateTenantObject(at=0.0, sort="config-map", number=1),
    CreateTenantObject(at=0.0, sort="config-map", number=2),
    GrantTenantRole(at=5.0, number=1, verbs=("get", "patch"), thing="config-map"),
    GrantTenantRole(at=5.0, number=2, verbs=("create",), thing="role"),
)


def tries(at: float, verb: Verb, *, person: Person = "alice", number: int = 1, elsewhere: bool = False) -> ActAs:
    """A user tries something with a config map."""
    return ActAs(at=at, person=person, verb=verb, thing="config-map", number=number, elsewhere=elsewhere)


def ran(*steps: AnyAction) -> Simulation:
    """A run of these steps, after some roles were granted."""
    simulation = Simulation(Plan(seed=1, steps=(*FIRST, *steps)))
    simulation.run()
    return simulation


def deaf() -> AbstractContextManager[object]:
    """Roles and bindings are never updated."""
    return patch.object(Policies, "observe")


def clinging() -> AbstractContextManager[object]:
    """Deleted bindings stay in force."""
    return patch.object(Policies, "_remove_binding")


def remembering() -> AbstractContextManager[object]:
    """Decisions are cached forever."""

    def allows(self: RbacAuthorizer, access: Access) -> bool:
        return self._allowed(access, "") or (bool(access.namespace) and self._allowed(access, access.namespace))

    return patch.object(RbacAuthorizer, "allows", allows)


def nameless() -> AbstractContextManager[object]:
    """`resourceNames` are ignored."""
    genuine = rules.names_allowed

    def names_allowed(
        rule: PolicyRule, verb: str, group: str, resource: str, subresource: str
    ) -> tuple[str, ...] | None:
        return None if genuine(rule, verb, group, resource, subresource) is None else ()

    return patch.object(authorizer, "names_allowed", names_allowed)


def generous() -> AbstractContextManager[object]:
    """Privilege escalation is not prevented."""

    def admit(_self: RoleEscalation, value: object, _attributes: object) -> object:
        return value

    return patch.object(RoleEscalation, "admit", admit)


def lonely() -> AbstractContextManager[object]:
    """Groups are ignored."""
    genuine = policies._persons_of

    def persons_of(user: UserInfo) -> list[tuple[str, str]]:
        return genuine(user)[:1]

    return patch.object(policies, "_persons_of", persons_of)


MUTANTS: list[tuple[Callable[[], AbstractContextManager[object]], tuple[AnyAction, ...]]] = [
    (deaf, (tries(20.0, "get"),)),
    (clinging, (RevokeTenantRole(at=20.0, number=1, extent="role"), tries(35.0, "get"))),
    (
        remembering,
        (
            tries(20.0, "patch"),
            GrantTenantRole(at=25.0, number=1, verbs=("get",), thing="config-map"),
            tries(40.0, "patch"),
        ),
    ),
    (
        nameless,
        (
            GrantTenantRole(at=10.0, number=1, verbs=("get",), thing="config-map", which=2, extent="cluster-role"),
            GrantTenantRole(at=10.0, number=3, verbs=("delete",), thing="config-map", which=2, extent="cluster"),
            tries(30.0, "delete"),
        ),
    ),
    (generous, (DelegateRole(at=20.0, person="alice", to="bob", number=1, verbs=("delete",), thing="config-map"),)),
    (
        lonely,
        (
            GrantTenantRole(at=10.0, number=3, verbs=("list",), thing="config-map", to="team"),
            tries(30.0, "list", person="bob"),
        ),
    ),
]


@pytest.mark.parametrize(("mutant", "steps"), MUTANTS, ids=[mutant.__name__ for mutant, _ in MUTANTS])
def test_a_mistake_in_authorization_is_found(
    mutant: Callable[[], AbstractContextManager[object]], steps: tuple[AnyAction, ...]
) -> None:
    assert ran(*steps).judge.violations == []
    with mutant():
        assert "rbac-is-enforced" in {one.invariant for one in ran(*steps).judge.violations}


def test_some_delegations_that_the_grammar_draws_are_allowed() -> None:
    drawn = (tuple(Rbac(Seeded(seed)).first(0.0)) for seed in range(20))
    steps = next(steps for steps in drawn if any(isinstance(one, DelegateRole) for one in steps))
    outcome = Simulation(Plan(seed=1, steps=steps)).run()
    assert outcome.actions["delegate-role"] == 1
    assert "delegate-role" not in outcome.in_vain
    assert outcome.violations == ()


@pytest.mark.parametrize(("extent", "everywhere"), [("role", False), ("cluster-role", False), ("cluster", True)])
def test_correct_authorization_violates_nothing(extent: Extent, *, everywhere: bool) -> None:
    simulation = ran(
        GrantTenantRole(at=10.0, number=3, verbs=("create",), thing="config-map", extent=extent),
        tries(30.0, "create", number=7),
        tries(30.0, "create", number=8, elsewhere=True),
        tries(30.0, "create", number=9, person="bob"),
        DelegateRole(at=30.0, person="alice", to="bob", number=1, verbs=("create",), thing="config-map"),
        tries(45.0, "create", number=10, person="bob"),
    )
    assert simulation.judge.violations == []
    made = {
        one.metadata.name: one.metadata.namespace
        for _, one in simulation.world.everything()
        if one.metadata.name.startswith("config-map-")
    }
    expected = {"config-map-1": "tenant", "config-map-2": "tenant", "config-map-7": "tenant"}
    expected |= {"config-map-10": "tenant"} | ({"config-map-8": "default"} if everywhere else {})
    assert made == expected

"""Mistakes in the enforcement of admission policies and webhooks are found, whatever part is forgotten."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from unittest.mock import patch

import pytest

from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apiserver.admission.plugin import Attributes
from kubeactors.apiserver.admission.policies import matching, validating
from kubeactors.apiserver.admission.policies.mutating import MutatingPolicies
from kubeactors.apiserver.admission.policies.policy_index import PolicyIndex
from kubeactors.apiserver.admission.policies.validating import ValidatingPolicies
from kubeactors.apiserver.admission.webhooks import invocation
from kubeactors.apiserver.admission.webhooks.invocation import Invocation
from kubeactors.apiserver.admission.webhooks.review import AdmissionResponse, read_response
from kubeactors.apiserver.admission.webhooks.webhooks import Admit, Webhooks
from kubeactors.apiserver.registry.registry import Registry
from kubeactors.sim import Plan, Simulation
from kubeactors.sim.workload import (
    Answer,
    AnyAction,
    CreateTenantObject,
    DeleteTenantObject,
    Form,
    LabelTenantObject,
    Means,
    Operation,
    Place,
    SetAdmissionRule,
)

CHANGES: tuple[Operation, ...] = ("CREATE", "UPDATE")
WRITES: tuple[AnyAction, ...] = (
    CreateTenantObject(at=0.0, sort="config-map", number=1),
    LabelTenantObject(at=15.0, sort="config-map", number=1, how="merge", mark="a"),
    LabelTenantObject(at=16.0, sort="config-map", number=1, how="try", mark="b"),
    LabelTenantObject(at=45.0, sort="config-map", number=1, how="apply", mark="c"),
    CreateTenantObject(at=45.0, sort="config-map", number=2),
    DeleteTenantObject(at=46.0, sort="config-map", number=2),
    LabelTenantObject(at=75.0, sort="config-map", number=1, how="update", mark="d"),
)
"""Writes at times when the server must know which version of a rule is in force."""


def rule(
    form: Form,
    by: Means = "all",
    operations: tuple[Operation, ...] = ("*",),
    place: Place = "tenant",
    *,
    soft: bool = False,
    errs: bool = False,
    in_binding: bool = False,
    answer: Answer = "nobody",
    takes_seconds: float = 0.0,
) -> SetAdmissionRule:
    """A rule that exists for a minute."""
    return SetAdmissionRule(
        at=5.0,
        form=form,
        number=1,
        seconds=60.0,
        sort="config-map",
        operations=operations,
        place=place,
        by=by,
        soft=soft,
        errs=errs,
        in_binding=in_binding,
        answer=answer,
        takes_seconds=takes_seconds,
    )


def ran(found: SetAdmissionRule) -> Simulation:
    """A run of the rule, and of writes that it may match."""
    simulation = Simulation(Plan(seed=1, steps=(found, *WRITES)))
    simulation.run()
    return simulation


def stale() -> AbstractContextManager[object]:
    """Changes of rules are ignored."""

    def observe(_self: PolicyIndex, _kind: object, _change: object) -> None:
        return

    return patch.object(PolicyIndex, "observe", observe)


def lenient() -> AbstractContextManager[object]:
    """No policy denies anything."""
    return patch.object(ValidatingPolicies, "validate")


def unchanging() -> AbstractContextManager[object]:
    """No policy mutates anything."""

    def admit(_self: MutatingPolicies, value: object, _attributes: object) -> object:
        return value

    return patch.object(MutatingPolicies, "admit", admit)


def unasked() -> AbstractContextManager[object]:
    """No webhook is called."""
    return patch.object(Webhooks, "concern", return_value=False)


def unselective() -> AbstractContextManager[object]:
    """Selectors match everything."""
    return patch.object(matching, "_matches_labels", return_value=True)


def unconditional() -> AbstractContextManager[object]:
    """Match conditions are always true."""
    return patch.object(validating, "conditions_hold", return_value=True)


def forgiving() -> AbstractContextManager[object]:
    """A failing expression is no violation."""
    return patch.object(validating, "_unless_ignored", return_value=())


def nameless() -> AbstractContextManager[object]:
    """`resourceNames` are ignored."""

    return patch.object(matching, "_named", matching.meant)


def strict() -> AbstractContextManager[object]:
    """`failurePolicy: Ignore` is ignored."""
    return patch.object(invocation, "IGNORE", "Never")


def deaf() -> AbstractContextManager[object]:
    """Every answer of a webhook counts as allowed."""
    return patch.object(invocation, "read_response", return_value=AdmissionResponse(allowed=True))


def unpatched() -> AbstractContextManager[object]:
    """Patches of webhooks are dropped."""

    async def mutate(_self: Webhooks, value: TypedObject, attributes: Attributes, admit: Admit) -> TypedObject:
        return admit(value, attributes)

    return patch.object(Webhooks, "mutate", mutate)


def impatient() -> AbstractContextManager[object]:
    """Every call of a webhook times out."""

    async def response(_self: Invocation) -> AdmissionResponse:
        raise invocation._CallFailed("no time")

    return patch.object(Invocation, "_response", response)


def trusting() -> AbstractContextManager[object]:
    """Answers are compared with a wrong uid, so that calls fail."""

    def read(body: bytes, _uid: str, *, may_patch: bool) -> AdmissionResponse:
        return read_response(body, "another", may_patch=may_patch)

    return patch.object(invocation, "read_response", read)


def behind() -> AbstractContextManager[object]:
    """Webhooks receive the old object as the new one."""
    ask = Webhooks.validate

    async def validate(self: Webhooks, _value: TypedObject | None, attributes: Attributes) -> None:
        await ask(self, attributes.old, attributes)

    return patch.object(Webhooks, "validate", validate)


def heedless() -> AbstractContextManager[object]:
    """Webhooks are not called for deletions."""

    async def ask(_self: Registry, _current: object, _attributes: object) -> None:
        return

    return patch.object(Registry, "_ask_before_deletion", ask)


MUTANTS: list[tuple[Callable[[], AbstractContextManager[object]], SetAdmissionRule]] = [
    (stale, rule("validating")),
    (stale, rule("validating", by="parameter")),
    (stale, rule("mutating", by="name", operations=CHANGES)),
    (stale, rule("validating-webhook")),
    (lenient, rule("validating", by="exclusion", in_binding=True)),
    (unchanging, rule("mutating", by="label", operations=CHANGES, in_binding=True)),
    (unasked, rule("mutating-webhook", by="condition")),
    (unselective, rule("validating", place="elsewhere")),
    (unselective, rule("validating", by="label")),
    (unconditional, rule("validating", by="condition")),
    (forgiving, rule("validating", by="name", errs=True)),
    (nameless, rule("validating", by="name")),
    (nameless, rule("validating", by="exclusion")),
    (strict, rule("validating-webhook", soft=True)),
    (heedless, rule("validating-webhook", answer="allow", operations=("DELETE",))),
    (behind, rule("validating-webhook", answer="allow", operations=("UPDATE",))),
    (deaf, rule("validating-webhook", answer="refuse", soft=True)),
    (deaf, rule("mutating-webhook", answer="refuse", by="label")),
    (unpatched, rule("mutating-webhook", answer="mark", by="label", operations=CHANGES)),
    (impatient, rule("validating-webhook", answer="allow")),
    (impatient, rule("mutating-webhook", answer="allow", takes_seconds=0.5)),
    (trusting, rule("validating-webhook", answer="nonsense", by="condition")),
    (strict, rule("validating-webhook", answer="error", soft=True)),
    (strict, rule("validating-webhook", answer="allow", takes_seconds=5.0, soft=True)),
]


@pytest.mark.parametrize(
    ("mutant", "found"), MUTANTS, ids=[f"{mutant.__name__}-{one.form}-{one.by}-{one.answer}" for mutant, one in MUTANTS]
)
def test_a_rule_that_is_not_enforced_is_found(
    mutant: Callable[[], AbstractContextManager[object]], found: SetAdmissionRule
) -> None:
    assert ran(found).judge.violations == []
    with mutant():
        assert "admission-policies-are-enforced" in {one.invariant for one in ran(found).judge.violations}


def test_what_webhooks_allow_is_written_with_their_mutations() -> None:
    marks = rule("mutating-webhook", answer="mark", operations=CHANGES, by="label")
    (found,) = [one for one in ran(marks).world.of(ConfigMap).values() if one.metadata.name == "config-map-1"]
    assert found.data["marked-1"] == "yes"


@pytest.mark.parametrize("errs", [False, True])
@pytest.mark.parametrize("form", ["validating", "mutating", "validating-webhook", "mutating-webhook"])
def test_what_a_rule_denies_is_written_once_it_is_deleted(form: Form, *, errs: bool) -> None:
    world = ran(rule(form, by="label", operations=CHANGES, errs=errs)).world
    assert not [one for type_ in world.log for one in world.of(type_).values() if "rule-1" in one.metadata.name]
    (found,) = [one for _, one in world.everything() if one.metadata.name == "config-map-1"]
    assert found.metadata.labels["mark"] == "d"

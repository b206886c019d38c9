"""Replays that were written before something was renamed still mean the same."""

from typing import get_args

import pytest

from kubeactors.sim.campaigns.campaign import known_invariants
from kubeactors.sim.chaos.faults import AnyFault
from kubeactors.sim.former_names import FORMER_ACTIONS, FORMER_FAULTS, FORMER_INVARIANTS
from kubeactors.sim.invariants import NAMES, RAISES
from kubeactors.sim.plan import ACTION_KINDS, FAULT_KINDS, Plan, decode, encode
from kubeactors.sim.steps import kind_of
from kubeactors.sim.workload import DeleteManagedObject

REQUIRED: dict[str, object] = {"at": 1.0, "seconds": 2.0, "component": "scheduler", "node": "node-1", "how": "crash",
    "resource": "pods", "number": 0, "field": "labels-lost", "after": 0.5}  # fmt: skip
"""Values for the fields without defaults, of whichever kind has them."""


def a_fault(kind: str) -> AnyFault:
    type_ = next(one for one in get_args(AnyFault) if one.__struct_config__.tag == kind)
    made: AnyFault = type_(**{name: value for name, value in REQUIRED.items() if name in type_.__struct_fields__})
    return made


@pytest.mark.parametrize(("former", "current"), FORMER_FAULTS.items(), ids=FORMER_FAULTS)
def test_a_former_name_of_a_fault_in_a_replay_means_the_present_one(former: str, current: str) -> None:
    plan = Plan(seed=7, steps=(a_fault(current),))
    text = encode(plan, "surge", happened=(current, "scale"))
    replay = decode(text.replace(f'"{current}"', f'"{former}"'))
    assert replay == decode(text)
    assert (replay.plan, replay.happened) == (plan, (current, "scale"))


def test_former_names_of_faults_are_unused_and_mean_existing_ones() -> None:
    assert [one for one in FORMER_FAULTS.values() if one not in FAULT_KINDS] == []
    assert [one for one in FORMER_FAULTS if one in FAULT_KINDS] == []
    assert all(kind_of(a_fault(one)) == one for one in FORMER_FAULTS.values())


def test_a_former_name_of_an_action_in_a_replay_means_the_present_one() -> None:
    plan = Plan(seed=7, steps=(DeleteManagedObject(at=1.0, of="ConfigMap", name="managed"),))
    text = encode(plan, "surge", happened=("delete-managed-object",))
    assert decode(text.replace("delete-managed-object", "unmanage")) == decode(text)


def test_what_an_operator_calls_its_actions_is_left_alone() -> None:
    """An action of its author may have a name that one of ours had once."""
    assert decode(encode(Plan(seed=7), operator="shop:checks", happened=("claim",))).happened == ("claim",)


def test_former_names_of_actions_are_unused_and_mean_existing_ones() -> None:
    assert [one for one in FORMER_ACTIONS.values() if one not in ACTION_KINDS] == []
    assert [one for one in FORMER_ACTIONS if one in (*ACTION_KINDS, *FAULT_KINDS)] == []


@pytest.mark.parametrize(("former", "current"), FORMER_INVARIANTS.items(), ids=FORMER_INVARIANTS)
def test_a_former_name_of_an_invariant_in_a_replay_means_the_present_one(former: str, current: str) -> None:
    assert decode(encode(Plan(seed=7), former)) == decode(encode(Plan(seed=7), current))


def test_former_names_of_invariants_are_unused_and_mean_existing_ones() -> None:
    known = (*NAMES, RAISES)
    assert [one for one in FORMER_INVARIANTS.values() if one not in known] == []
    assert [one for one in FORMER_INVARIANTS if one in known] == []


def test_an_invariant_can_be_selected_by_its_former_name() -> None:
    assert known_invariants(["one-leader"]) == known_invariants(["at-most-one-leader"])

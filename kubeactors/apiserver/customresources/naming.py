"""Accepts the names of definitions: those that no other definition of the group has.

Source: apiextensions-apiserver/pkg/controller/status/naming_controller.go, controller/establish (v1.36).
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    ESTABLISHED,
    NAMES_ACCEPTED,
    CustomResourceDefinition,
    CustomResourceDefinitionCondition,
    CustomResourceDefinitionNames,
    CustomResourceDefinitionStatus,
    condition_of,
)
from kubeactors.apimachinery.field import quoted


class _Conflict(msgspec.Struct, frozen=True):
    reason: str = ""
    message: str = ""


def named(
    crd: CustomResourceDefinition, others: Iterable[CustomResourceDefinition], now: str
) -> CustomResourceDefinitionStatus:
    """The status of a definition among others of its group, at a time; the same object if nothing changes."""
    accepted, conflict = _accepted(crd, [one.status.accepted_names for one in others])
    if conflict.reason:
        names = _condition(NAMES_ACCEPTED, "False", conflict.reason, conflict.message)
        serving = _condition(ESTABLISHED, "False", "NotAccepted", "not all names are accepted")
    else:
        names = _condition(NAMES_ACCEPTED, "True", "NoConflicts", "no conflicts found")
        said = "the initial names have been accepted"
        serving = _condition(ESTABLISHED, "True", "InitialNamesAccepted", said)
    before = condition_of(crd, ESTABLISHED)
    if before is not None and before.status == "True":
        serving = before
    status = with_condition(with_condition(crd.status, names, now), serving, now)
    return status if accepted == status.accepted_names else replace(status, accepted_names=accepted)


def with_condition(
    status: CustomResourceDefinitionStatus, condition: CustomResourceDefinitionCondition, now: str
) -> CustomResourceDefinitionStatus:
    """The status with a condition; its transition time changes with its status only."""
    conditions = status.conditions or ()
    old = next((one for one in conditions if one.type == condition.type), None)
    changed = old is None or old.status != condition.status
    stamped = replace(condition, last_transition_time=now if changed or old is None else old.last_transition_time)
    if stamped == old:
        return status
    if old is None:
        return replace(status, conditions=(*conditions, stamped))
    return replace(status, conditions=tuple(stamped if one is old else one for one in conditions))


def _condition(type_: str, status: str, reason: str, message: str) -> CustomResourceDefinitionCondition:
    return CustomResourceDefinitionCondition(type=type_, status=status, reason=reason, message=message)


def _accepted(
    crd: CustomResourceDefinition, others: list[CustomResourceDefinitionNames]
) -> tuple[CustomResourceDefinitionNames, _Conflict]:
    """The names that are not in use, and the last conflict."""
    wanted, accepted = crd.spec.names, crd.status.accepted_names
    resources = [name for one in others for name in (one.plural, one.singular, *one.short_names)]
    kinds = [name for one in others for name in (one.kind, one.list_kind)]
    conflict = _Conflict()
    given = accepted
    for field, taken, reason in (
        ("plural", resources, "PluralConflict"),
        ("singular", resources, "SingularConflict"),
        ("short_names", resources, "ShortNamesConflict"),
        ("kind", kinds, "KindConflict"),
        ("list_kind", kinds, "ListKindConflict"),
    ):
        new, old = getattr(wanted, field), getattr(accepted, field)
        problem = _in_use(new, old, taken)
        if problem:
            conflict = _Conflict(reason, problem)
        else:
            given = replace(given, **{field: new})
    return replace(given, categories=wanted.categories), conflict


def _in_use(new: str | tuple[str, ...], old: str | tuple[str, ...], taken: list[str]) -> str:
    if new == old:
        return ""
    fresh = [new] if isinstance(new, str) else [name for name in new if name not in old]
    problems = [f"{quoted(name)} is already in use" for name in fresh if name in taken]
    return problems[0] if len(problems) < 2 and problems else f"[{', '.join(problems)}]" if problems else ""

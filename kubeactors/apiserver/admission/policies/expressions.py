"""The variables of CEL expressions in policies and webhooks, and their evaluation.

Source: apiserver/pkg/admission/plugin/cel/{condition,mutation,composition}.go, plugin/webhook/matchconditions (v1.36).
"""

from collections.abc import Iterable, Mapping

import msgspec

from kubeactors.api.admissionregistration.v1.matching import MatchCondition, Variable
from kubeactors.apimachinery.cel import CelError, compile_program
from kubeactors.apimachinery.cel.budget import Budget, OutOfBudget
from kubeactors.apimachinery.cel.library.authorizer import Answer, Question, Verdict, asking
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import UserInfo
from kubeactors.apimachinery.serializer import to_builtins
from kubeactors.apiserver.admission.plugin import Attributes, Lookup
from kubeactors.apiserver.authorization import Access, Authorizer
from kubeactors.apiserver.objects import NAMESPACES

VARIABLES = "variables"

Values = Mapping[str, object]


class Failed(Exception):
    """An expression could not be evaluated."""


class Scope:
    """The variables of an expression. Composite variables are evaluated on first use."""

    def __init__(self, values: Values, variables: Iterable[Variable] = ()) -> None:
        self._names = tuple(values)
        self._values = values
        self._variables = tuple(variables)
        self._known: dict[str, object] = {}
        self._failed: dict[str, str] = {}
        self._budget = Budget()

    def evaluate(self, text: str) -> object:
        """The result of an expression, as plain values.

        Raises:
            Failed: the evaluation has failed.
        """
        text = text.strip()
        self._settle(text)
        for name, why in self._failed.items():
            if f"{VARIABLES}.{name}" in text:
                raise Failed(f'expression {_quoted(text)} resulted in error: composited variable "{name}" {why}')
        try:
            program = compile_program(text, self._names)
            values = {**self._values, VARIABLES: self._known}
            self._budget.charge(program, values)
            return program.evaluate(values)
        except OutOfBudget as error:
            raise Failed(str(error)) from error
        except CelError as error:
            raise Failed(f"expression {_quoted(text)} resulted in error: {error}") from error

    def _settle(self, text: str) -> None:
        """Evaluate the composite variables, on first use of any. Each may use those before it."""
        if VARIABLES not in text:
            return
        pending, self._variables = self._variables, ()
        for one in pending:
            try:
                self._known[one.name] = self.evaluate(one.expression)
            except Failed as failure:
                self._failed[one.name] = f"fails to evaluate: {failure}"


def values_of(value: TypedObject | None, attributes: Attributes, lookup: Lookup) -> dict[str, object]:
    """The variables of a request: `object`, `oldObject`, `request`, `namespaceObject`."""
    namespace = lookup.get(NAMESPACES, "", attributes.namespace) if attributes.kind.namespaced else None
    return {
        "object": _plain(value),
        "oldObject": _plain(attributes.old if attributes.operation != "CREATE" else None),
        "request": request_of(value, attributes),
        "namespaceObject": _plain(namespace),
        "authorizer": _authorizer(attributes),
        VARIABLES: {},
    }


def request_of(value: TypedObject | None, attributes: Attributes) -> dict[str, object]:
    """The variable `request`: AdmissionRequest without its objects.

    Source: api/admission/v1/types.go (v1.36).
    """
    kind, found = attributes.kind, value if value is not None else attributes.old
    group_kind = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    resource = {"group": kind.group, "version": kind.version, "resource": kind.resource}
    name = attributes.name or (found.metadata.name if found is not None else "")
    requested = attributes.requested or kind
    made: dict[str, object] = {
        "uid": found.metadata.uid if found is not None else "",
        "kind": group_kind,
        "resource": resource,
        "requestKind": {"group": requested.group, "version": requested.version, "kind": requested.kind},
        "requestResource": {"group": requested.group, "version": requested.version, "resource": requested.resource},
        "operation": attributes.operation,
        "userInfo": _user(attributes.user),
        "dryRun": attributes.dry_run,
    }
    if attributes.subresource:
        made["subResource"] = made["requestSubResource"] = attributes.subresource
    if name:
        made["name"] = name
    if attributes.namespace:
        made["namespace"] = attributes.namespace
    return made


def answers_of(authorizer: Authorizer, user: UserInfo) -> Answer:
    """Answers authorization checks in expressions, about the user or a service account."""

    def answer(question: Question) -> Verdict:
        access = Access(
            user=_account(question.account) if question.account else user,
            verb=question.verb,
            group=question.group,
            resource=question.resource,
            subresource=question.subresource,
            namespace=question.namespace,
            name=question.name,
            path=question.path,
            field_selector=question.field_selector,
        )
        decision = authorizer.decide(access)
        return Verdict(decision.allowed, decision.reason)

    return answer


def _account(text: str) -> UserInfo:
    namespace = text.partition(":")[0]
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return UserInfo(name=f"system:serviceaccount:{text}", groups=groups)


def _authorizer(attributes: Attributes) -> dict[str, object]:
    """The variable `authorizer`, with the attributes of the request."""
    parts = {
        "group": attributes.kind.group,
        "resource": attributes.kind.resource,
        "subresource": attributes.subresource,
        "namespace": attributes.namespace,
        "name": attributes.name,
    }
    return asking(**{name: value for name, value in parts.items() if value})


def conditions_hold(conditions: Iterable[MatchCondition], scope: Scope) -> bool:
    """Whether all conditions hold. A false one decides, even if others cannot be evaluated.

    Raises:
        Failed: none is false, and one could not be evaluated.
    """
    failures: list[str] = []
    for one in conditions:
        try:
            if scope.evaluate(one.expression) is not True:
                return False
        except Failed as failure:
            failures.append(str(failure))
    if failures:
        raise Failed(failures[0] if len(failures) == 1 else f"[{', '.join(failures)}]")
    return True


def _plain(value: TypedObject | None) -> object:
    return None if value is None else to_builtins(value)


def _user(user: UserInfo) -> dict[str, object]:
    made: dict[str, object] = {"username": user.name, "groups": list(user.groups)}
    if user.uid:
        made["uid"] = user.uid
    if user.extra:
        made["extra"] = msgspec.to_builtins(user.extra)
    return made


def _quoted(text: str) -> str:
    return f"'{text}'"

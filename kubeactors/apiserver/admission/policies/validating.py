"""ValidatingAdmissionPolicy: rejects, or warns about, requests that violate the CEL rules of users.

Source: apiserver/pkg/admission/plugin/policy/validating/{dispatcher,validator}.go (v1.36).
"""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from kubeactors.api.admissionregistration.v1.policy_validation import DENY, WARN
from kubeactors.api.admissionregistration.v1.validating import (
    ValidatingAdmissionPolicySpec,
    Validation,
)
from kubeactors.apimachinery.cel.library.authorizer import answering
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.serializer import to_builtins
from kubeactors.apimachinery.status import StatusCause, StatusDetails, StatusError
from kubeactors.apiserver.admission.plugin import Attributes, Lookup, Plugin, refused
from kubeactors.apiserver.admission.policies.expressions import Failed, Scope, answers_of, conditions_hold, values_of
from kubeactors.apiserver.admission.policies.matching import matches, seen_in
from kubeactors.apiserver.admission.policies.parameters import NoParameters, parameters_of
from kubeactors.apiserver.admission.policies.policy_index import GROUP, PolicyIndex, Validating
from kubeactors.apiserver.authorization import Authorizer

FAIL = "Fail"
_CODES = {"Forbidden": 403, "Unauthorized": 401, "RequestEntityTooLarge": 413, "Invalid": 422}
_MOST_OF_A_MESSAGE = 5 * 1024


class Violation(msgspec.Struct, frozen=True):
    """The message of a violation, and the reason of its error."""

    message: str
    reason: str = "Invalid"


class ValidatingPolicies(Plugin):
    """Applies the validating policies in force to every write."""

    def __init__(self, index: PolicyIndex, lookup: Lookup, authorizer: Authorizer) -> None:
        self._index = index
        self._lookup = lookup
        self._authorizer = authorizer

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Everything except policies and webhook configurations, with which users could lock themselves out."""
        del subresource, operation
        return kind.group != GROUP

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Check the object as it will be stored.

        Raises:
            StatusError: a policy is violated whose binding denies; the policy sets the reason.
        """
        in_force = self._index.validating
        if not in_force:
            return
        with answering(answers_of(self._authorizer, attributes.user)):
            for one in in_force:
                self._look(one, value, attributes)

    def _look(self, one: Validating, value: TypedObject | None, attributes: Attributes) -> None:
        constraints, narrowed, scheme = (
            one.policy.spec.match_constraints,
            one.binding.spec.match_resources,
            self._index.scheme,
        )
        kind = None if constraints is None else matches(constraints, value, attributes, self._lookup, scheme)
        if kind is None or (narrowed is not None and not matches(narrowed, value, attributes, self._lookup, scheme)):
            return
        seen, as_seen = seen_in(kind, value, attributes, scheme)
        for violation in self._violations(one, seen, as_seen):
            _act(one, violation, value, attributes)

    def _violations(self, one: Validating, value: TypedObject | None, attributes: Attributes) -> Iterator[Violation]:
        spec = one.policy.spec
        try:
            found = parameters_of(
                spec.param_kind, one.binding.spec.param_ref, attributes, self._index.scheme, self._lookup
            )
        except NoParameters as error:
            yield from _unless_ignored(spec, f"failed to configure binding: {error}")
            return
        values = values_of(value, attributes, self._lookup)
        for parameters in found:
            if spec.param_kind is not None:
                values = {**values, "params": None if parameters is None else to_builtins(parameters)}
            yield from violations(spec, values)


def violations(spec: ValidatingAdmissionPolicySpec, values: dict[str, object]) -> Iterator[Violation]:
    """The violations of a policy by a request, given the variables."""
    scope = Scope(values, spec.variables)
    try:
        if not conditions_hold(spec.match_conditions, scope):
            return
    except Failed as failure:
        yield from _unless_ignored(spec, str(failure))
        return
    for one in spec.validations:
        try:
            holds = scope.evaluate(one.expression) is True
        except Failed as failure:
            yield from _unless_ignored(spec, str(failure))
            continue
        if not holds:
            yield Violation(_message(one, scope), one.reason or "Invalid")


def _unless_ignored(spec: ValidatingAdmissionPolicySpec, why: str) -> Iterator[Violation]:
    if spec.failure_policy in (None, FAIL):
        yield Violation(why)


def _message(one: Validation, scope: Scope) -> str:
    """The result of the message expression, if it has one; else the static message."""
    if one.message_expression:
        try:
            made = scope.evaluate(one.message_expression)
        except Failed:
            made = None
        if isinstance(made, str) and made.strip() and "\n" not in made and len(made) <= _MOST_OF_A_MESSAGE:
            return made.strip()
    return one.message.strip() or f"failed expression: {one.expression.strip()}"


def _act(one: Validating, violation: Violation, value: TypedObject | None, attributes: Attributes) -> None:
    """Take the actions of the binding, except Audit: what admission finds does not reach the audit log."""
    names = f"ValidatingAdmissionPolicy '{one.policy.metadata.name}' with binding '{one.binding.metadata.name}'"
    actions = one.binding.spec.validation_actions
    if WARN in actions:
        attributes.warnings.append(f"Validation failed for {names}: {violation.message}")
    if DENY in actions:
        raise _denied(f"{names} denied request: {violation.message}", violation.reason, value, attributes)


def _denied(said: str, reason: str, value: TypedObject | None, attributes: Attributes) -> StatusError:
    status = refused(value, attributes, said).status
    details = replace(status.details or StatusDetails(), causes=(StatusCause(message=said),))
    return StatusError.of(replace(status, reason=reason, code=_CODES.get(reason, 403), details=details))

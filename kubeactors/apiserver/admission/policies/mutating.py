"""MutatingAdmissionPolicy: changes objects by CEL expressions of users.

Source: apiserver/pkg/admission/plugin/policy/mutating/{dispatcher,compilation}.go, patch/{smd,json_patch}.go (v1.36).
"""

from collections.abc import Callable
from typing import cast

import msgspec

from kubeactors.api.admissionregistration.v1.mutating import MutatingAdmissionPolicySpec, Mutation
from kubeactors.api.admissionregistration.v1.policy_validation import JSON_PATCH
from kubeactors.apimachinery.cel.library.authorizer import answering
from kubeactors.apimachinery.managedfields.merge import merge
from kubeactors.apimachinery.managedfields.schema import schema_of
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.patches.errors import PatchError
from kubeactors.apimachinery.patches.jsonpatches import Operation
from kubeactors.apimachinery.patches.jsonpatches import apply as apply_json_patch
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.serializer import DecodeError, from_builtins, to_builtins
from kubeactors.apiserver.admission.plugin import DELETE, Attributes, Lookup, Plugin, refused
from kubeactors.apiserver.admission.policies.expressions import Failed, Scope, answers_of, conditions_hold, values_of
from kubeactors.apiserver.admission.policies.literals import as_maps
from kubeactors.apiserver.admission.policies.matching import matches, seen_in
from kubeactors.apiserver.admission.policies.parameters import NoParameters, parameters_of
from kubeactors.apiserver.admission.policies.policy_index import GROUP, Mutating, PolicyIndex
from kubeactors.apiserver.admission.reinvocation import IF_NEEDED
from kubeactors.apiserver.authorization import Authorizer

PLUGIN = "MutatingAdmissionPolicy"
FAIL = "Fail"


class MutatingPolicies(Plugin):
    """Applies the mutating policies in force to every write."""

    def __init__(self, index: PolicyIndex, lookup: Lookup, authorizer: Authorizer) -> None:
        self._index = index
        self._lookup = lookup
        self._authorizer = authorizer

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """Creations and updates, except of policies and webhook configurations."""
        del subresource
        return kind.group != GROUP and operation != DELETE

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The object after all mutations. Policies with reinvocation see later changes, too.

        Raises:
            Forbidden: a mutation has failed, and its policy has the failure policy Fail.
        """
        in_force = self._index.mutating
        if not in_force:
            return value
        with answering(answers_of(self._authorizer, attributes.user)):
            return self._changed_by_all(in_force, value, attributes)

    def _changed_by_all(
        self, in_force: tuple[Mutating, ...], value: TypedObject, attributes: Attributes
    ) -> TypedObject:
        turns = attributes.reinvocation.turns_of(PLUGIN)
        turns.resume(value)
        for one in filter(lambda one: turns.has(one.name), in_force):
            before, value = value, self._changed(one, value, attributes)
            turns.taken(one.name, changes=value != before, again=one.policy.spec.reinvocation_policy == IF_NEEDED)
        turns.leave(value)
        return value

    def _changed(self, one: Mutating, value: TypedObject, attributes: Attributes) -> TypedObject:
        spec, narrowed, scheme = one.policy.spec, one.binding.spec.match_resources, self._index.scheme
        if spec.match_constraints is None:
            return value
        kind = matches(spec.match_constraints, value, attributes, self._lookup, scheme)
        if kind is None or (narrowed is not None and not matches(narrowed, value, attributes, self._lookup, scheme)):
            return value
        seen, as_seen = seen_in(kind, value, attributes, scheme)
        assert seen is not None, "there is an object before, so there is one after"
        made = self._mutated_by(one, seen, as_seen)
        return value if made is seen else kind.to_stored(made)

    def _mutated_by(self, one: Mutating, value: TypedObject, attributes: Attributes) -> TypedObject:
        spec = one.policy.spec
        try:
            for parameters in parameters_of(
                spec.param_kind, one.binding.spec.param_ref, attributes, self._index.scheme, self._lookup
            ):
                value = self._mutated(spec, value, attributes, parameters)
        except (Failed, NoParameters) as failure:
            if spec.failure_policy in (None, FAIL):
                names = f"MutatingAdmissionPolicy '{one.policy.metadata.name}' with binding "
                said = f"{names}'{one.binding.metadata.name}' denied request: {failure}"
                raise refused(value, attributes, said) from failure
        return value

    def _mutated(
        self,
        spec: MutatingAdmissionPolicySpec,
        value: TypedObject,
        attributes: Attributes,
        parameters: TypedObject | None,
    ) -> TypedObject:
        """The object after the mutations of a policy, each of which sees those before it.

        Raises:
            Failed: a mutation has failed.
        """

        def scope_of(value: TypedObject) -> Scope:
            values = values_of(value, attributes, self._lookup)
            if spec.param_kind is not None:
                values["params"] = None if parameters is None else to_builtins(parameters)
            return Scope(values, spec.variables)

        if not conditions_hold(spec.match_conditions, scope_of(value)):
            return value
        for mutation in spec.mutations:
            value = _typed(_document(mutation, value, scope_of, attributes), value, attributes)
        return value


def _document(
    mutation: Mutation, value: TypedObject, scope_of: Callable[[TypedObject], Scope], attributes: Attributes
) -> object:
    """The changed object as dicts and lists."""
    scope, document = scope_of(value), to_builtins(value)
    if mutation.patch_type == JSON_PATCH:
        assert mutation.json_patch is not None, "validation asks for it"
        operations = _in_order(scope.evaluate(as_maps(mutation.json_patch.expression)))
        try:
            return apply_json_patch(document, cast("list[Operation]", operations))
        except PatchError as error:
            raise Failed(f"JSON Patch: {error}") from error
    assert mutation.apply_configuration is not None, "validation asks for it"
    configuration = scope.evaluate(as_maps(mutation.apply_configuration.expression))
    kind = attributes.kind
    return merge(document, _in_order(configuration), kind.ownership or schema_of(kind.type))


def _typed(document: object, value: TypedObject, attributes: Attributes) -> TypedObject:
    """The object, defaulted again.

    Raises:
        Failed: the document does not match its kind.
    """
    try:
        return attributes.kind.default(from_builtins(document, type(value), careful=True).object)
    except (DecodeError, msgspec.ValidationError) as error:
        raise Failed(f"the changed {attributes.kind.kind} cannot be read: {error}") from error


def _in_order(value: object) -> object:
    """Maps are unordered in CEL; sorted keys make runs reproducible."""
    if isinstance(value, dict):
        found = cast("dict[str, object]", value)
        return {name: _in_order(found[name]) for name in sorted(found)}
    if isinstance(value, list):
        return [_in_order(one) for one in cast("list[object]", value)]
    return value

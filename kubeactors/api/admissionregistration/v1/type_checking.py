"""What does not fit the types of the objects that a policy looks at: fields that they do not have.

The original compiles expressions with the types of the objects. The library knows no types of records, so that only
fields are looked for, from `object` and `oldObject` on; values of other types than an operator takes are not found.

Source: apiserver/pkg/admission/plugin/policy/validating/typechecking.go (v1.36).
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from kubeactors.api.admissionregistration.v1.matching import NamedRuleWithOperations
from kubeactors.api.admissionregistration.v1.validating import ExpressionWarning, ValidatingAdmissionPolicySpec
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind, Scheme
from kubeactors.apimachinery.structural.node import Raw, Structural
from kubeactors.apimachinery.structural.selfcheck import unknown_field

OBJECTS = ("object", "oldObject")
_MOST_TYPES = 10
_ANY: Raw = {"x-kubernetes-preserve-unknown-fields": True}


def type_warnings(spec: ValidatingAdmissionPolicySpec, scheme: Scheme) -> Iterator[ExpressionWarning]:
    """The type errors of each expression, for each kind in the rules."""
    kinds = kinds_to_check(spec.match_constraints.resource_rules if spec.match_constraints else (), scheme)
    for i, one in enumerate(spec.validations):
        for field, text in (("expression", one.expression), ("messageExpression", one.message_expression)):
            if said := "\n".join(_said(text, kind) for kind in kinds if _unknown(text, kind)):
                yield ExpressionWarning(field_ref=f"spec.validations[{i}].{field}", warning=said)


def kinds_to_check(rules: Iterable[NamedRuleWithOperations], scheme: Scheme) -> tuple[Kind[TypedObject], ...]:
    """The kinds in rules without wildcards, by group, version and kind; at most ten per rule."""
    found: dict[GroupVersionResource, Kind[TypedObject]] = {}
    for rule in rules:
        found |= {kind.gvr: kind for kind in [*_named(rule, scheme)][:_MOST_TYPES]}
    return tuple(sorted(found.values(), key=lambda kind: (kind.group, kind.version, kind.kind)))


def _named(rule: NamedRuleWithOperations, scheme: Scheme) -> Iterator[Kind[TypedObject]]:
    if "*" in "".join((*rule.api_groups, *rule.api_versions)):
        return
    for group in sorted(rule.api_groups):
        for version in sorted(rule.api_versions):
            for resource in sorted(rule.resources):
                kind = scheme.by_resource(GroupVersionResource(group, version, resource))
                if kind is not None:
                    yield kind


def _said(text: str, kind: Kind[TypedObject]) -> str:
    return f"{kind.group}/{kind.version}, Kind={kind.kind}: {_unknown(text, kind)}\n"


def _unknown(text: str, kind: Kind[TypedObject]) -> str:
    if kind.definition is not None:
        return unknown_field(text, Structural(kind.definition), root=True, names=OBJECTS)
    return unknown_field(text, _schema_of(kind.type), root=False, names=OBJECTS)


@lru_cache(maxsize=16)
def _schema_of(type_: type[TypedObject]) -> Structural:
    """A Struct as a schema; a recursive part is an arbitrary object."""
    return Structural(_schema(msgspec.inspect.type_info(type_), ()))


def _schema(type_: msgspec.inspect.Type, around: tuple[type, ...]) -> Raw:
    match type_:
        case msgspec.inspect.Metadata():
            return _schema(type_.type, around)
        case msgspec.inspect.UnionType():
            present = [one for one in type_.types if not isinstance(one, msgspec.inspect.NoneType)]
            return _schema(present[0], around) if len(present) == 1 else _ANY
        case msgspec.inspect.StructType() if type_.cls not in around:
            inner = (*around, type_.cls)
            fields = {one.encode_name: _schema(one.type, inner) for one in type_.fields}
            return {"type": "object", "properties": fields}
        case msgspec.inspect.VarTupleType() | msgspec.inspect.ListType():
            return {"type": "array", "items": _schema(type_.item_type, around)}
        case msgspec.inspect.DictType():
            return {"type": "object", "additionalProperties": _schema(type_.value_type, around)}
        case msgspec.inspect.StrType():
            return {"type": "string"}
        case _:
            return _ANY

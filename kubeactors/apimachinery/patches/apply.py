"""From the bytes of a patch to the patched object, or to the error for the client.

Source: apiserver/pkg/endpoints/handlers/patch.go (v1.36).
"""

from collections.abc import Callable
from typing import Generic, TypeVar, cast

import msgspec

from kubeactors.apimachinery import field, jsontext
from kubeactors.apimachinery.findings import DecodeError, Findings, Place, mismatch
from kubeactors.apimachinery.jsontext import JSONSyntaxError
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.patches import jsonpatches, merge, strategic
from kubeactors.apimachinery.patches.errors import (
    BadPatchError,
    PatchError,
    TooManyOperationsError,
    UnprocessablePatchError,
)
from kubeactors.apimachinery.patches.golang import shown
from kubeactors.apimachinery.reader import parse_plain, reader_of
from kubeactors.apimachinery.requests import JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH
from kubeactors.apimachinery.scheme import nothing
from kubeactors.apimachinery.serializer import from_builtins, to_builtins
from kubeactors.apimachinery.status import (
    BadRequest,
    Invalid,
    RequestEntityTooLarge,
    StatusDetails,
    StatusError,
    UnsupportedMediaType,
    invalid,
)

T = TypeVar("T", bound=TypedObject)

IGNORE, WARN, STRICT = "Ignore", "Warn", "Strict"
"""The handling of unknown and duplicate fields, in the patch and in the patched object."""

Document = dict[str, object]


class Patched(msgspec.Struct, Generic[T], frozen=True):
    """The patched object, neither defaulted nor validated, and warnings for the client."""

    object: T
    warnings: tuple[str, ...] = ()


class PatchOperation(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """An operation of a JSON patch; its fields are the known ones."""

    op: str = ""
    path: str = ""
    from_: str = ""
    value: object = None


def apply(
    obj: T,
    patch_type: str,
    patch: bytes,
    field_validation: str = WARN,
    unknown_fields: Callable[[T], tuple[str, ...]] = nothing,
) -> Patched[T]:
    """The patched object. `unknown_fields` finds those that the Struct does not.

    Raises:
        StatusError: the patch is rejected.

    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> before = TypedObject(metadata=ObjectMeta(name="a", labels={"k": "v"}))
    >>> apply(before, MERGE_PATCH, b'{"metadata":{"labels":{"k":null,"x":"y"}}}').object.metadata.labels
    {'x': 'y'}
    """
    document, source, complaints = _patched(obj, patch_type, patch)
    careful = jsontext.needs_care(patch)
    try:
        decoded = from_builtins(document, type(obj), careful=careful)
        unknown = unknown_fields(decoded.object)
    except DecodeError as error:
        raise _invalid(source, str(error)) from error
    warnings = () if field_validation == IGNORE else (*complaints, *decoded.strict_errors, *unknown)
    if field_validation == STRICT and warnings:
        raise _invalid(source, f"strict decoding error: {', '.join(warnings)}")
    return Patched(decoded.object, warnings)


_Patched = tuple[object, str, tuple[str, ...]]
"""The patched document, the document to show in an error, and the unknown and duplicate fields of the patch."""


def _patched(obj: TypedObject, patch_type: str, patch: bytes) -> _Patched:
    appliers: dict[str, Callable[[TypedObject, bytes], _Patched]] = {
        JSON_PATCH: _json_patched,
        MERGE_PATCH: _merged,
        STRATEGIC_MERGE_PATCH: _strategically_merged,
    }
    if patch_type not in appliers:
        raise UnsupportedMediaType.saying("415: Unsupported Media Type", StatusDetails())
    try:
        return appliers[patch_type](obj, patch)
    except PatchError as error:
        raise _refusal(error) from error


def _json_patched(obj: TypedObject, patch: bytes) -> _Patched:
    value, _ = _parsed(patch, "error decoding patch: ")
    if value is not None and not isinstance(value, list):
        raise BadPatchError(f"error decoding patch: {mismatch(value, '[]handlers.jsonPatchOp', Place())}")
    operations = cast("list[Document]", value or [])
    complaints = _unknown_fields(operations)
    document = _same_type(jsonpatches.apply(to_builtins(obj), operations), obj)
    return document, _text(document), complaints


def _merged(obj: TypedObject, patch: bytes) -> _Patched:
    value, complaints = _parsed_map(patch, "error decoding patch: ")
    document = _same_type(merge.merge(to_builtins(obj), value), obj)
    return document, _text(document), complaints


def _strategically_merged(obj: TypedObject, patch: bytes) -> _Patched:
    value, complaints = _parsed_map(patch, "")
    return strategic.merge(to_builtins(obj), value, type(obj)), shown(value), complaints


def _parsed(patch: bytes, prefix: str) -> tuple[object, tuple[str, ...]]:
    """The patch as builtins, and its duplicate fields."""
    try:
        return parse_plain(patch)
    except JSONSyntaxError as error:
        raise BadPatchError(f"{prefix}{error}") from error


def _parsed_map(patch: bytes, prefix: str) -> tuple[Document, tuple[str, ...]]:
    value, complaints = _parsed(patch, prefix)
    if value is not None and not isinstance(value, dict):
        raise BadPatchError(f"{prefix}{mismatch(value, 'map[string]interface {}', Place())}")
    return cast("Document", value or {}), complaints


def _unknown_fields(operations: list[Document]) -> tuple[str, ...]:
    findings = Findings()
    reader_of(tuple[PatchOperation, ...]).read(operations, Place(), findings)
    if findings.wrong:
        raise BadPatchError(f"error decoding patch: {findings.wrong}")
    return tuple(f"json patch {one}" for one in findings.strict_errors)


def _same_type(document: object, obj: TypedObject) -> object:
    """Reject a patch that changes the kind or version of the object."""
    if not isinstance(document, dict):
        return document
    found = cast("Document", document)
    kind, api_version = found.get("kind") or obj.kind, found.get("apiVersion") or obj.api_version
    if (kind, api_version) == (obj.kind, obj.api_version):
        return found
    group, _, version = str(api_version).rpartition("/")
    hub = obj.api_version.rpartition("/")[0] or "core"
    unknown = f"converting ({version}.{kind}) to ({hub}.{obj.kind}): unknown conversion"
    raise _invalid(_text(found), f'{kind} in version "{group and f"{group}/"}{version}" cannot be handled: {unknown}')


def _refusal(error: PatchError) -> StatusError:
    if isinstance(error, BadPatchError):
        return BadRequest.saying(str(error))
    if isinstance(error, TooManyOperationsError):
        return RequestEntityTooLarge.saying(str(error))
    if isinstance(error, UnprocessablePatchError):
        return Invalid.saying("the server rejected our request due to an error in our request", StatusDetails())
    return StatusError.saying(str(error))


def _invalid(source: str, problem: str) -> StatusError:
    return invalid("", "", "", [field.invalid("patch", source, problem)])


def _text(document: object) -> str:
    return msgspec.json.encode(document).decode()

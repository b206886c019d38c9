"""Request bodies: objects and options, from JSON, YAML or protobuf, and the errors about those that cannot be decoded.

Source: apiserver/pkg/endpoints/handlers/{create,update,delete,rest}.go (v1.36).
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from kubeactors.api.authentication.v1 import TokenRequest
from kubeactors.api.autoscaling.v1 import Scale
from kubeactors.api.core.v1 import Binding
from kubeactors.api.policy.v1 import Eviction
from kubeactors.apimachinery import yamltext
from kubeactors.apimachinery.meta import DeleteOptions, Object, TypedObject
from kubeactors.apimachinery.scheme import Kind, Scheme, nothing
from kubeactors.apimachinery.serializer import Decoded, DecodeError, TypeMeta, decode, from_builtins, type_of
from kubeactors.apimachinery.status import BadRequest, StatusError
from kubeactors.apiserver.http.messages import HttpRequest
from kubeactors.apiserver.http.negotiation import PROTOBUF, YAML, body_type
from kubeactors.apiserver.http.options import check_delete_options, delete_options
from kubeactors.apiserver.http.protobuf import ProtobufError, open_envelope, read_message

T = TypeVar("T", bound=Object)

_OF_SUBRESOURCE: dict[str, type[TypedObject]] = {
    "binding": Binding,
    "eviction": Eviction,
    "scale": Scale,
    "token": TokenRequest,
}
_SUMMARY_BYTES = 30
_STRICT = "strict decoding error: "
_YAML_PREFIX = "error converting YAML to JSON: yaml: unmarshal errors:\n"


class Body(msgspec.Struct, frozen=True):
    """A decoded object, and warnings for the client."""

    object: TypedObject
    warnings: tuple[str, ...] = ()


def type_of_body(kind: Kind[TypedObject], subresource: str) -> type[TypedObject]:
    """The Struct that is posted to a resource or its subresource."""
    return _OF_SUBRESOURCE.get(subresource, kind.type)


async def read_object(
    request: HttpRequest,
    scheme: Scheme,
    wanted: type[TypedObject],
    field_validation: str,
    unknown_fields: Callable[[TypedObject], tuple[str, ...]] = nothing,
) -> Body:
    """The object in a request's body.

    Unknown and duplicate fields are errors with field validation Strict, ignored with Ignore, and warnings otherwise;
    `unknown_fields` finds those that the Struct does not.

    Raises:
        BadRequest: the body cannot be decoded as such an object.
        UnsupportedMediaType: its format is not supported.
        RequestEntityTooLarge: it is larger than 3 MiB.
    """
    media_type = body_type(request.header(b"content-type"))
    data = await request.body()
    zero = _zero(wanted)
    said = TypeMeta()
    try:
        opened = _opened(media_type, data)
        said = _said(opened.said, zero)
        _check_type(said, zero, scheme)
        found = opened.read(wanted)
        warnings = _judged(_sorted(found.strict_errors, unknown_fields(found.object)), field_validation)
    except (DecodeError, ProtobufError, yamltext.YAMLError) as error:
        raise _unreadable(str(error), said, zero, data) from error
    return Body(found.object, warnings)


async def read_delete_options(request: HttpRequest) -> DeleteOptions:
    """The options of a deletion: from the body if there is one, else from the query.

    Raises:
        BadRequest: they cannot be decoded.
        Invalid: they conflict, or a value is not supported.
        UnsupportedMediaType: the format of the body is not supported.
    """
    data = await request.body()
    if not data:
        return check_delete_options(delete_options(request.query))
    media_type = body_type(request.header(b"content-type"))
    try:
        opened = _opened(media_type, data)
        _check_options(opened.said)
        options = opened.read(DeleteOptions).object
        if request.audit is not None:
            request.audit.read(_typed(options))
        return check_delete_options(options)
    except (DecodeError, ProtobufError, yamltext.YAMLError) as error:
        raise BadRequest.saying(str(error)) from error


def read_apply_patch(data: bytes, field_validation: str) -> tuple[bytes, tuple[str, ...]]:
    """The JSON of a server-side apply patch, which is YAML; and warnings for the client.

    Raises:
        BadRequest: it is not YAML, or has duplicate fields and validation is strict.
    """
    try:
        json, strict_errors = yamltext.to_json(data, first_of_many=True)
    except yamltext.YAMLError as error:
        raise BadRequest.saying(f"error decoding patch: {error}") from error
    try:
        return json, _judged(strict_errors, field_validation)
    except DecodeError as error:
        said = str(error).removeprefix(_STRICT)
        raise BadRequest.saying(f"error strict decoding patch: {said}") from error


class _Text(msgspec.Struct, frozen=True):
    """A JSON document, and the errors in the YAML that it came from, if any."""

    said: TypeMeta
    json: bytes
    strict_errors: tuple[str, ...] = ()

    def read(self, wanted: type[T]) -> Decoded[T]:
        found = decode(self.json, wanted)
        if not self.strict_errors:
            return found
        return msgspec.structs.replace(found, strict_errors=(*self.strict_errors, *found.strict_errors))


class _Binary(msgspec.Struct, frozen=True):
    """A protobuf document."""

    said: TypeMeta
    raw: bytes

    def read(self, wanted: type[T]) -> Decoded[T]:
        return from_builtins(read_message(self.raw, wanted), wanted)


def _opened(media_type: str, data: bytes) -> _Text | _Binary:
    """A body whose type is known, but which is not decoded yet."""
    if media_type == PROTOBUF:
        envelope = open_envelope(data)
        return _Binary(envelope.said, envelope.raw)
    json, strict_errors = yamltext.to_json(data) if media_type == YAML else (data, ())
    return _Text(type_of(json), json, strict_errors)


def _typed(options: DeleteOptions) -> DeleteOptions:
    """Options with their type, if they were sent without."""
    version = options.api_version or "meta.k8s.io/v1"
    return msgspec.structs.replace(options, kind="DeleteOptions", api_version=version)


def _sorted(found: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """All strict errors; if there are more than those, unknown fields come after them, sorted by name."""
    if not more:
        return found
    unknown = [one for one in (*found, *more) if one.startswith("unknown field")]
    return (*(one for one in found if one not in unknown), *sorted(unknown))


def _zero(type_: type[TypedObject]) -> TypeMeta:
    zero = type_()
    return TypeMeta(zero.api_version, zero.kind)


def _said(said: TypeMeta, wanted: TypeMeta) -> TypeMeta:
    """The type in a body, completed by the expected one."""
    return TypeMeta(said.api_version or wanted.api_version, said.kind or wanted.kind)


def _check_type(said: TypeMeta, wanted: TypeMeta, scheme: Scheme) -> None:
    if said == wanted:
        return
    if scheme.by_kind(said.api_version, said.kind) is None:
        raise DecodeError(_not_registered(said))
    internal = f"({_package(wanted.api_version)}.{wanted.kind})"
    version = said.api_version.rpartition("/")[2]
    raise DecodeError(f"converting ({version}.{said.kind}) to {internal}: unknown conversion")


def _check_options(said: TypeMeta) -> None:
    """Accept options of any group."""
    if said.kind not in {"", "DeleteOptions"}:
        raise DecodeError(_not_registered(said))


def _not_registered(said: TypeMeta) -> str:
    return f'no kind "{said.kind}" is registered for version "{said.api_version}" in scheme "kubeactors.api"'


def package_of(group: str) -> str:
    """The package of a group's internal types in Kubernetes, as messages show it.

    >>> package_of(""), package_of("rbac.authorization.k8s.io")
    ('core', 'rbac')
    """
    return group.split(".", maxsplit=1)[0] or "core"


def _package(api_version: str) -> str:
    return package_of(api_version.rpartition("/")[0])


def _unreadable(why: str, said: TypeMeta, wanted: TypeMeta, data: bytes) -> StatusError:
    if said.kind:
        version = said.api_version.rpartition("/")[2]
        return BadRequest.saying(f'{said.kind} in version "{version}" cannot be handled as a {wanted.kind}: {why}')
    return BadRequest.saying(
        f"the object provided is unrecognized (must be of type {wanted.kind}): {why} ({_summary(data)})"
    )


def _summary(data: bytes) -> str:
    """The start of a body, as messages show it.

    >>> _summary(b""), _summary(b"{}"), _summary(b"[1]")
    ('<empty>', '{}', '5b315d')
    """
    if not data:
        return "<empty>"
    start, more = data[:_SUMMARY_BYTES], " ..." if len(data) > _SUMMARY_BYTES else ""
    return (start.decode("utf-8", "replace") if data.startswith(b"{") else start.hex()) + more


def _judged(strict_errors: tuple[str, ...], field_validation: str) -> tuple[str, ...]:
    """Warnings about strict errors; one each, though several of YAML come in one text."""
    if not strict_errors or field_validation == "Ignore":
        return ()
    if field_validation == "Strict":
        raise DecodeError(f"{_STRICT}{', '.join(strict_errors)}")
    return tuple(
        line.strip()
        for error in strict_errors
        for line in (error.removeprefix(_YAML_PREFIX).split("\n") if error.startswith(_YAML_PREFIX) else (error,))
    )

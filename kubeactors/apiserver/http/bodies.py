"""Bodies of requests: objects and options, from JSON or YAML, and what is said about those that cannot be read.

Source: apiserver/pkg/endpoints/handlers/{create,update,delete,rest}.go (v1.36).
"""

import msgspec

from kubeactors.api.authentication.v1 import TokenRequest
from kubeactors.api.autoscaling.v1 import Scale
from kubeactors.api.core.v1 import Binding
from kubeactors.api.policy.v1 import Eviction
from kubeactors.apimachinery import yamltext
from kubeactors.apimachinery.meta import DeleteOptions, TypedObject
from kubeactors.apimachinery.scheme import Kind, Scheme
from kubeactors.apimachinery.serializer import DecodeError, TypeMeta, decode, type_of
from kubeactors.apimachinery.status import BadRequest, StatusError
from kubeactors.apiserver.http.messages import HttpRequest
from kubeactors.apiserver.http.negotiation import YAML, body_type
from kubeactors.apiserver.http.options import check_delete_options, delete_options

_OF_SUBRESOURCE: dict[str, type[TypedObject]] = {
    "binding": Binding,
    "eviction": Eviction,
    "scale": Scale,
    "token": TokenRequest,
}
_SUMMARY_BYTES = 30
_YAML_PREFIX = "error converting YAML to JSON: yaml: unmarshal errors:\n"


class Body(msgspec.Struct, frozen=True):
    """An object that was sent, and what the client is to be warned of."""

    object: TypedObject
    warnings: tuple[str, ...] = ()


def type_of_body(kind: Kind[TypedObject], subresource: str) -> type[TypedObject]:
    """The Struct that is sent to a resource or its subresource."""
    return _OF_SUBRESOURCE.get(subresource, kind.type)


async def read_object(request: HttpRequest, scheme: Scheme, wanted: type[TypedObject], field_validation: str) -> Body:
    """The object in a request's body.

    Superfluous fields are refused with field validation Strict, ignored with Ignore, and warned of otherwise.

    Raises:
        BadRequest: the body is no such object.
        UnsupportedMediaType: it is neither JSON nor YAML.
        RequestEntityTooLarge: it is larger than 3 MiB.
    """
    media_type = body_type(request.header(b"content-type"))
    data = await request.body()
    zero = _zero(wanted)
    said = TypeMeta()
    try:
        json, strict = yamltext.to_json(data) if media_type == YAML else (data, ())
        said = _said(type_of(json), zero)
        _check_type(said, zero, scheme)
        found = decode(json, wanted)
        warnings = _judged((*strict, *found.strict_errors), field_validation)
    except (DecodeError, yamltext.YAMLError) as error:
        raise _unreadable(str(error), said, zero, data) from error
    return Body(found.object, warnings)


async def read_delete_options(request: HttpRequest) -> DeleteOptions:
    """The options of a deletion: from the body if there is one, else from the query.

    Raises:
        BadRequest: they cannot be read.
        Invalid: they contradict one another, or a value is not supported.
        UnsupportedMediaType: the body is neither JSON nor YAML.
    """
    data = await request.body()
    if not data:
        return check_delete_options(delete_options(request.query))
    media_type = body_type(request.header(b"content-type"))
    try:
        json = yamltext.to_json(data)[0] if media_type == YAML else data
        _check_options(type_of(json))
        return check_delete_options(decode(json, DeleteOptions).object)
    except (DecodeError, yamltext.YAMLError) as error:
        raise BadRequest.saying(str(error)) from error


def read_apply_patch(data: bytes) -> bytes:
    """The JSON of a patch of server-side apply, which comes as YAML.

    Raises:
        BadRequest: it is no YAML.
    """
    try:
        return yamltext.to_json(data)[0]
    except yamltext.YAMLError as error:
        raise BadRequest.saying(f"error decoding YAML: {error}") from error


def _zero(type_: type[TypedObject]) -> TypeMeta:
    zero = type_()
    return TypeMeta(zero.api_version, zero.kind)


def _said(said: TypeMeta, wanted: TypeMeta) -> TypeMeta:
    """What a body says it is; what it leaves out is as wanted."""
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
    """Options may say that they belong to any group."""
    if said.kind not in {"", "DeleteOptions"}:
        raise DecodeError(_not_registered(said))


def _not_registered(said: TypeMeta) -> str:
    return f'no kind "{said.kind}" is registered for version "{said.api_version}" in scheme "kubeactors.api"'


def package_of(group: str) -> str:
    """The package that holds a group's internal types in the original, as its messages show it.

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
    """The start of a body, as a message shows it.

    >>> _summary(b""), _summary(b"{}"), _summary(b"[1]")
    ('<empty>', '{}', '5b315d')
    """
    if not data:
        return "<empty>"
    start, more = data[:_SUMMARY_BYTES], " ..." if len(data) > _SUMMARY_BYTES else ""
    return (start.decode("utf-8", "replace") if data.startswith(b"{") else start.hex()) + more


def _judged(strict_errors: tuple[str, ...], field_validation: str) -> tuple[str, ...]:
    """The warnings about what is superfluous; one for each error, of which YAML's come several in one text."""
    if not strict_errors or field_validation == "Ignore":
        return ()
    if field_validation == "Strict":
        raise DecodeError(f"strict decoding error: {', '.join(strict_errors)}")
    return tuple(
        line.strip()
        for error in strict_errors
        for line in (error.removeprefix(_YAML_PREFIX).split("\n") if error.startswith(_YAML_PREFIX) else (error,))
    )

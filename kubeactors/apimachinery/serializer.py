"""Objects to JSON and back, as Kubernetes encodes and decodes them.

Encoding: fields that Kubernetes omits are omitted (see `meta.always`), `kind` and `apiVersion` come first, and the
items of a list have neither.

Decoding: an ordinary document takes one pass of msgspec and one scan for duplicate names. Any other is decoded again by
`reader`, with Go's leniency and messages. Unknown and duplicate fields are returned beside the object: the API server
ignores them, warns about them or rejects them, as the client wishes.

Source: apimachinery/pkg/runtime/serializer/json/json.go (v1.36); sigs.k8s.io/json.
"""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Generic, TypeVar, cast

import msgspec

from kubeactors.apimachinery import jsontext, unstructured
from kubeactors.apimachinery.findings import DecodeError, Findings, Place
from kubeactors.apimachinery.jsontext import JSONSyntaxError
from kubeactors.apimachinery.meta import ListMeta, TypedObject
from kubeactors.apimachinery.reader import reader_of
from kubeactors.apimachinery.unstructured import Unstructured

__all__ = [
    "DecodeError",
    "Decoded",
    "TypeMeta",
    "decode",
    "decode_yaml",
    "encode",
    "encode_item",
    "encode_list",
    "from_builtins",
    "opening",
    "to_builtins",
    "type_of",
]

T = TypeVar("T", bound=msgspec.Struct)
Typed = TypeVar("Typed", bound=TypedObject)


class Decoded(msgspec.Struct, Generic[T], frozen=True):
    """A decoded object, and its strict errors: `unknown field "spec.foo"`."""

    object: T
    strict_errors: tuple[str, ...] = ()


class TypeMeta(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The type in a document."""

    api_version: str = ""
    kind: str = ""


_encoder = msgspec.json.Encoder()

_NOT_PLAIN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""The errors of the fast path for a document that needs the slow one, or is malformed."""


def encode(obj: object) -> bytes:
    """An object (a Struct or `Unstructured`) as a document.

    >>> from kubeactors.apimachinery.status import Status
    >>> encode(Status(status="Success"))
    b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"}'
    """
    if isinstance(obj, Unstructured):
        return unstructured.encode(obj)
    if not isinstance(obj, TypedObject):
        return _encoder.encode(obj)
    return _after(_type_prefix(obj.kind, obj.api_version), _encoder.encode(_untyped(obj)))


def encode_item(obj: object) -> bytes:
    """An object as a list item: without its type, unless it is `Unstructured`, as in Kubernetes."""
    if isinstance(obj, Unstructured):
        return unstructured.encode(obj)
    return _encoder.encode(_untyped(obj) if isinstance(obj, TypedObject) else obj)


def opening(obj: object, tail: bytes) -> bytes:
    """The bytes that replace the opening brace of an encoded item to make it a document.

    >>> opening(TypedObject(kind="Pod", api_version="v1"), b'"metadata":{}}')
    b'{"kind":"Pod","apiVersion":"v1",'
    """
    if not isinstance(obj, TypedObject) or isinstance(obj, Unstructured):
        return b"{"
    prefix = _type_prefix(obj.kind, obj.api_version)
    return prefix if len(tail) > 1 else prefix[:-1]


def encode_list(kind: str, api_version: str, metadata: ListMeta, items: Iterable[bytes]) -> bytes:
    """A list of encoded items.

    >>> encode_list("PodList", "v1", ListMeta(resource_version="7"), [b"{}", b"{}"])
    b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{},{}]}'
    """
    head = _type_prefix(kind, api_version) + b'"metadata":' + _encoder.encode(metadata) + b',"items":['
    return b"".join((head, b",".join(items), b"]}"))


def to_builtins(obj: object) -> dict[str, object]:
    """An object as dicts and lists, with its type. They are fresh copies."""
    return cast("dict[str, object]", msgspec.json.decode(encode(obj)))


def type_of(data: bytes) -> TypeMeta:
    """The type in a JSON document, before it is decoded.

    Raises:
        DecodeError: it is not a JSON object.

    >>> type_of(b'{"kind":"Pod","apiVersion":"v1","spec":{}}')
    TypeMeta(api_version='v1', kind='Pod')
    """
    try:
        return _type_decoder.decode(data)
    except _NOT_PLAIN:
        return _type_with_care(data)


def decode(data: bytes, type_: type[T]) -> Decoded[T]:
    """Decode a JSON document.

    Raises:
        DecodeError: it is not an object of this type.

    >>> from kubeactors.apimachinery.meta import LabelSelector
    >>> decode(b'{"matchLabels":{"a":null},"matchLabel":{}}', LabelSelector)
    Decoded(object=LabelSelector(match_labels={'a': ''}, match_expressions=()), strict_errors=('unknown field "matchLabel"',))
    """
    if issubclass(type_, Unstructured):
        return cast("Decoded[T]", Decoded(*unstructured.decode_as(data, type_)))
    try:
        found = _decoder(type_).decode(data)
        if not jsontext.needs_care(data):
            return Decoded(_typed(found))
    except _NOT_PLAIN:
        pass
    return _with_care(_parsed(data), type_)


def decode_yaml(data: bytes, type_: type[T]) -> Decoded[T]:
    """Decode a YAML document.

    Raises:
        DecodeError: it is not YAML, or not an object of this type.
    """
    from kubeactors.apimachinery import yamltext  # noqa: PLC0415 -- PyYAML is imported on first use

    try:
        document, duplicates = yamltext.to_json(data)
    except yamltext.YAMLError as error:
        raise DecodeError(str(error)) from error
    found = decode(document, type_)
    return Decoded(found.object, (*duplicates, *found.strict_errors))


def from_builtins(value: object, type_: type[T], *, careful: bool = False) -> Decoded[T]:
    """Convert dicts and lists to an object, as `decode` does; `careful` if integers may be too large.

    Raises:
        DecodeError: they are not an object of this type.
    """
    if issubclass(type_, Unstructured):
        return cast("Decoded[T]", Decoded(*unstructured.from_plain(value, type_)))
    if careful:
        return _with_care(value, type_)
    try:
        return Decoded(_typed(msgspec.convert(value, type_)))
    except (msgspec.ValidationError, RecursionError):
        return _with_care(value, type_)


_type_decoder = msgspec.json.Decoder(TypeMeta)


_decoders: dict[type[msgspec.Struct], msgspec.json.Decoder[msgspec.Struct]] = {}


def _decoder(type_: type[T]) -> msgspec.json.Decoder[T]:
    if type_ not in _decoders:
        _decoders[type_] = msgspec.json.Decoder(type_)
    return cast("msgspec.json.Decoder[T]", _decoders[type_])


@lru_cache(maxsize=1024)
def _type_prefix(kind: str, api_version: str) -> bytes:
    return f'{{"kind":"{kind}","apiVersion":"{api_version}",'.encode()


def _after(prefix: bytes, body: bytes) -> bytes:
    return prefix + body[1:] if len(body) > 2 else prefix[:-1] + b"}"


def _typed(obj: T) -> T:
    """Set the type to the Struct's, whatever the document says: use `type_of` first to check it."""
    return _untyped(obj) if isinstance(obj, TypedObject) else obj


def _untyped(obj: Typed) -> Typed:
    """The object with the very strings that are its type's defaults: msgspec omits values identical to a default."""
    kind, api_version = _type_defaults(type(obj))
    if obj.kind is kind and obj.api_version is api_version:
        return obj
    return msgspec.structs.replace(obj, kind=kind, api_version=api_version)


@cache
def _type_defaults(type_: type[TypedObject]) -> tuple[str, str]:
    zero = type_()
    return zero.kind, zero.api_version


def _parsed(data: bytes) -> object:
    try:
        return jsontext.parse(data)
    except JSONSyntaxError as error:
        raise DecodeError(str(error)) from error
    except RecursionError as error:
        raise DecodeError("exceeded max depth") from error


def _with_care(value: object, type_: type[T]) -> Decoded[T]:
    findings = Findings()
    reader = reader_of(type_)
    try:
        found = reader.zero() if value is None else reader.read(value, Place(), findings)
    except RecursionError as error:
        raise DecodeError("exceeded max depth") from error
    if findings.wrong:
        raise DecodeError(findings.wrong)
    return Decoded(_typed(cast("T", found)), findings.strict_errors)


def _type_with_care(data: bytes) -> TypeMeta:
    """The type of a document that msgspec rejects; Go's decoder has the better errors."""
    try:
        return _with_care(_parsed(data), TypeMeta).object
    except DecodeError as error:
        raise DecodeError(f"couldn't get version/kind; json parse error: {error}") from error

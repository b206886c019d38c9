"""Manifests: YAML or JSON documents as typed objects."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import msgspec
import yaml

from kubeactors.api import SCHEME
from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.apimachinery import serializer, yamltext
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Scheme
from kubeactors.apimachinery.unstructured import type_of_kind


class ManifestError(ValueError):
    """A manifest cannot be read; the message names the document and the error."""


Manifest = Path | str | Mapping[str, object] | TypedObject


class Written(msgspec.Struct, frozen=True):
    """An object of a manifest, and its own JSON, which has the fields that the manifest names and no others."""

    object: TypedObject
    text: bytes


def read_manifest(manifest: Manifest, scheme: Scheme = SCHEME) -> tuple[TypedObject, ...]:
    """The objects of a manifest, in order. Kinds that an earlier document defines are custom resources.

    Raises:
        ManifestError: see `read_written`.
        OSError: the same.
    """
    return tuple(one.object for one in read_written(manifest, scheme))


def read_written(manifest: Manifest, scheme: Scheme = SCHEME) -> tuple[Written, ...]:
    """The objects of a manifest and their JSON, in order.

    Args:
        manifest: a path, YAML or JSON text (anything with a line break, a brace, or a colon and a space that is not the
            path of a file), a mapping, or an object.
        scheme: the known kinds.

    Raises:
        ManifestError: it is malformed or empty, or has an unknown kind or field.
        OSError: the file does not exist, or cannot be read.
    """
    if isinstance(manifest, TypedObject):
        return (Written(manifest, serializer.encode(manifest)),)
    reader = _Reader(scheme)
    texts = [msgspec.json.encode(manifest)] if isinstance(manifest, Mapping) else documents(_text_of(manifest))
    found = tuple(reader.read(one, number) for number, text in enumerate(texts, 1) for one in _members(text, number))
    if not found:
        raise ManifestError("the manifest has no objects")
    return found


def _text_of(manifest: Path | str) -> str:
    if isinstance(manifest, str) and _is_text(manifest):
        return manifest
    return Path(manifest).read_text(encoding="utf-8")


def _is_text(manifest: str) -> bool:
    r"""Whether this is YAML text rather than a path.

    >>> [_is_text(one) for one in ("shop.yaml", "{}", "kind: Pod", "", "a\nb")]
    [False, True, True, True, True]
    """
    if not manifest.strip() or "\n" in manifest or "{" in manifest:
        return True
    return ": " in manifest and not Path(manifest).exists()


def documents(text: str) -> Iterator[bytes]:
    """Each YAML document that is not empty, as its own text.

    Raises:
        ManifestError: the text is not YAML.
    """
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        raise ManifestError(f"this is not YAML: {error}") from error
    for node in nodes:
        if not (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")):
            text = yaml.serialize(node, Dumper=yaml.CSafeDumper)  # pyright: ignore[reportUnknownMemberType] -- partly untyped in the stub
            yield text.encode()


def _members(document: bytes, number: int) -> Iterator[bytes]:
    """The items of a list (`kind: List`, `kind: PodList`, nested lists), or the document if it is not a list.

    Source: decodeToList and detectList in apimachinery pkg/apis/meta/v1/unstructured/helpers.go, FlattenListVisitor in
    cli-runtime pkg/resource/visitor.go (v1.36): a list is what has items, whose default kind is that of the list.
    """
    if b"items" not in document:
        yield document
        return
    fields, duplicates = _fields(document, number)
    items = fields.get("items") if fields is not None else None
    if fields is None or not isinstance(items, list):
        yield document
        return
    if duplicates:
        raise ManifestError(f"document {number}: {', '.join(duplicates)}")
    usual = {"apiVersion": fields.get("apiVersion"), "kind": str(fields.get("kind", "")).removesuffix("List")}
    for item in cast("list[object]", items):
        named = cast("dict[str, object]", item) if isinstance(item, dict) else None
        if named is not None and usual["kind"] and not named.get("kind") and not named.get("apiVersion"):
            named |= usual
        yield from _members(msgspec.json.encode(item), number)


def _fields(document: bytes, number: int) -> tuple[dict[str, object] | None, tuple[str, ...]]:
    """The fields of a document, None if it is not an object; and the errors of its duplicate keys.

    Raises:
        ManifestError: it has no equivalent in JSON.
    """
    try:
        text, duplicates = yamltext.to_json(document)
    except yamltext.YAMLError as error:
        raise ManifestError(f"document {number}: {error}") from error
    value: object = msgspec.json.decode(text)
    return cast("dict[str, object]", value) if isinstance(value, dict) else None, duplicates


class _Reader:
    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._defined: dict[tuple[str, str], None] = {}
        """API versions and kinds that documents have defined."""

    def read(self, document: bytes, number: int) -> Written:
        fields, _ = _fields(document, number)
        if fields is None:
            raise ManifestError(f"document {number} is not an object")
        api_version, kind = str(fields.get("apiVersion", "")), str(fields.get("kind", ""))
        type_ = self._type(api_version, kind, number)
        try:
            decoded = serializer.decode_yaml(document, type_)
        except ValueError as error:
            raise ManifestError(f"document {number} ({kind}): {error}") from error
        if decoded.strict_errors:
            raise ManifestError(f"document {number} ({kind}): {', '.join(decoded.strict_errors)}")
        if isinstance(decoded.object, CustomResourceDefinition):
            spec = decoded.object.spec
            for one in spec.versions or ():
                self._defined[f"{spec.group}/{one.name}", spec.names.kind] = None
        return Written(decoded.object, yamltext.to_json(document)[0])

    def _type(self, api_version: str, kind: str, number: int) -> type[TypedObject]:
        known = self._scheme.by_kind(api_version, kind)
        if known is not None:
            return known.type
        if (api_version, kind) in self._defined:
            return type_of_kind(api_version, kind)
        raise ManifestError(f'document {number}: unknown kind "{kind}" in version "{api_version}"')

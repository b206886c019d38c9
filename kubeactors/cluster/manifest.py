"""Manifests: YAML or JSON documents as typed objects."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import msgspec
import yaml

from kubeactors.api import SCHEME
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.serializer import decode_yaml


class ManifestError(ValueError):
    """A manifest cannot be read; the message names the document and what is wrong with it."""


Manifest = Path | str | Mapping[str, object] | TypedObject


def read_manifest(manifest: Manifest) -> tuple[TypedObject, ...]:
    """The objects of a manifest, in order.

    Args:
        manifest: a path, YAML or JSON text (anything with a line break or a brace), a mapping, or an object.

    Raises:
        ManifestError: it cannot be read, a kind is unknown, or a field is.
        OSError: there is no such file, or it cannot be read.
    """
    if isinstance(manifest, TypedObject):
        return (manifest,)
    if isinstance(manifest, Mapping):
        return (_object(msgspec.json.encode(manifest), 1),)
    if isinstance(manifest, Path) or ("\n" not in manifest and "{" not in manifest):
        text = Path(manifest).read_text(encoding="utf-8")
    else:
        text = manifest
    return tuple(_object(document, number) for number, document in enumerate(documents(text), 1))


def documents(text: str) -> Iterator[bytes]:
    """Each document of YAML that is not empty, as its own text.

    Raises:
        ManifestError: this is not YAML.
    """
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        raise ManifestError(f"this is not YAML: {error}") from error
    for node in nodes:
        if not (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")):
            text = yaml.serialize(node, Dumper=yaml.CSafeDumper)  # pyright: ignore[reportUnknownMemberType] -- its stub is partial
            yield text.encode()


def _object(document: bytes, number: int) -> TypedObject:
    loaded: object = yaml.load(document, Loader=yaml.CSafeLoader)
    if not isinstance(loaded, dict):
        raise ManifestError(f"document {number} is no object")
    named = cast("dict[object, object]", loaded)
    api_version, kind = str(named.get("apiVersion", "")), str(named.get("kind", ""))
    known = SCHEME.by_kind(api_version, kind)
    if known is None:
        raise ManifestError(f'document {number}: no kind "{kind}" in version "{api_version}" is known')
    try:
        decoded = decode_yaml(document, known.type)
    except ValueError as error:
        raise ManifestError(f"document {number} ({kind}): {error}") from error
    if decoded.strict_errors:
        raise ManifestError(f"document {number} ({kind}): {', '.join(decoded.strict_errors)}")
    return decoded.object

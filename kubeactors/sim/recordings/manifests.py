"""Manifests as user actions: each object is applied, as by `kubectl apply --server-side -f`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import msgspec

from kubeactors.api import SCHEME
from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.apimachinery import serializer
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.cluster.manifest import ManifestError, Written, read_written
from kubeactors.sim.plan import AnyStep
from kubeactors.sim.users.manifests import NAMESPACE
from kubeactors.sim.workload import RequestVerb, SendRequest

DEFINITIONS = "customresourcedefinitions"
APART_SECONDS = 0.1
"""The time between two objects."""


def of_manifest(manifest: Path | str) -> tuple[SendRequest, ...]:
    r"""The requests that apply a manifest; an object with a generated name is created.

    >>> [(one.at, one.verb, one.name) for one in of_manifest('kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n')]
    [(0.0, 'apply', 'a')]

    Raises:
        ManifestError: it is malformed or empty, or has an unknown kind or field, or an object without a name.
        OSError: it cannot be read.
    """
    written = read_written(manifest)
    plurals = {key: plural for one in written for key, plural in _defined(one.object).items()}
    return tuple(_request(one, plurals, round(number * APART_SECONDS, 3)) for number, one in enumerate(written))


def definitions_in(steps: Iterable[AnyStep]) -> Iterator[CustomResourceDefinition]:
    """The definitions of custom kinds that users apply or create."""
    for one in steps:
        if isinstance(one, SendRequest) and one.is_creation and one.resource == DEFINITIONS:
            yield serializer.from_builtins(one.body, CustomResourceDefinition).object


def _defined(found: TypedObject) -> dict[tuple[str, str], tuple[str, bool]]:
    """The custom kinds that an object defines: by API version and kind the resource, and whether it is namespaced."""
    if not isinstance(found, CustomResourceDefinition):
        return {}
    spec = found.spec
    served = (spec.names.plural, spec.scope == "Namespaced")
    return {(f"{spec.group}/{one.name}", spec.names.kind): served for one in spec.versions or ()}


def _request(written: Written, defined: dict[tuple[str, str], tuple[str, bool]], at: float) -> SendRequest:
    found = written.object
    metadata, kind = found.metadata, SCHEME.by_kind(found.api_version, found.kind)
    resource, namespaced = (
        (kind.resource, kind.namespaced) if kind is not None else defined[found.api_version, found.kind]
    )
    if not metadata.name and not metadata.generate_name:
        raise ManifestError(f"a {found.kind} has no name")
    verb: RequestVerb = "apply" if metadata.name else "create"
    return SendRequest(
        at=at,
        verb=verb,
        api_version=found.api_version,
        resource=resource,
        namespace=(metadata.namespace or NAMESPACE) if namespaced else "",
        name=metadata.name,
        body=cast("dict[str, object]", msgspec.json.decode(written.text)),
    )

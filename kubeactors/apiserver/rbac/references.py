"""The objects that a pod refers to, which its node may therefore read.

Source: pkg/api/v1/pod/util.go, plugin/pkg/auth/authorizer/node/graph.go (v1.36).
"""

from collections.abc import Iterator
from typing import cast

import msgspec

from kubeactors.api.core.v1 import (
    ConfigMapEnvSource,
    ConfigMapKeySelector,
    ConfigMapProjection,
    ConfigMapVolumeSource,
    LocalObjectReference,
    Pod,
    SecretEnvSource,
    SecretKeySelector,
    SecretProjection,
)

SECRETS, CONFIG_MAPS, CLAIMS = "secrets", "configmaps", "persistentvolumeclaims"

_NAMED: dict[type[msgspec.Struct], str] = {
    ConfigMapEnvSource: CONFIG_MAPS,
    ConfigMapKeySelector: CONFIG_MAPS,
    ConfigMapProjection: CONFIG_MAPS,
    ConfigMapVolumeSource: CONFIG_MAPS,
    LocalObjectReference: SECRETS,  # in a pod: image pull secrets, and secrets of volume drivers
    SecretEnvSource: SECRETS,
    SecretKeySelector: SECRETS,
    SecretProjection: SECRETS,
}
"""Structs whose `name` is that of an object."""


def references(pod: Pod) -> Iterator[tuple[str, str]]:
    """The resource and name of each Secret, ConfigMap and claim that a pod refers to. Some may come twice.

    >>> from kubeactors.api.core.v1 import PodSpec
    >>> list(references(Pod(spec=PodSpec(image_pull_secrets=(LocalObjectReference(name="a"),)))))
    [('secrets', 'a')]
    """
    for volume in pod.spec.volumes:
        if volume.ephemeral is not None:
            yield CLAIMS, f"{pod.metadata.name}-{volume.name}"
        if volume.persistent_volume_claim is not None:
            yield CLAIMS, volume.persistent_volume_claim.claim_name
    yield from _within(pod.spec)


def _within(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, tuple):
        for one in cast("tuple[object, ...]", value):
            yield from _within(one)
    elif isinstance(value, msgspec.Struct):
        yield from _of(value)


def _of(struct: msgspec.Struct) -> Iterator[tuple[str, str]]:
    resource = _NAMED.get(type(struct))
    if resource is not None:
        yield resource, getattr(struct, "name")  # noqa: B009 -- all of these have a name, their base type has not
        return
    for field in struct.__struct_fields__:
        value: object = getattr(struct, field)
        if field == "secret_name" and isinstance(value, str) and value:
            yield SECRETS, value
        else:
            yield from _within(value)

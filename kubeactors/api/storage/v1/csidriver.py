"""CSIDriver: a storage driver, and what it can do.

Source: api/storage/v1/types.go, pkg/apis/storage/validation/validation.go, pkg/apis/storage/v1/defaults.go (v1.36).
"""

from collections.abc import Iterator
from typing import Annotated

from msgspec.structs import replace

from kubeactors.apimachinery.field import FieldError, duplicate, invalid, not_supported, required, too_long
from kubeactors.apimachinery.meta import (
    LIST_SET,
    Object,
    TypedObject,
    always,
)
from kubeactors.apimachinery.objectmeta import validate_immutable

PERSISTENT, EPHEMERAL = "Persistent", "Ephemeral"
"""The lifecycle modes of volumes."""
FS_GROUP_POLICIES = ("File", "None", "ReadWriteOnceWithFSType")

_MAX_NAME = 63
_MIN_UPDATE_SECONDS = 10
_MIN_TOKEN_SECONDS, _MAX_TOKEN_SECONDS = 600, 1 << 32


class TokenRequest(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An audience for which a driver needs service account tokens of pods."""

    audience: str = always("")
    expiration_seconds: int | None = None


class CSIDriverSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The capabilities and requirements of a driver."""

    attach_required: bool | None = None
    pod_info_on_mount: bool | None = None
    volume_lifecycle_modes: Annotated[tuple[str, ...], LIST_SET] = ()
    storage_capacity: bool | None = None
    fs_group_policy: str | None = None
    token_requests: tuple[TokenRequest, ...] = ()
    requires_republish: bool | None = None
    se_linux_mount: bool | None = None
    node_allocatable_update_period_seconds: int | None = None
    service_account_token_in_secrets: bool | None = None
    prevent_pod_scheduling_if_missing: bool | None = None


class CSIDriver(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A storage driver of the cluster, by the name that volumes use."""

    api_version: str = "storage.k8s.io/v1"
    kind: str = "CSIDriver"
    spec: CSIDriverSpec = always(CSIDriverSpec())


def default_csi_driver(driver: CSIDriver) -> CSIDriver:
    """Volumes need attachment, are persistent, and use fsGroup if the file system supports it."""
    spec = driver.spec
    filled: dict[str, object] = {
        "attach_required": True,
        "pod_info_on_mount": False,
        "storage_capacity": False,
        "fs_group_policy": FS_GROUP_POLICIES[2],
        "requires_republish": False,
        "se_linux_mount": False,
    }
    missing = {name: value for name, value in filled.items() if getattr(spec, name) is None}
    if not spec.volume_lifecycle_modes:
        missing["volume_lifecycle_modes"] = (PERSISTENT,)
    return replace(driver, spec=replace(spec, **missing)) if missing else driver


def validate_csi_driver(driver: CSIDriver) -> Iterator[FieldError]:
    """The name and the modes are valid."""
    spec, name = driver.spec, driver.metadata.name
    if len(name) > _MAX_NAME:
        yield too_long("metadata.name", _MAX_NAME)
    for field, value in (
        ("attachRequired", spec.attach_required),
        ("podInfoOnMount", spec.pod_info_on_mount),
        ("storageCapacity", spec.storage_capacity),
    ):
        if value is None:
            yield required(f"spec.{field}")
    if spec.fs_group_policy not in FS_GROUP_POLICIES:
        yield not_supported("spec.fsGroupPolicy", spec.fs_group_policy, sorted(FS_GROUP_POLICIES))
    yield from _validate_tokens(spec.token_requests)
    for mode in spec.volume_lifecycle_modes:
        if mode not in (PERSISTENT, EPHEMERAL):
            yield not_supported("spec.volumeLifecycleModes", mode, (PERSISTENT, EPHEMERAL))
    seconds = spec.node_allocatable_update_period_seconds
    if seconds is not None and seconds < _MIN_UPDATE_SECONDS:
        why = f"must be greater than or equal to {_MIN_UPDATE_SECONDS} seconds"
        yield invalid("spec.nodeAllocatableUpdatePeriodSeconds", seconds, why)
    in_secrets = spec.service_account_token_in_secrets
    if in_secrets is not None and not spec.token_requests:
        why = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        yield invalid("spec.serviceAccountTokenInSecrets", in_secrets, why)


def validate_csi_driver_update(new: CSIDriver, old: CSIDriver) -> Iterator[FieldError]:
    """`attachRequired`, `fsGroupPolicy` and `volumeLifecycleModes` are immutable."""
    yield from validate_csi_driver(new)
    yield from validate_immutable(new.spec.attach_required, old.spec.attach_required, "spec.attachedRequired")
    yield from validate_immutable(new.spec.fs_group_policy, old.spec.fs_group_policy, "spec.fsGroupPolicy")
    modes, before = new.spec.volume_lifecycle_modes, old.spec.volume_lifecycle_modes
    yield from validate_immutable(list(modes), list(before), "spec.volumeLifecycleModes")


def _validate_tokens(requests: tuple[TokenRequest, ...]) -> Iterator[FieldError]:
    seen: list[str] = []
    for i, one in enumerate(requests):
        path = f"spec.tokenRequests[{i}]"
        if one.audience in seen:
            yield duplicate(f"{path}.audience", one.audience)
        seen.append(one.audience)
        seconds = one.expiration_seconds
        if seconds is not None and seconds < _MIN_TOKEN_SECONDS:
            yield invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
        if seconds is not None and seconds > _MAX_TOKEN_SECONDS:
            yield invalid(f"{path}.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds")

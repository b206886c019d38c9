"""ServiceAccount: an identity for pods.

Its validation is that of metadata alone.

Source: api/core/v1/types.go, pkg/apis/core/validation/validation.go (v1.36).
"""

from collections.abc import Iterator
from typing import Annotated

from kubeactors.api.core.v1.references import LocalObjectReference, ObjectReference
from kubeactors.apimachinery.meta import TypedObject, merge_by

MOUNTABLE_ONLY = "kubernetes.io/enforce-mountable-secrets"
"""The annotation that restricts pods of the account to the secrets that it lists."""


class ServiceAccount(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An identity for the processes in pods."""

    api_version: str = "v1"
    kind: str = "ServiceAccount"
    secrets: Annotated[tuple[ObjectReference, ...], merge_by("name")] = ()
    image_pull_secrets: tuple[LocalObjectReference, ...] = ()
    automount_service_account_token: bool | None = None


def warn_of_service_account(new: ServiceAccount, old: ServiceAccount | None) -> Iterator[str]:
    """The deprecated annotation about secrets, when it is set."""
    value = new.metadata.annotations.get(MOUNTABLE_ONLY)
    if value is not None and (old is None or old.metadata.annotations.get(MOUNTABLE_ONLY) != value):
        why = "deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"
        yield f"metadata.annotations[{MOUNTABLE_ONLY}]: {why}"

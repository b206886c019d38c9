"""ServiceAccount: who a pod is.

Its validation is that of metadata alone.

Source: api/core/v1/types.go, pkg/apis/core/validation/validation.go (v1.36).
"""

from typing import Annotated

from kubeactors.api.core.v1.references import LocalObjectReference, ObjectReference
from kubeactors.apimachinery.meta import TypedObject, merge_by


class ServiceAccount(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An identity for the processes in pods."""

    api_version: str = "v1"
    kind: str = "ServiceAccount"
    secrets: Annotated[tuple[ObjectReference, ...], merge_by("name")] = ()
    image_pull_secrets: tuple[LocalObjectReference, ...] = ()
    automount_service_account_token: bool | None = None

"""authentication.k8s.io/v1: TokenRequest."""

from kubeactors.api.authentication.v1.tokenrequest import (
    BoundObjectReference,
    TokenRequest,
    TokenRequestSpec,
    TokenRequestStatus,
)

__all__ = ["BoundObjectReference", "TokenRequest", "TokenRequestSpec", "TokenRequestStatus"]

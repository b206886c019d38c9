"""Errors of patches.

Source: apimachinery/pkg/util/mergepatch/errors.go (v1.36).
"""


class PatchError(ValueError):
    """The patch cannot be applied to this object; Kubernetes reports an internal error."""


class BadPatchError(PatchError):
    """The patch is malformed, whatever the object."""


class UnprocessablePatchError(PatchError):
    """The patch is well-formed, but cannot be applied to this object."""


class TooManyOperationsError(PatchError):
    """The patch has more operations than the API server accepts."""

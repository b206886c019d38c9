"""What can be wrong with a patch.

Source: apimachinery/pkg/util/mergepatch/errors.go (v1.36).
"""


class PatchError(ValueError):
    """The patch cannot be applied to this object, in a way that Kubernetes does not expect of clients."""


class BadPatchError(PatchError):
    """The patch makes no sense, whatever the object."""


class UnprocessablePatchError(PatchError):
    """The patch makes sense, but not for this object."""


class TooManyOperationsError(PatchError):
    """The patch is longer than the API server is willing to work through."""

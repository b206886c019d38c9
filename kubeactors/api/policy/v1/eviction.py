"""Eviction: a deletion of a pod that respects its disruption budget; posted to `pods/eviction`.

Source: api/policy/v1/types.go (v1.36).
"""

from kubeactors.apimachinery.meta import DeleteOptions, TypedObject


class Eviction(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Deletes the pod of the same name, if its disruption budget allows that."""

    api_version: str = "policy/v1"
    kind: str = "Eviction"
    delete_options: DeleteOptions | None = None

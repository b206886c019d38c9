"""Eviction: a deletion of a pod that asks its disruption budgets first; posted to `pods/eviction`.

Source: api/policy/v1/types.go (v1.36).
"""

from kubeactors.apimachinery.meta import DeleteOptions, TypedObject


class Eviction(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Asks to delete the pod of the same name, if that disrupts nobody too much."""

    api_version: str = "policy/v1"
    kind: str = "Eviction"
    delete_options: DeleteOptions | None = None

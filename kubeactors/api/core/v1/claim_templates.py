"""The claims in a StatefulSet: whole objects within another one, which are written with their types.

Source: Convert_apps_StatefulSetSpec_To_v1_StatefulSetSpec in pkg/apis/apps/v1/conversion.go (v1.36).
"""

from kubeactors.api.core.v1 import persistentvolumeclaim as claims
from kubeactors.apimachinery.meta import always


class PersistentVolumeClaim(claims.PersistentVolumeClaim, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What each pod's claim is made from."""

    api_version: str = always("v1")
    kind: str = always("PersistentVolumeClaim")

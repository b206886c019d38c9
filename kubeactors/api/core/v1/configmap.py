"""ConfigMap: settings for pods, as text or bytes.

Source: api/core/v1/types.go, pkg/apis/core/validation/validation.go (v1.36).
"""

from kubeactors.apimachinery.meta import TypedObject


class ConfigMap(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Settings by key; a key is a file name for pods that mount it. `binary_data` is base64 in JSON."""

    api_version: str = "v1"
    kind: str = "ConfigMap"
    immutable: bool | None = None
    data: dict[str, str] = {}
    binary_data: dict[str, bytes] = {}

"""Secret: settings that are shown to few.

Source: api/core/v1/types.go, pkg/apis/core/v1/defaults.go, pkg/apis/core/validation/validation.go (v1.36).
"""

from kubeactors.apimachinery.meta import TypedObject


class Secret(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Secret values by key, base64 in JSON. `string_data` is for writing only: it is merged into `data`."""

    api_version: str = "v1"
    kind: str = "Secret"
    immutable: bool | None = None
    data: dict[str, bytes] = {}
    string_data: dict[str, str] = {}
    type: str = ""

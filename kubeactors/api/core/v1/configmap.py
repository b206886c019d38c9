"""ConfigMap: settings for pods, as text or bytes.

Source: api/core/v1/types.go, pkg/apis/core/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.validation import validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, too_long
from kubeactors.apimachinery.meta import TypedObject

MAX_BYTES = 1024 * 1024
"""The maximum total size of the values of a ConfigMap or Secret."""

SEALED = "field is immutable when `immutable` is set"


class ConfigMap(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Settings by key; a key is a file name for pods that mount it. `binary_data` is base64 in JSON."""

    api_version: str = "v1"
    kind: str = "ConfigMap"
    immutable: bool | None = None
    data: dict[str, str] = {}
    binary_data: dict[str, bytes] = {}


def validate_config_map(config_map: ConfigMap) -> Iterator[FieldError]:
    """Keys are file names, each in one of the two maps only; the total size is at most 1 MiB.

    >>> [str(error) for error in validate_config_map(ConfigMap(data={"a": "1"}, binary_data={"a": b"1"}))]
    ['data[a]: Invalid value: "a": duplicate of key present in binaryData']
    """
    for key in config_map.data:
        yield from validate_text(key, f"data[{key}]", names.config_map_key)
        if key in config_map.binary_data:
            yield invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
    for key in config_map.binary_data:
        yield from validate_text(key, f"binaryData[{key}]", names.config_map_key)
    size = sum(map(names.byte_length, config_map.data.values())) + sum(map(len, config_map.binary_data.values()))
    if size > MAX_BYTES:
        yield too_long("[]", MAX_BYTES)


def validate_config_map_update(new: ConfigMap, old: ConfigMap) -> Iterator[FieldError]:
    """An immutable ConfigMap does not change."""
    if old.immutable:
        if not new.immutable:
            yield forbidden("immutable", SEALED)
        if new.data != old.data:
            yield forbidden("data", SEALED)
        if new.binary_data != old.binary_data:
            yield forbidden("binaryData", SEALED)
    yield from validate_config_map(new)

"""Secret: confidential settings.

Source: api/core/v1/types.go, pkg/apis/core/v1/{conversion,defaults}.go, pkg/apis/core/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.core.v1.configmap import MAX_BYTES, SEALED
from kubeactors.api.core.v1.key_pairs import problem_of_key_pair
from kubeactors.api.validation import validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, required, too_long
from kubeactors.apimachinery.jsontext import JSONSyntaxError, Pairs, parse
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.objectmeta import validate_immutable

OPAQUE = "Opaque"
SERVICE_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - the name of a type
DOCKER_CFG = "kubernetes.io/dockercfg"
DOCKER_CONFIG_JSON = "kubernetes.io/dockerconfigjson"
BASIC_AUTH = "kubernetes.io/basic-auth"
SSH_AUTH = "kubernetes.io/ssh-auth"
TLS = "kubernetes.io/tls"

SERVICE_ACCOUNT_NAME = "kubernetes.io/service-account.name"
"""The annotation of a token with the name of its account."""
SERVICE_ACCOUNT_UID = "kubernetes.io/service-account.uid"
"""The annotation of a token with the uid of its account."""

_REDACTED = "<secret contents redacted>"


class Secret(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Secret values by key, base64 in JSON. `string_data` is for writing only: it is merged into `data`."""

    api_version: str = "v1"
    kind: str = "Secret"
    immutable: bool | None = None
    data: dict[str, bytes] = {}
    string_data: dict[str, str] = {}
    type: str = ""


def default_secret(secret: Secret) -> Secret:
    """Merges `stringData` into `data`, where it overrides equal keys, and sets the type.

    >>> default_secret(Secret(string_data={"user": "admin"}, data={"user": b"x"})).data
    {'user': b'admin'}
    """
    if secret.string_data:
        plain = {key: value.encode() for key, value in secret.string_data.items()}
        secret = replace(secret, data={**secret.data, **plain}, string_data={})
    return secret if secret.type else replace(secret, type=OPAQUE)


def validate_secret(secret: Secret) -> Iterator[FieldError]:
    """Keys are file names, the total size is at most 1 MiB, and some types require keys."""
    for key in secret.data:
        yield from validate_text(key, f"data[{key}]", names.config_map_key)
    if sum(map(len, secret.data.values())) > MAX_BYTES:
        yield too_long("data", MAX_BYTES)
    yield from _validate_type(secret)


def validate_secret_update(new: Secret, old: Secret) -> Iterator[FieldError]:
    """The type is immutable; so is the data of an immutable Secret."""
    yield from validate_immutable(new.type, old.type, "type")
    if old.immutable:
        if not new.immutable:
            yield forbidden("immutable", SEALED)
        if new.data != old.data:
            yield forbidden("data", SEALED)
    yield from validate_secret(new)


def secret_fields(secret: Secret) -> dict[str, str]:
    """The fields that field selectors support."""
    return {"type": secret.type}


def warn_of_secret(secret: Secret, _old: Secret | None) -> Iterator[str]:
    """A certificate and a key that do not match.

    Source: pkg/registry/core/secret/strategy.go (v1.36).
    """
    if secret.type == TLS:
        problem = problem_of_key_pair(secret.data.get("tls.crt", b""), secret.data.get("tls.key", b""))
        if problem:
            yield problem


def _validate_type(secret: Secret) -> Iterator[FieldError]:
    match secret.type:
        case "kubernetes.io/service-account-token":
            if not secret.metadata.annotations.get(SERVICE_ACCOUNT_NAME):
                yield required(f"metadata.annotations[{SERVICE_ACCOUNT_NAME}]")
        case "kubernetes.io/dockercfg":
            yield from _validate_json(secret, ".dockercfg")
        case "kubernetes.io/dockerconfigjson":
            yield from _validate_json(secret, ".dockerconfigjson")
        case "kubernetes.io/basic-auth":
            if "username" not in secret.data and "password" not in secret.data:
                yield from _missing(secret, "username", "password")
        case "kubernetes.io/ssh-auth":
            if not secret.data.get("ssh-privatekey"):
                yield required("data[ssh-privatekey]")
        case "kubernetes.io/tls":
            yield from _missing(secret, "tls.crt", "tls.key")
        case _:
            pass


def _missing(secret: Secret, *keys: str) -> Iterator[FieldError]:
    return (required(f"data[{key}]") for key in keys if key not in secret.data)


def _validate_json(secret: Secret, key: str) -> Iterator[FieldError]:
    if key not in secret.data:
        yield required(f"data[{key}]")
        return
    try:
        value = parse(secret.data[key])
    except JSONSyntaxError as error:
        yield invalid(f"data[{key}]", _REDACTED, str(error))
        return
    if not isinstance(value, Pairs | None):
        problem = f"json: cannot unmarshal {_go_type(value)} into Go value of type map[string]interface {{}}"
        yield invalid(f"data[{key}]", _REDACTED, problem)


def _go_type(value: object) -> str:
    """Go's name of a JSON value that is not an object."""
    match value:
        case str():
            return "string"
        case bool():
            return "bool"
        case list():
            return "array"
        case _:
            return "number"

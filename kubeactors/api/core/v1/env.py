"""Environment variables of containers.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from typing import ClassVar

from kubeactors.apimachinery.meta import Object, Quantity, always


class ConfigMapEnvSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """All entries of a ConfigMap as environment variables."""

    name: str = ""
    optional: bool | None = None


class SecretEnvSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """All entries of a Secret as environment variables."""

    name: str = ""
    optional: bool | None = None


class EnvFromSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A source of many variables: one of the references is set."""

    prefix: str = ""
    config_map_ref: ConfigMapEnvSource | None = None
    secret_ref: SecretEnvSource | None = None


class ObjectFieldSelector(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A field of the pod itself, by its path."""

    atomic: ClassVar[bool] = True
    api_version: str = ""
    field_path: str = always("")


class ResourceFieldSelector(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A request or limit of a container, divided by `divisor` and rounded up."""

    atomic: ClassVar[bool] = True
    container_name: str = ""
    resource: str = always("")
    divisor: Quantity = always("0")


class ConfigMapKeySelector(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One entry of a ConfigMap."""

    atomic: ClassVar[bool] = True
    name: str = ""
    key: str = always("")
    optional: bool | None = None


class SecretKeySelector(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One entry of a Secret."""

    atomic: ClassVar[bool] = True
    name: str = ""
    key: str = always("")
    optional: bool | None = None


class FileKeySelector(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One variable of an env file in a volume."""

    atomic: ClassVar[bool] = True
    volume_name: str = always("")
    path: str = always("")
    key: str = always("")
    optional: bool | None = None


class EnvVarSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The source of a variable's value: exactly one field is set."""

    field_ref: ObjectFieldSelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    config_map_key_ref: ConfigMapKeySelector | None = None
    secret_key_ref: SecretKeySelector | None = None
    file_key_ref: FileKeySelector | None = None


class EnvVar(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An environment variable. `value` may refer to earlier variables as `$(NAME)`."""

    name: str = always("")
    value: str = ""
    value_from: EnvVarSource | None = None

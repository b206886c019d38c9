"""Defaults of definitions.

Source: apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    NONE,
    CustomResourceConversion,
    CustomResourceDefinition,
    CustomResourceDefinitionVersion,
)
from kubeactors.api.apiextensions.v1.schema_shape import tidy


def default_definition(crd: CustomResourceDefinition) -> CustomResourceDefinition:
    """Names derived from the kind, and no conversion. Schemas lose the keywords that nobody knows.

    >>> from kubeactors.api.apiextensions.v1.customresourcedefinition import *
    >>> names = CustomResourceDefinitionNames(kind="Thing", plural="things")
    >>> default_definition(CustomResourceDefinition(spec=CustomResourceDefinitionSpec(names=names))).spec.names.singular
    'thing'
    """
    spec = crd.spec
    names = spec.names
    filled = replace(
        names,
        singular=names.singular or names.kind.lower(),
        list_kind=names.list_kind or (f"{names.kind}List" if names.kind else ""),
    )
    conversion = spec.conversion or CustomResourceConversion(strategy=NONE)
    webhook = conversion.webhook
    config = None if webhook is None else webhook.client_config
    if webhook is not None and config is not None and config.service is not None and config.service.port is None:
        config = replace(config, service=replace(config.service, port=443))
        conversion = replace(conversion, webhook=replace(webhook, client_config=config))
    versions = spec.versions and tuple(map(_with_tidy_schema, spec.versions))
    return replace(crd, spec=replace(spec, names=filled, conversion=conversion, versions=versions))


def _with_tidy_schema(version: CustomResourceDefinitionVersion) -> CustomResourceDefinitionVersion:
    validation = version.schema
    schema = None if validation is None else validation.open_api_v3_schema
    if validation is None or schema is None or (tidied := tidy(schema)) is schema:
        return version
    return replace(version, schema=replace(validation, open_api_v3_schema={**tidied}))

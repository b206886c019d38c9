"""Defaults of definitions.

Source: apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.apiextensions.v1.customresourcedefinition import (
    NONE,
    CustomResourceConversion,
    CustomResourceDefinition,
)


def default_definition(crd: CustomResourceDefinition) -> CustomResourceDefinition:
    """Names derived from the kind, and no conversion.

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
    return replace(crd, spec=replace(spec, names=filled, conversion=conversion))

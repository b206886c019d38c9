"""Defaults and validation of webhooks.

Source: pkg/apis/admissionregistration/validation/validation.go, v1/defaults.go, apiserver/pkg/util/webhook/validation.go
(v1.36).
"""

from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec.structs import replace

from kubeactors.api.admissionregistration.v1.matching import RuleWithOperations, ServiceReference, WebhookClientConfig
from kubeactors.api.admissionregistration.v1.rule_validation import (
    FAILURE_POLICIES,
    MATCH_POLICIES,
    WEBHOOK_VARIABLES,
    validate_conditions,
    validate_rule,
)
from kubeactors.api.admissionregistration.v1.webhooks import (
    MutatingWebhook,
    MutatingWebhookConfiguration,
    ValidatingWebhook,
    ValidatingWebhookConfiguration,
)
from kubeactors.api.validation import validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, invalid, not_supported, required
from kubeactors.apimachinery.labels import validate_selector
from kubeactors.apimachinery.meta import LabelSelector

W = TypeVar("W", ValidatingWebhook, MutatingWebhook)

NEVER, IF_NEEDED = "Never", "IfNeeded"
"""Whether a mutating webhook is called again after others have changed the object."""

_NO_SIDE_EFFECTS = ("None", "NoneOnDryRun")
_VERSIONS = ("v1", "v1beta1")
_EXAMPLE = "desired format: https://host[/path]"


def default_validating_webhooks(found: ValidatingWebhookConfiguration) -> ValidatingWebhookConfiguration:
    """Selectors match everything, the timeout is ten seconds, and the failure policy is Fail."""
    return replace(found, webhooks=tuple(_defaulted(one) for one in found.webhooks))


def default_mutating_webhooks(found: MutatingWebhookConfiguration) -> MutatingWebhookConfiguration:
    """The same; and no reinvocation."""
    hooks = (_defaulted(one) for one in found.webhooks)
    return replace(
        found, webhooks=tuple(replace(one, reinvocation_policy=one.reinvocation_policy or NEVER) for one in hooks)
    )


def _defaulted(hook: W) -> W:
    service = hook.client_config.service
    if service is not None and service.port is None:
        service = replace(service, port=443)
    return replace(
        hook,
        client_config=replace(hook.client_config, service=service),
        failure_policy=hook.failure_policy or "Fail",
        match_policy=hook.match_policy or "Equivalent",
        namespace_selector=hook.namespace_selector or LabelSelector(),
        object_selector=hook.object_selector or LabelSelector(),
        timeout_seconds=10 if hook.timeout_seconds is None else hook.timeout_seconds,
        rules=tuple(with_scope(rule) for rule in hook.rules),
    )


def with_scope(rule: RuleWithOperations) -> RuleWithOperations:
    """A rule with a scope, any by default."""
    return rule if rule.scope is not None else replace(rule, scope="*")


def validate_validating_webhooks(found: ValidatingWebhookConfiguration) -> Iterator[FieldError]:
    """Each webhook is valid, and names are unique."""
    return _validate_all(found.webhooks)


def validate_validating_webhooks_update(
    new: ValidatingWebhookConfiguration, _old: ValidatingWebhookConfiguration
) -> Iterator[FieldError]:
    """Everything is mutable."""
    return _validate_all(new.webhooks)


def validate_mutating_webhooks(found: MutatingWebhookConfiguration) -> Iterator[FieldError]:
    """Each webhook is valid, and names are unique."""
    yield from _validate_all(found.webhooks)
    for i, hook in enumerate(found.webhooks):
        if hook.reinvocation_policy not in (None, NEVER, IF_NEEDED):
            yield not_supported(f"webhooks[{i}].reinvocationPolicy", hook.reinvocation_policy, (IF_NEEDED, NEVER))


def validate_mutating_webhooks_update(
    new: MutatingWebhookConfiguration, _old: MutatingWebhookConfiguration
) -> Iterator[FieldError]:
    """Everything is mutable."""
    return validate_mutating_webhooks(new)


def _validate_all(hooks: tuple[W, ...]) -> Iterator[FieldError]:
    seen: list[str] = []
    for i, hook in enumerate(hooks):
        yield from _validate(hook, f"webhooks[{i}]")
        yield from _validate_versions(hook.admission_review_versions or (), f"webhooks[{i}].admissionReviewVersions")
        if hook.name and hook.name in seen:
            yield duplicate(f"webhooks[{i}].name", hook.name)
        seen.append(hook.name)


def _validate(hook: W, path: str) -> Iterator[FieldError]:
    yield from _validate_name(hook.name, f"{path}.name")
    for i, rule in enumerate(hook.rules):
        yield from validate_rule(rule, f"{path}.rules[{i}]")
    if hook.failure_policy not in (None, *FAILURE_POLICIES):
        yield not_supported(f"{path}.failurePolicy", hook.failure_policy, FAILURE_POLICIES)
    if hook.match_policy not in (None, *MATCH_POLICIES):
        yield not_supported(f"{path}.matchPolicy", hook.match_policy, MATCH_POLICIES)
    if hook.side_effects is None:
        yield required(f"{path}.sideEffects", f"must specify one of {', '.join(_NO_SIDE_EFFECTS)}")
    elif hook.side_effects not in _NO_SIDE_EFFECTS:
        yield not_supported(f"{path}.sideEffects", hook.side_effects, _NO_SIDE_EFFECTS)
    seconds = hook.timeout_seconds
    if seconds is not None and not 1 <= seconds <= 30:
        yield invalid(f"{path}.timeoutSeconds", seconds, "the timeout value must be between 1 and 30 seconds")
    yield from validate_selector(hook.namespace_selector, f"{path}.namespaceSelector")
    yield from validate_selector(hook.object_selector, f"{path}.objectSelector")
    yield from validate_client_config(hook.client_config, f"{path}.clientConfig")
    yield from validate_conditions(hook.match_conditions, f"{path}.matchConditions", WEBHOOK_VARIABLES)


def _validate_name(name: str, path: str) -> Iterator[FieldError]:
    if not name:
        yield required(path)
        return
    yield from validate_text(name, path, names.dns1123_subdomain)
    if name.count(".") < 2:
        yield invalid(path, name, "should be a domain with at least three segments separated by dots")


def _validate_versions(versions: tuple[str, ...], path: str) -> Iterator[FieldError]:
    if not versions:
        yield required(path, f"must specify one of {', '.join(_VERSIONS)}")
        return
    for i, version in enumerate(versions):
        if version in versions[:i]:
            yield invalid(f"{path}[{i}]", version, "duplicate version")
        else:
            yield from validate_text(version, f"{path}[{i}]", names.dns1035_label)
    if not any(version in _VERSIONS for version in versions):
        yield invalid(path, list(versions), f"must include at least one of {', '.join(_VERSIONS)}")


def validate_client_config(config: WebhookClientConfig, path: str) -> Iterator[FieldError]:
    """A URL or a service, not both."""
    if (config.url is None) == (config.service is None):
        yield required(path, "exactly one of url or service is required")
    elif config.url is not None:
        yield from _validate_url(config.url, f"{path}.url")
    elif config.service is not None:
        yield from _validate_service(config.service, f"{path}.service")


def _validate_url(url: str, path: str) -> Iterator[FieldError]:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        yield required(path, f"url must be a valid URL: {error}; {_EXAMPLE}")
        return
    if parts.scheme != "https":
        yield invalid(path, parts.scheme, f"'https' is the only allowed URL scheme; {_EXAMPLE}")
    if not parts.hostname:
        yield invalid(path, parts.netloc, f"host must be specified; {_EXAMPLE}")
    if parts.username is not None:
        user = parts.netloc.rpartition("@")[0]
        yield invalid(path, user, "user information is not permitted in the URL")
    if parts.fragment:
        yield invalid(path, parts.fragment, "fragments are not permitted in the URL")
    if parts.query:
        yield invalid(path, parts.query, "query parameters are not permitted in the URL")


def _validate_service(service: ServiceReference, path: str) -> Iterator[FieldError]:
    if not service.name:
        yield required(f"{path}.name", "service name is required")
    if not service.namespace:
        yield required(f"{path}.namespace", "service namespace is required")
    for message in names.port_number(service.port or 0):
        yield invalid(f"{path}.port", service.port, f"port is not valid: {message}")
    if service.path:
        yield from _validate_path(service.path, f"{path}.path")


def _validate_path(value: str, path: str) -> Iterator[FieldError]:
    if not value.startswith("/"):
        yield invalid(path, value, "must start with a '/'")
    if value in ("", "/"):
        return
    steps = value[1:].removesuffix("/").split("/")
    for i, step in enumerate(steps):
        if not step:
            yield invalid(path, value, f"segment[{i}] may not be empty")
            return
        for message in names.dns1123_subdomain(step):
            yield invalid(path, value, f"segment[{i}]: {message}")

"""Validation of host names and DNS settings of pods."""

from collections.abc import Iterator

from kubeactors.api.core.v1.podspec import HostAlias, PodDNSConfig, PodSpec
from kubeactors.api.core.v1.validation.common import messages, subdomain
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, required
from kubeactors.apimachinery.ip import validate_legacy_ip

_MAX_NAMESERVERS = 3
_MAX_SEARCHES = 32
_MAX_SEARCH_CHARS = 2048
_MAX_HOSTNAME = 64


def validate_dns_config(spec: PodSpec, path: str) -> Iterator[FieldError]:
    """The policy None needs nameservers; lists have a maximum length."""
    config = spec.dns_config
    if spec.dns_policy == "None":
        if config is None:
            yield required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
            return
        if not config.nameservers:
            why = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            yield required(f"{path}.nameservers", why)
            return
    if config is not None:
        yield from _config(config, path)


def _config(config: PodDNSConfig, path: str) -> Iterator[FieldError]:
    if len(config.nameservers) > _MAX_NAMESERVERS:
        why = f"must not have more than {_MAX_NAMESERVERS} nameservers"
        yield invalid(f"{path}.nameservers", config.nameservers, why)
    for i, server in enumerate(config.nameservers):
        yield from validate_legacy_ip(server, f"{path}.nameservers[{i}]")
    if len(config.searches) > _MAX_SEARCHES:
        yield invalid(f"{path}.searches", config.searches, f"must not have more than {_MAX_SEARCHES} search paths")
    if len(" ".join(config.searches)) > _MAX_SEARCH_CHARS:
        why = f"must not have more than {_MAX_SEARCH_CHARS} characters (including spaces) in the search list"
        yield invalid(f"{path}.searches", config.searches, why)
    for i, search in enumerate(config.searches):
        if search != ".":
            domain = search.removesuffix(".")
            yield from messages(f"{path}.searches[{i}]", domain, names.dns1123_subdomain_with_underscore(domain))
    for i, option in enumerate(config.options):
        if not option.name:
            yield required(f"{path}.options[{i}]", "must not be empty")


def validate_host_aliases(aliases: tuple[HostAlias, ...], path: str) -> Iterator[FieldError]:
    """Addresses and host names are valid."""
    for i, alias in enumerate(aliases):
        yield from validate_legacy_ip(alias.ip, f"{path}[{i}].ip")
        for j, hostname in enumerate(alias.hostnames):
            yield from subdomain(f"{path}[{i}].hostnames[{j}]", hostname)


def validate_hostname_override(spec: PodSpec, hostname: str, path: str) -> Iterator[FieldError]:
    """A host name of at most 64 characters, without conflicting settings."""
    if len(hostname) > _MAX_HOSTNAME:
        yield invalid(f"{path}.hostnameOverride", hostname, f"must be no more than {_MAX_HOSTNAME} characters")
    yield from subdomain(f"{path}.hostnameOverride", hostname)
    if spec.host_network:
        yield forbidden(f"{path}.hostnameOverride", "may not be specified when hostNetwork is true")
    if spec.set_hostname_as_fqdn:
        yield forbidden(f"{path}.hostnameOverride", "may not be specified when setHostnameAsFQDN is true")

"""The contents of `/etc/hostname`, `/etc/hosts` and `/etc/resolv.conf` in a pod. Pure.

Source: pkg/kubelet/kubelet_pods.go managedHostsFileContent and GeneratePodHostNameAndDomain, pkg/kubelet/network/dns/dns.go
(v1.36); the order of the lines in resolv.conf is containerd's.
"""

from collections.abc import Iterator

from kubeactors.api.core.v1 import PodSpec
from kubeactors.api.core.v1.podspec import PodDNSConfig, PodDNSConfigOption

DNS_SERVER = "10.96.0.10"
"""The usual address of a cluster's DNS, which is not served here."""
DOMAIN = "cluster.local"
MOST_OF_A_NAME = 63
_LOCAL = """\
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
"""
_OPTIONS = (PodDNSConfigOption(name="ndots", value="5"),)


def hostname_of(spec: PodSpec, name: str, namespace: str) -> str:
    """The pod's hostname.

    >>> hostname_of(PodSpec(), "web-0", "shop"), hostname_of(PodSpec(hostname="web"), "web-0", "shop")
    ('web-0', 'web')
    >>> hostname_of(PodSpec(subdomain="web", set_hostname_as_fqdn=True), "web-0", "shop")
    'web-0.web.shop.svc.cluster.local'
    """
    if spec.hostname_override:
        return spec.hostname_override
    short = spec.hostname or name[:MOST_OF_A_NAME].rstrip("-.")
    domain = _domain_of(spec, namespace)
    return f"{short}.{domain}" if spec.set_hostname_as_fqdn and domain else short


def hosts_file(spec: PodSpec, name: str, namespace: str, ip: str) -> str:
    """The content of `/etc/hosts`."""
    first = f"# Kubernetes-managed hosts file{' (host network)' if spec.host_network else ''}.\n"
    own = hostname_of(spec, name, namespace)
    domain = "" if spec.hostname_override else _domain_of(spec, namespace)
    full = f"{own}.{domain}\t" if domain and not own.endswith(domain) else ""
    aliases = "".join("\t".join((one.ip, *one.hostnames)) + "\n" for one in spec.host_aliases)
    return f"{first}{_LOCAL}{ip}\t{full}{own}\n" + (f"\n# Entries added by HostAliases.\n{aliases}" if aliases else "")


def resolver_file(spec: PodSpec, namespace: str) -> str:
    r"""The content of `/etc/resolv.conf`.

    >>> resolver_file(PodSpec(), "shop")
    'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n'
    """
    of_cluster = spec.dns_policy != "None"
    given = spec.dns_config or PodDNSConfig()
    searches = ((f"{namespace}.svc.{DOMAIN}", f"svc.{DOMAIN}", DOMAIN) if of_cluster else ()) + given.searches
    servers = ((DNS_SERVER,) if of_cluster else ()) + given.nameservers
    options = {one.name: one.value for one in ((*_OPTIONS, *given.options) if of_cluster else given.options)}
    return "".join(_lines(searches, servers, options))


def _lines(searches: tuple[str, ...], servers: tuple[str, ...], options: dict[str, str | None]) -> Iterator[str]:
    if searches:
        yield f"search {' '.join(dict.fromkeys(searches))}\n"
    for one in dict.fromkeys(servers):
        yield f"nameserver {one}\n"
    if options:
        yield f"options {' '.join(name if value is None else f'{name}:{value}' for name, value in options.items())}\n"


def _domain_of(spec: PodSpec, namespace: str) -> str:
    return f"{spec.subdomain}.{namespace}.svc.{DOMAIN}" if spec.subdomain else ""

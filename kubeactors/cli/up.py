"""`kubeactors up`: a cluster for kubectl, until Ctrl-C."""

import math
import os
import socket
import tempfile
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import anyio
import msgspec
from cyclopts import Parameter
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kubeactors.actor import SystemFailed
from kubeactors.apiserver.config import ApiServerConfig
from kubeactors.apiserver.http.serving import AddressInUse
from kubeactors.cli.audit import audit_log
from kubeactors.cli.errors import UsageError, said
from kubeactors.cli.logs import log_to_stderr
from kubeactors.cli.loop import interrupted, run
from kubeactors.cli.scheduler_config import scheduler_configuration
from kubeactors.cluster import Cluster, ClusterSpec, NodePool, StorageError
from kubeactors.cluster.data_dir import NotADataDir, claim
from kubeactors.cluster.kubeconfig import KubeconfigTaken, check_kubeconfig
from kubeactors.cluster.machines import POD_NETWORK
from kubeactors.cluster.pki import PkiError, ensure_pki
from kubeactors.cluster.spec import Etcd, Timing
from kubeactors.controllers.nodeipam.controller import MASK_SIZE
from kubeactors.kubelet.eviction import SIGNALS, threshold

USUAL_PORT, HIGHEST_PORT = 6443, 65535
SMALLEST_POOL = 4
USUAL_GRACE, LEAST_GRACE = Timing().node_monitor_grace_seconds, 1.0


class Ready(msgspec.Struct, frozen=True):
    """What `up --output json` prints when the cluster is ready."""

    server: str
    kubeconfig: str
    dns: str | UnsetType = UNSET
    event: str = "ready"


USUAL_CIDR = ClusterSpec().cluster_cidr
SIGNAL_NAMES = tuple(one.name for one in SIGNALS)


def up(  # noqa: PLR0913 -- the options of the command
    *,
    nodes: Annotated[int, Parameter(help="Number of simulated nodes.")] = 3,
    host: Annotated[str, Parameter(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="Port to listen on; 0 for a free one.")] = USUAL_PORT,
    data_dir: Annotated[Path | None, Parameter(help="Directory for state and certificates.")] = None,
    in_memory: Annotated[bool, Parameter(help="Keep state and certificates only until the command ends.")] = False,
    kubeconfig: Annotated[Path | None, Parameter(help="Kubeconfig to write; by default in the data directory.")] = None,
    dns_port: Annotated[int | None, Parameter(help="Answer DNS queries on this port; 0 for a free one.")] = None,
    services: Annotated[
        bool, Parameter(help="Serve Services: cluster IP 10.x.y.z at 127.x.y.z, and node ports.")
    ] = False,
    load_balancers: Annotated[str, Parameter(help="Address range for load balancers, such as 127.64.0.0/16.")] = "",
    scheduler_config: Annotated[Path | None, Parameter(help="KubeSchedulerConfiguration file.")] = None,
    node_monitor_grace_seconds: Annotated[
        float, Parameter(help="Seconds until a node without heartbeats is NotReady.")
    ] = USUAL_GRACE,
    cluster_cidr: Annotated[
        str, Parameter(help="Allocate the nodes' pod CIDRs from this range, such as 10.244.0.0/16.")
    ] = "",
    eviction_hard: Annotated[
        str, Parameter(help="Eviction thresholds of kubelets, such as memory.available<1Gi,pid.available<10%.")
    ] = "",
    etcd_servers: Annotated[
        str,
        Parameter(
            help="Keep state in this etcd, such as http://127.0.0.1:2379, instead of the data directory; separate several "
            "members by commas."
        ),
    ] = "",
    etcd_prefix: Annotated[str, Parameter(help="Prefix of all keys in etcd.")] = "kubeactors/",
    etcd_cafile: Annotated[Path | None, Parameter(help="CA certificates for etcd over HTTPS.")] = None,
    etcd_certfile: Annotated[Path | None, Parameter(help="Client certificate for etcd.")] = None,
    etcd_keyfile: Annotated[Path | None, Parameter(help="Key of the client certificate for etcd.")] = None,
    etcd_user: Annotated[str, Parameter(help="User name for etcd.")] = "",
    etcd_password_file: Annotated[Path | None, Parameter(help="File with the password for etcd.")] = None,
    audit_log_path: Annotated[
        str,
        Parameter(
            help="Append a line of JSON for each write over HTTPS to this file; - for standard output.",
            allow_leading_hyphen=True,
        ),
    ] = "",
    audit_log_maxsize: Annotated[int, Parameter(help="Size in MiB at which the audit log is rotated; 0: never.")] = 100,
    audit_log_maxbackup: Annotated[int, Parameter(help="Number of old audit logs to keep; 0: all.")] = 100,
    audit_log_maxage: Annotated[int, Parameter(help="Days to keep old audit logs; 0: for ever.")] = 366,
    audit_policy_file: Annotated[
        Path | None, Parameter(help="Policy (audit.k8s.io/v1) that says which requests the audit log records instead.")
    ] = None,
    output: Literal["text", "json"] = "text",
) -> int:
    """Run a cluster and serve it over HTTPS until SIGTERM or Ctrl-C."""
    if in_memory and data_dir is not None:
        raise UsageError("--in-memory keeps nothing, --data-dir keeps everything; choose one")
    if in_memory and etcd_servers:
        raise UsageError("--in-memory keeps nothing, --etcd-servers keeps the state; choose one")
    if nodes < 0:
        raise UsageError("--nodes must not be negative")
    for option, given in (("--port", port), ("--dns-port", dns_port or 0)):
        if not 0 <= given <= HIGHEST_PORT:
            raise UsageError(f"{option} {given}: must be from 0 to {HIGHEST_PORT}; 0 takes a free port")
    if not LEAST_GRACE <= node_monitor_grace_seconds < math.inf:
        raise UsageError(f"--node-monitor-grace-seconds {node_monitor_grace_seconds}: must be at least {LEAST_GRACE}")
    if load_balancers:
        _check_pool(load_balancers)
    if cluster_cidr:
        _check_cluster_cidr(cluster_cidr)
    scheduler = scheduler_configuration(scheduler_config) if scheduler_config else None
    etcd = Etcd(
        server=etcd_servers,
        prefix=etcd_prefix,
        ca_file=etcd_cafile,
        cert_file=etcd_certfile,
        key_file=etcd_keyfile,
        user=etcd_user,
        password=_password(etcd_password_file),
    )
    spec = ClusterSpec(
        etcd=_checked(etcd) if etcd_servers else None,
        audit=audit_log(audit_log_path, audit_policy_file, audit_log_maxsize, audit_log_maxbackup, audit_log_maxage),
        nodes=NodePool(count=nodes, eviction_hard=thresholds(eviction_hard)),
        timing=Timing.noticing_within(node_monitor_grace_seconds),
        scheduler=scheduler,
        load_balancer_pool=load_balancers,
        cluster_cidr=cluster_cidr or USUAL_CIDR,
        allocate_node_cidrs=bool(cluster_cidr),
    )
    directory = data_dir or default_data_dir()
    log_to_stderr()
    return run(_up, spec, host, port, directory, in_memory, kubeconfig, dns_port, services, output)


def _checked(etcd: Etcd) -> Etcd:
    for address in map(urlsplit, etcd.servers):
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise UsageError(
                f"--etcd-servers {etcd.server}: must be addresses, such as http://127.0.0.1:2379, separated by commas"
            )
    if bool(etcd.cert_file) != bool(etcd.key_file):
        raise UsageError("--etcd-certfile and --etcd-keyfile must be given together")
    if bool(etcd.user) != bool(etcd.password):
        raise UsageError("--etcd-user and --etcd-password-file must be given together")
    if not etcd.prefix:
        raise UsageError("--etcd-prefix must not be empty")
    return etcd


def _password(path: Path | None) -> str:
    """The first line of a file; none without a file.

    Raises:
        UsageError: it cannot be read, or is empty.
    """
    if path is None:
        return ""
    try:
        password = path.read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--etcd-password-file {said(error)}") from error
    if not password:
        raise UsageError(f"--etcd-password-file {path}: the first line must be the password, and is empty")
    return password


def thresholds(text: str) -> dict[str, str]:
    """Eviction thresholds by signal, from the syntax of the kubelet's option `--eviction-hard`.

    >>> thresholds("memory.available<1Gi,pid.available<10%")
    {'memory.available': '1Gi', 'pid.available': '10%'}

    Raises:
        UsageError: a signal is unknown, or its threshold is not a quantity or percentage.
    """
    found: dict[str, str] = {}
    for one in text.split(",") if text else ():
        signal, _, least = one.partition("<")
        if signal not in SIGNAL_NAMES:
            raise UsageError(f"--eviction-hard {one}: must be SIGNAL<QUANTITY; signals are {', '.join(SIGNAL_NAMES)}")
        try:
            threshold(least, 0)
        except ValueError as error:
            raise UsageError(f"--eviction-hard {one}: {least!r} is neither a quantity nor a percentage") from error
        found[signal] = least
    return found


def default_data_dir() -> Path:
    """The user's data directory for this program. Source: XDG Base Directory Specification."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "kubeactors"


def _check_pool(cidr: str) -> None:
    try:
        size = IPv4Network(cidr).num_addresses
    except ValueError as error:
        raise UsageError(f"--load-balancers {cidr}: not a range of IPv4 addresses such as 127.64.0.0/16") from error
    if size < SMALLEST_POOL:
        raise UsageError(f"--load-balancers {cidr}: too small: its first two addresses and its last are reserved")


def _check_cluster_cidr(cidr: str) -> None:
    try:
        fits = IPv4Network(cidr).subnet_of(POD_NETWORK) and IPv4Network(cidr).prefixlen <= MASK_SIZE
    except ValueError as error:
        raise UsageError(f"--cluster-cidr {cidr}: not a range of IPv4 addresses such as 10.244.0.0/16") from error
    if not fits:
        raise UsageError(f"--cluster-cidr {cidr}: must be part of {POD_NETWORK} with room for a /{MASK_SIZE}")


async def _up(  # noqa: PLR0913, PLR0917 -- the options of the command
    spec: ClusterSpec,
    host: str,
    port: int,
    data_dir: Path,
    in_memory: bool,  # noqa: FBT001
    kubeconfig: Path | None,
    dns_port: int | None,
    services: bool,  # noqa: FBT001
    output: str,
) -> int:
    """Raises UsageError: something is missing or taken; later, the store is lost."""
    try:
        return await _serve(spec, host, port, data_dir, in_memory, kubeconfig, dns_port, services, output)
    except SystemFailed as failure:
        if isinstance(failure.__cause__, StorageError):
            raise UsageError(said(failure.__cause__)) from failure
        raise


async def _serve(  # noqa: PLR0913, PLR0917 -- the options of the command
    spec: ClusterSpec,
    host: str,
    port: int,
    data_dir: Path,
    in_memory: bool,  # noqa: FBT001
    kubeconfig: Path | None,
    dns_port: int | None,
    services: bool,  # noqa: FBT001
    output: str,
) -> int:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(interrupted(stack.enter_context(anyio.CancelScope())))
        try:
            directory = data_dir
            if in_memory:
                directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kubeactors-")))
            claim(directory)
            kubeconfig = kubeconfig or directory / "kubeconfig"
            check_kubeconfig(kubeconfig)
            port = port or _free_port(host)
            spec = _served(spec, host, port, directory, in_memory=in_memory)
            cluster = await stack.enter_async_context(Cluster(spec=spec))
            serving = cluster.serve(directory / "pki", host=host, port=port, kubeconfig=kubeconfig)
            url = await stack.enter_async_context(serving)
            if services:
                await stack.enter_async_context(cluster.serve_services())
            dns: str | UnsetType = UNSET
            if dns_port is not None:
                asked_at = await stack.enter_async_context(cluster.serve_dns(host=host, port=dns_port))
                dns = "{}:{}".format(*asked_at)
        except (AddressInUse, NotADataDir, KubeconfigTaken, StorageError, PkiError, OSError) as error:
            raise UsageError(said(error)) from error
        _announce(Ready(server=url, kubeconfig=str(kubeconfig), dns=dns), output)
        await anyio.sleep_forever()
    return 0


def _free_port(host: str) -> int:
    """A free port: the Service `kubernetes` needs it before the server listens.

    0 if the host has none; the server will say why.
    """
    with suppress(OSError):
        (family, kind, protocol, _, address) = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(address)
            return int(probe.getsockname()[1])
    return 0


def _served(spec: ClusterSpec, host: str, port: int, directory: Path, *, in_memory: bool) -> ClusterSpec:
    """The spec completed with what is needed to serve the cluster from this directory."""
    pki = ensure_pki(directory / "pki", [host], datetime.now(UTC))  # noqa: TID251 -- certificates live in real time
    return replace(
        spec,
        server=ApiServerConfig(advertise_port=port),
        data_dir=None if in_memory else directory,
        root_ca=pki.ca_certificate.read_text(encoding="ascii"),
        signing_key=pki.ca_key.read_bytes(),
        account_key=pki.service_account_key.read_bytes(),
        power_switch=True,
        leader_elect=True,
    )


def _announce(ready: Ready, output: str) -> None:
    if output == "json":
        print(msgspec.json.encode(ready).decode(), flush=True)
    else:
        names = f"   names at {ready.dns}" if ready.dns else ""
        print(f"ready: {ready.server}   export KUBECONFIG={ready.kubeconfig}{names}", flush=True)

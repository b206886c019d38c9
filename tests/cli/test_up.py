"""`kubeactors up`: its interface to scripts, and its messages about bad input."""

import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import dns.message
import dns.query
import pytest

from tests.kubectl.conftest import find_kubectl, ready, stop, up
from tests.storage.etcd_server import ETCD, EtcdServer


def said(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "kubeactors", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def test_up_writes_a_private_kubeconfig_says_ready_and_stops_cleanly(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    process = up("--in-memory", "--kubeconfig", str(kubeconfig))
    line = ready(process)
    mode = kubeconfig.stat().st_mode & 0o777
    assert stop(process) == 0
    assert (line["event"], line["kubeconfig"], mode) == ("ready", str(kubeconfig), 0o600)
    assert line["server"].startswith("https://127.0.0.1:")


def test_state_survives_a_restart(tmp_path: Path) -> None:
    found: list[str] = []
    for _ in range(2):
        process = up("--data-dir", str(tmp_path), "--nodes", "1")
        config = f"--kubeconfig={ready(process)['kubeconfig']}"
        command = [find_kubectl(), config, "get", "namespace", "default", "--output", "jsonpath={.metadata.uid}"]
        found.append(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)
        assert stop(process) == 0
    assert found[0]
    assert found[0] == found[1]


def test_the_service_of_the_api_server_has_its_port() -> None:
    process = up("--in-memory", "--nodes", "0")
    said = ready(process)
    config = f"--kubeconfig={said['kubeconfig']}"
    command = [find_kubectl(), config, "get", "endpointslice", "kubernetes", "--output", "jsonpath={.ports[0].port}"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert stop(process) == 0
    assert found == said["server"].rpartition(":")[2]


def test_up_answers_dns_queries_at_the_printed_address() -> None:
    process = up("--in-memory", "--nodes", "0", "--dns-port", "0")
    host, _, port = ready(process)["dns"].partition(":")
    query = dns.message.make_query("kubernetes.default.svc.cluster.local", "A")
    reply = dns.query.udp(query, host, timeout=10, port=int(port))
    assert stop(process) == 0
    assert reply.answer[0].to_text() == "kubernetes.default.svc.cluster.local. 5 IN A 10.96.0.1"


SERVED = """
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: web, image: "python://tests.cluster.test_services:serve"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
"""


def test_up_forwards_node_ports_to_pods_if_asked_to() -> None:
    process = up("--in-memory", "--nodes", "1", "--services")
    kubectl = [find_kubectl(), f"--kubeconfig={ready(process)['kubeconfig']}"]
    subprocess.run([*kubectl, "apply", "--filename=-"], input=SERVED, text=True, timeout=60, check=True)
    command = [*kubectl, "get", "service", "web", "--output", "jsonpath={.spec.ports[0].nodePort}"]
    port = int(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)
    said = b""
    for _ in range(300):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            said = connection.recv(100)
            break
        time.sleep(0.1)  # noqa: TID251 -- the cluster is another process
    assert stop(process) == 0
    assert said.startswith(b"127.128.")


def test_a_port_in_use_is_reported() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, error = said("up", "--in-memory", "--port", str(taken.getsockname()[1]))
    assert code == 2
    assert "the address is in use" in error
    assert "Traceback" not in error


def test_a_data_dir_in_use_is_reported(tmp_path: Path) -> None:
    process = up("--data-dir", str(tmp_path), "--nodes", "1")
    ready(process)
    code, error = said("up", "--data-dir", str(tmp_path), "--port", "0")
    assert stop(process) == 0
    assert (code, "Traceback" in error) == (2, False)
    assert error.count("\n") == 1


def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"somebody's diary")
    code, error = said("up", "--data-dir", str(tmp_path), "--port", "0")
    assert (code, "Traceback" in error) == (2, False)
    assert (tmp_path / "store.db").read_bytes() == b"somebody's diary"


@pytest.mark.skipif(ETCD is None, reason="etcd is not installed")
def test_state_is_in_etcd_if_one_is_named(tmp_path: Path) -> None:
    found: list[str] = []
    with EtcdServer(tmp_path / "etcd") as etcd:
        for _ in range(2):
            process = up("--data-dir", str(tmp_path / "certificates"), "--nodes", "1", "--etcd-servers", etcd.url)
            config = f"--kubeconfig={ready(process)['kubeconfig']}"
            command = [find_kubectl(), config, "get", "namespace", "default", "--output", "jsonpath={.metadata.uid}"]
            found.append(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)
            assert stop(process) == 0
        code, error = said(
            "up", "--data-dir", str(tmp_path / "other"), "--port", "0", "--etcd-servers", "http://[::1]:1"
        )
    assert found[0]
    assert found[0] == found[1]
    assert sorted(one.name for one in (tmp_path / "certificates").iterdir()) == ["kubeconfig", "pki"]
    assert (code, "check that etcd runs there" in error) == (2, True)


@pytest.mark.skipif(ETCD is None, reason="etcd is not installed")
def test_who_has_lost_its_store_to_another_ends_with_a_sentence(tmp_path: Path) -> None:
    with EtcdServer(tmp_path / "etcd") as etcd:
        options = ("--nodes", "1", "--etcd-servers", etcd.url)
        loser = up("--data-dir", str(tmp_path / "loser"), *options)
        ready(loser)
        winner = up("--data-dir", str(tmp_path / "winner"), *options)
        ready(winner)
        _, error = loser.communicate(timeout=60)
        assert stop(winner) == 0
    last = error.splitlines()[-1]
    assert loser.returncode == 2
    assert last.startswith(f"kubeactors: {etcd.url} kubeactors/: taken over by another store; use another prefix")
    assert "Traceback" not in error


@pytest.mark.skipif(ETCD is None, reason="etcd is not installed")
def test_an_etcd_that_was_killed_and_comes_back_is_waited_for(tmp_path: Path) -> None:
    with EtcdServer(tmp_path / "etcd") as etcd:
        process = up("--data-dir", str(tmp_path / "data"), "--nodes", "0", "--etcd-servers", etcd.url)
        kubectl = (find_kubectl(), f"--kubeconfig={ready(process)['kubeconfig']}")
        etcd.kill()
        create = [*kubectl, "create", "configmap", "kept"]
        refused = subprocess.run(create, capture_output=True, text=True, timeout=60, check=False)
        etcd.start()
        while subprocess.run(create, capture_output=True, timeout=60, check=False).returncode:
            found = subprocess.run([*kubectl, "get", "configmap", "kept"], capture_output=True, timeout=60, check=False)
            if not found.returncode:
                break  # what was refused may have been written all the same
        assert stop(process) == 0
    assert refused.returncode != 0


def test_contradictory_options_are_rejected() -> None:
    assert said("up", "--in-memory", "--data-dir", "x")[0] == 2
    assert said("up", "--nodes", "-1")[0] == 2
    assert said("up", "--nodes", "three")[0] == 2


def test_bench_prints_one_object() -> None:
    command = [sys.executable, "-m", "kubeactors", "bench", "--nodes", "5", "--pods", "50", "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    result = json.loads(done.stdout)
    assert (result["nodes"], result["pods"], result["complete"]) == (5, 50, True)
    assert {"seconds", "pods_per_second", "startup_latency_seconds", "peak_rss_bytes"} <= result.keys()
    assert result["startup_latency_seconds"].keys() == {"p50", "p90", "p99"}


def test_the_demo_runs_to_its_end_in_a_pipe() -> None:
    command = [sys.executable, "-m", "kubeactors", "demo"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "their pods run elsewhere" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--port", "99999"), "--port 99999: must be from 0 to 65535; 0 takes a free port"),
        (("--dns-port", "-1"), "--dns-port -1: must be from 0 to 65535; 0 takes a free port"),
        (
            ("--load-balancers", "10.0.0.1/8"),
            "--load-balancers 10.0.0.1/8: not a range of IPv4 addresses such as 127.64.0.0/16",
        ),
        (
            ("--cluster-cidr", "192.168.0.0/16"),
            "--cluster-cidr 192.168.0.0/16: must be part of 10.128.0.0/9 with room for a /24",
        ),
        (
            ("--eviction-hard", "cpu.available<1"),
            (
                "--eviction-hard cpu.available<1: must be SIGNAL<QUANTITY;"
                " signals are memory.available, nodefs.available, pid.available"
            ),
        ),
        (
            ("--eviction-hard", "memory.available<much"),
            "--eviction-hard memory.available<much: 'much' is neither a quantity nor a percentage",
        ),
        (
            ("--node-monitor-grace-seconds", "0"),
            "--node-monitor-grace-seconds 0.0: must be at least 1.0",
        ),
        (
            ("--etcd-servers", "127.0.0.1:2379"),
            "--etcd-servers 127.0.0.1:2379: must be addresses, such as http://127.0.0.1:2379, separated by commas",
        ),
        (
            ("--in-memory", "--etcd-servers", "http://127.0.0.1:2379"),
            "--in-memory keeps nothing, --etcd-servers keeps the state; choose one",
        ),
        (("--audit-log-maxage", "-1"), "--audit-log-maxage -1 can't be a negative number"),
        (("--audit-policy-file", "p.yaml"), "--audit-policy-file is of no use without --audit-log-path"),
        (
            ("--audit-log-path", "-", "--audit-policy-file", "no/policy.yaml"),
            "--audit-policy-file no/policy.yaml: No such file or directory",
        ),
        (("--in-memory", "--audit-log-path", "."), ".: Is a directory"),
        (("--in-memory", "--kubeconfig", "."), ".: a directory; the kubeconfig needs a file of its own"),
        (("--data-dir", "pyproject.toml"), "pyproject.toml: not a directory; use another data directory"),
        (("--in-memory", "--host", "192.0.2.1"), "192.0.2.1:0 cannot be listened at: Cannot assign requested address"),
    ],
)
def test_bad_input_is_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    assert said("up", *(() if "--port" in arguments else ("--port", "0")), *arguments) == (
        2,
        f"kubeactors: {sentence}\n",
    )


CONFIGURATION = """
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: packer
  pluginConfig:
  - {name: NodeResourcesFit, args: {scoringStrategy: {type: MostAllocated}}}
"""


def test_up_has_the_profiles_of_a_scheduler_configuration(tmp_path: Path) -> None:
    path = tmp_path / "scheduler.yaml"
    path.write_text(CONFIGURATION)
    process = up("--in-memory", "--nodes", "1", "--scheduler-config", str(path))
    kubectl = [find_kubectl(), f"--kubeconfig={ready(process)['kubeconfig']}"]
    packed = json.dumps({"spec": {"schedulerName": "packer"}})
    for arguments in (
        ("run", "packed", "--image=x", f"--overrides={packed}"),
        ("wait", "--for=condition=Ready", "pod/packed", "--timeout=30s"),
    ):
        subprocess.run([*kubectl, *arguments], check=True, capture_output=True, timeout=60)
    assert stop(process) == 0


@pytest.mark.parametrize(
    ("wrong", "right", "sentence"),
    [
        ("profiles", "profile", 'scheduler configuration: profile: unknown key; did you mean "profiles"?'),
        (
            "scoringStrategy",
            "scoreStrategy",
            'pluginConfig of NodeResourcesFit: scoreStrategy: unknown key; did you mean "scoringStrategy"?',
        ),
        (
            "pluginConfig",
            "plugins: {queueSort: {disabled: [{name: PrioritySort}]}}\n  pluginConfig",
            "only one queue sort plugin required for profile with scheduler name 'packer', but got 0",
        ),
        (
            "scheduler.config.k8s.io/v1",
            "scheduler.config.k8s.io/v1beta3",
            "scheduler configuration: KubeSchedulerConfiguration of kubescheduler.config.k8s.io/v1beta3, want KubeSchedulerConfiguration of kubescheduler.config.k8s.io/v1",
        ),
    ],
)
def test_a_wrong_scheduler_configuration_is_one_sentence(wrong: str, right: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "scheduler.yaml"
    path.write_text(CONFIGURATION.replace(wrong, right))
    code, error = said("up", "--in-memory", "--port", "0", "--scheduler-config", str(path))
    assert (code, error) == (2, f"kubeactors: {path}: {sentence}\n")


def test_a_wrong_audit_policy_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: Some}, {}]}")
    code, error = said("up", "--in-memory", "--audit-log-path", "-", "--audit-policy-file", str(path))
    level = '"Some": supported values: "None", "Metadata", "Request", "RequestResponse"'
    assert (code, error) == (
        2,
        (
            f"kubeactors: --audit-policy-file {path}: [rules[0].level: Unsupported value: {level}, "
            "rules[1].level: Required value]\n"
        ),
    )


def test_a_closed_pipe_is_no_error() -> None:
    command = [sys.executable, "-m", "kubeactors", "bench", "--nodes", "1", "--pods", "1", "--output", "json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (141, b"")


def test_a_foreign_directory_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    code, error = said("up", "--data-dir", str(tmp_path), "--port", "0")
    assert (code, error.count("\n")) == (2, 1)
    assert "holds diary.txt and nothing of kubeactors" in error
    assert [one.name for one in tmp_path.iterdir()] == ["diary.txt"]


def test_a_kubeconfig_with_other_clusters_is_left_alone(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text("clusters: [{name: production, cluster: {server: https://production}}]")
    code, error = said("up", "--in-memory", "--port", "0", "--kubeconfig", str(kubeconfig))
    assert (code, error.count("\n")) == (2, 1)
    assert "production" in kubeconfig.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at the process through /proc")
def test_an_interrupted_bench_prints_what_it_has_measured() -> None:
    command = [sys.executable, "-m", "kubeactors", "bench", "--nodes", "1", "--pods", "1000000", "--output", "json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not _catches_interrupts(process.pid):
        pass
    process.terminate()
    output, error = process.communicate(timeout=60)
    assert (process.returncode, error, json.loads(output)["complete"]) == (130, "", False)


def _catches_interrupts(pid: int) -> bool:
    """Whether the event loop of a process has taken over the signals: until then they end it, as any Python program."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)

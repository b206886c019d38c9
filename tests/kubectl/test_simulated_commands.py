"""What the documentation of Kubernetes shows with busybox: commands run in simulated containers, by kubectl.

Source: kubernetes.io/docs/tasks and /docs/concepts; the examples are shortened, and their sleeps too.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Kubectl

pytestmark = pytest.mark.kubectl

Apply = Callable[[str, str], None]

COUNTER = """
apiVersion: v1
kind: Pod
metadata: {name: counter}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: count
    image: busybox
    args: [/bin/sh, -c, 'i=0; while true; do echo "$i: $(date)"; i=$((i+1)); sleep 1; done']
"""
SIDECAR = """
apiVersion: v1
kind: Pod
metadata: {name: app}
spec:
  terminationGracePeriodSeconds: 0
  volumes: [{name: varlog, emptyDir: {}}]
  initContainers:
  - name: first
    image: busybox
    command: [sh, -c, "echo prepared > /var/log/1.log"]
    volumeMounts: [{name: varlog, mountPath: /var/log}]
  - name: log-1
    image: busybox
    restartPolicy: Always
    args: [/bin/sh, -c, 'tail -n+1 -F /var/log/1.log']
    volumeMounts: [{name: varlog, mountPath: /var/log}]
  containers:
  - name: count
    image: busybox
    args:
    - /bin/sh
    - -c
    - >
      i=0;
      while true;
      do
        echo "$i: $(date)" >> /var/log/1.log;
        i=$((i+1));
        sleep 1;
      done
    volumeMounts: [{name: varlog, mountPath: /var/log}]
"""
LIVENESS = """
apiVersion: v1
kind: Pod
metadata: {name: liveness-exec}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: liveness
    image: busybox
    args: [/bin/sh, -c, touch /tmp/healthy; sleep 3; rm -f /tmp/healthy; sleep 600]
    livenessProbe: {exec: {command: [cat, /tmp/healthy]}, periodSeconds: 1, failureThreshold: 2}
    lifecycle: {postStart: {exec: {command: [/bin/sh, -c, "echo Hello from the postStart handler > /usr/share/message"]}}}
"""
MESSAGE = """
apiVersion: v1
kind: Pod
metadata: {name: termination-demo}
spec:
  restartPolicy: Never
  containers:
  - name: demo
    image: debian
    command: [/bin/sh]
    args: [-c, sleep 0.2 && echo Sleep expired > /dev/termination-log; exit 3]
"""
DOWNWARD = """
apiVersion: v1
kind: Pod
metadata: {name: envars, labels: {zone: us-est}}
spec:
  restartPolicy: Never
  volumes:
  - {name: podinfo, downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}
  containers:
  - name: c
    image: busybox
    command: [sh, -c]
    args: ['if [ -e /etc/podinfo/labels ]; then cat /etc/podinfo/labels; fi; printenv MY_POD_NAME GREETING']
    env:
    - {name: MY_POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: GREETING, value: hello from $(MY_POD_NAME)}
    volumeMounts: [{name: podinfo, mountPath: /etc/podinfo}]
"""
INIT = """
apiVersion: v1
kind: Pod
metadata: {name: myapp}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: myapp, image: busybox, command: [sh, -c, echo The app is running! && sleep 3600]}]
  initContainers:
  - name: init-myservice
    image: busybox
    command:
    - sh
    - -c
    - until nslookup myservice.$(cat /var/run/secrets/kubernetes.io/serviceaccount/namespace).svc.cluster.local;
      do echo waiting for myservice; sleep 1; done
"""


@pytest.fixture
def apply(kubectl: Kubectl, namespace: str) -> Apply:
    """Apply a manifest, and wait until its pod is so."""

    def applied(manifest: str, until: str) -> None:
        kubectl("apply", "-n", namespace, "-f", "-", text=manifest)
        name = manifest.partition("metadata: {name: ")[2].partition("}")[0].partition(",")[0]
        kubectl("wait", "-n", namespace, f"--for={until}", f"pod/{name}", "--timeout=30s")

    return applied


READY, FAILED = "condition=Ready", "jsonpath={.status.phase}=Failed"
SUCCEEDED = "jsonpath={.status.phase}=Succeeded"


def test_a_command_is_run_and_its_pod_is_gone(kubectl: Kubectl, namespace: str) -> None:
    run = ("run", "-n", namespace, "--image=busybox", "--restart=Never", "--rm", "-i")
    assert kubectl(*run, "one", "--", "echo", "hi").startswith("hi\n")
    done = kubectl.run(*run, "two", "--", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (done.returncode, done.stdout.count("out\n")) == (3, 1)
    assert kubectl("get", "pods", "-n", namespace) == ""


def test_a_shell_takes_what_is_typed(kubectl: Kubectl, namespace: str) -> None:
    typed = "cat > /tmp/f <<E\nfrom $HOSTNAME\nE\nfor i in 1 2; do cat /tmp/f; done\nexit\n"
    run = ("run", "-n", namespace, "--image=busybox", "--restart=Never", "--rm", "-i", "sh", "--", "sh")
    assert kubectl(*run, text=typed).startswith("from sh\nfrom sh\n")


def test_a_job_of_a_command_completes_or_fails(kubectl: Kubectl, namespace: str) -> None:
    kubectl("create", "job", "fine", "-n", namespace, "--image=busybox", "--", "true")
    kubectl("create", "job", "slow", "-n", namespace, "--image=busybox", "--", "sleep", "1")
    kubectl("wait", "-n", namespace, "--for=condition=complete", "job/fine", "job/slow", "--timeout=30s")
    kubectl("run", "wrong", "-n", namespace, "--image=busybox", "--restart=Never", "--", "false")
    kubectl("wait", "-n", namespace, f"--for={FAILED}", "pod/wrong", "--timeout=30s")


def test_a_counter_is_logged_and_looked_at(kubectl: Kubectl, namespace: str, apply: Apply) -> None:
    apply(COUNTER, READY)
    for arguments in (["logs", "-f", "counter", "--tail=1"], ["attach", "counter"]):
        process = subprocess.Popen(
            [kubectl.program, *arguments, "-n", namespace],
            env=kubectl._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        process.kill()
        process.communicate()
        first, second = (int(one.partition(":")[0]) for one in lines)
        assert second == first + 1


def test_a_sidecar_shows_the_log_that_another_container_writes(kubectl: Kubectl, namespace: str, apply: Apply) -> None:
    apply(SIDECAR, READY)
    kubectl(
        "exec",
        "-n",
        namespace,
        "app",
        "-c",
        "count",
        "--",
        "sh",
        "-c",
        "until grep -q ^2: /var/log/1.log; do sleep 1; done",
    )
    lines = kubectl("logs", "-n", namespace, "app", "-c", "log-1").splitlines()
    assert lines[0] == "prepared"
    assert [one.partition(":")[0] for one in lines[1:3]] == ["0", "1"]
    assert kubectl("logs", "-n", namespace, "app", "-c", "count") == ""


def test_a_container_whose_probe_fails_is_started_again(kubectl: Kubectl, namespace: str, apply: Apply) -> None:
    apply(LIVENESS, READY)
    said = kubectl("exec", "-n", namespace, "liveness-exec", "--", "cat", "/usr/share/message")
    assert said == "Hello from the postStart handler\n"
    restarted = "jsonpath={.status.containerStatuses[0].restartCount}=1"
    kubectl("wait", "-n", namespace, f"--for={restarted}", "pod/liveness-exec", "--timeout=30s")
    described = kubectl("describe", "pod", "liveness-exec", "-n", namespace)
    assert "Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory" in described
    assert "Container liveness failed liveness probe, will be restarted" in described
    assert "Exit Code:    137" in described


def test_the_last_words_of_a_container_are_its_message(kubectl: Kubectl, namespace: str, apply: Apply) -> None:
    apply(MESSAGE, FAILED)
    template = "{{range .status.containerStatuses}}{{.state.terminated.exitCode}} {{.state.terminated.message}}{{end}}"
    assert kubectl("get", "pod", "-n", namespace, "termination-demo", f"-o=go-template={template}") == (
        "3 Sleep expired\n"
    )


def test_a_pod_sees_facts_about_itself(kubectl: Kubectl, namespace: str, apply: Apply) -> None:
    apply(DOWNWARD, SUCCEEDED)
    assert kubectl("logs", "-n", namespace, "envars") == 'zone="us-est"envars\nhello from envars\n'


def test_a_container_finds_services_by_its_environment(kubectl: Kubectl, namespace: str, apply: Apply) -> None:
    kubectl("create", "service", "clusterip", "my-nginx", "--tcp=80", "-n", namespace)
    apply(COUNTER, READY)
    address = kubectl("get", "service", "my-nginx", "-n", namespace, "-o=jsonpath={.spec.clusterIP}")
    said = kubectl("exec", "-n", namespace, "counter", "--", "printenv").splitlines()
    assert {f"MY_NGINX_SERVICE_HOST={address}", "MY_NGINX_SERVICE_PORT=80", "KUBERNETES_SERVICE_PORT_HTTPS=443"} < set(
        said
    )


def test_an_init_container_waits_for_a_service(kubectl: Kubectl, namespace: str, apply: Apply) -> None:
    apply(INIT, "jsonpath={.status.initContainerStatuses[0].started}=true")
    kubectl("create", "service", "clusterip", "myservice", "--tcp=80", "-n", namespace)
    kubectl("wait", "-n", namespace, f"--for={READY}", "pod/myapp", "--timeout=30s")
    assert kubectl("logs", "-n", namespace, "myapp", "-c", "myapp") == "The app is running!\n"
    said = kubectl("logs", "-n", namespace, "myapp", "-c", "init-myservice")
    assert f"Name:\tmyservice.{namespace}.svc.cluster.local" in said


def test_files_are_copied_both_ways(kubectl: Kubectl, namespace: str, apply: Apply, tmp_path: Path) -> None:
    apply(COUNTER, READY)
    there = tmp_path / "there"
    (there / "deep").mkdir(parents=True)
    (there / "deep" / "file").write_bytes(bytes(range(256)) * 100)
    kubectl("cp", "-n", namespace, str(there), "counter:/tmp/there")
    assert kubectl("exec", "-n", namespace, "counter", "--", "wc", "-c", "/tmp/there/deep/file").split()[0] == "25600"
    kubectl("cp", "-n", namespace, "counter:/tmp/there", str(tmp_path / "back"))
    assert (tmp_path / "back" / "deep" / "file").read_bytes() == bytes(range(256)) * 100


def test_a_pod_is_debugged_from_a_shell(kubectl: Kubectl, namespace: str, apply: Apply) -> None:
    apply(COUNTER, READY)
    debug = ("debug", "-n", namespace, "counter", "-i", "-q", "--image=busybox", "--profile=general", "--", "sh")
    assert "one two" in kubectl(*debug, text="x='one two'\necho $x\nexit\n")


NAMED = """
apiVersion: v1
kind: Pod
metadata: {name: named}
spec:
  hostname: web-1
  subdomain: web
  hostAliases: [{ip: 192.0.2.1, hostnames: [foo.local, bar.local]}]
  dnsConfig: {nameservers: [192.0.2.2], searches: [shop.example], options: [{name: ndots, value: "2"}, {name: edns0}]}
  containers: [{name: c, image: nginx}]
"""


def test_a_pod_knows_names_as_its_spec_says(kubectl: Kubectl, namespace: str, apply: Apply) -> None:
    apply(NAMED, READY)
    address = kubectl("get", "pod", "named", "-n", namespace, "-o", "jsonpath={.status.podIP}")

    def told(*command: str) -> str:
        return kubectl("exec", "named", "-n", namespace, "--", *command)

    assert told("hostname") == "web-1\n"
    assert told("hostname", "-i") == f"{address}\n"
    lines = told("cat", "/etc/hosts").splitlines()
    assert lines[:2] == ["# Kubernetes-managed hosts file.", "127.0.0.1\tlocalhost"]
    assert lines[-4:] == [
        f"{address}\tweb-1.web.{namespace}.svc.cluster.local\tweb-1",
        "",
        "# Entries added by HostAliases.",
        "192.0.2.1\tfoo.local\tbar.local",
    ]
    assert told("cat", "/etc/resolv.conf").splitlines() == [
        f"search {namespace}.svc.cluster.local svc.cluster.local cluster.local shop.example",
        "nameserver 10.96.0.10",
        "nameserver 192.0.2.2",
        "options ndots:2 edns0",
    ]

"""Containers that execute their command, on a kubelet in virtual time."""

from collections.abc import Callable

from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, Container, Pod, PodSpec, Probe, SecurityContext
from kubeactors.api.core.v1.container import VolumeMount
from kubeactors.api.core.v1.env import EnvVar, EnvVarSource, ObjectFieldSelector
from kubeactors.api.core.v1.probe import ExecAction, Lifecycle, LifecycleHandler
from kubeactors.api.core.v1.security import PodSecurityContext
from kubeactors.api.core.v1.volume import ConfigMapVolumeSource, EmptyDirVolumeSource, Volume
from kubeactors.apimachinery.meta import ObjectMeta, OwnerReference
from kubeactors.apimachinery.time import parse_time
from kubeactors.kubelet import Attach, Log, ReadLog, Session
from kubeactors.kubelet.runtimes import Behaviour
from kubeactors.kubelet.runtimes.streams import Ended, Output, Stdin, StdinClosed, Stdout
from kubeactors.testing.heard import Heard
from tests.kubelet.plane import Plane, a_pod

SECOND = 1_000_000_000
READ_ONLY = SecurityContext(read_only_root_filesystem=True)
HEALTHY = "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600"


def is_running(pod: Pod) -> bool:
    return pod.status.phase == "Running"


def is_over(pod: Pod) -> bool:
    return pod.status.phase in {"Succeeded", "Failed"}


def has_restarted(pod: Pod) -> bool:
    return bool(pod.status.container_statuses) and pod.status.container_statuses[0].restart_count > 0


def a_shell(script: str, **more: Probe | Lifecycle | SecurityContext) -> Container:
    return Container(name="c", image="busybox", command=("sh", "-c", script), **more)  # type: ignore[arg-type]


def ran(plane: Plane, container: Container, until: Callable[[Pod], bool], seconds: float = 120.0, **pod: int) -> Pod:
    policy = "Always" if until is has_restarted else "Never"
    plane.create(a_pod("p", container, node_name="node-0", restart_policy=policy, grace_seconds=pod.get("grace")))
    return plane.run_until_pod("p", until, seconds)


def lines(plane: Plane) -> tuple[str, ...]:
    log = plane.sim.ask(plane.kubelets["node-0"], ReadLog(namespace="default", pod="p", container="c"))
    assert isinstance(log, Log)
    return log.lines


def test_a_container_runs_as_the_user_that_its_security_context_names() -> None:
    plane = Plane(nodes=1)
    container = a_shell("id; id -u; id -G; whoami; ps", security_context=SecurityContext(run_as_group=3000))
    pod = a_pod("p", container, node_name="node-0", restart_policy="Never")
    context = PodSecurityContext(run_as_user=1000, run_as_group=1, fs_group=2000, supplemental_groups=(4000,))
    plane.create(replace(pod, spec=replace(pod.spec, security_context=context)))
    plane.run_until_pod("p", is_over, 60.0)
    assert lines(plane)[:5] == (
        "uid=1000 gid=3000 groups=2000,3000,4000",
        "1000",
        "2000 3000 4000",
        "whoami: unknown uid 1000",
        "PID   USER     TIME  COMMAND",
    )
    assert [line.split()[1] for line in lines(plane)[5:]] == ["1000"]


def test_the_liveness_example_of_the_documentation_is_restarted() -> None:
    plane = Plane(nodes=1)
    probe = Probe(
        exec=ExecAction(command=("cat", "/tmp/healthy")),
        initial_delay_seconds=5,
        period_seconds=5,
        failure_threshold=3,
        timeout_seconds=1,
        success_threshold=1,
    )
    pod = ran(plane, a_shell(HEALTHY, liveness_probe=probe), has_restarted, grace=30)
    over = pod.status.container_statuses[0].last_state.terminated

    assert over is not None
    assert (over.exit_code, over.reason) == (137, "Error")
    assert over.started_at is not None
    assert over.finished_at is not None
    lasted = (parse_time(over.finished_at) - parse_time(over.started_at)) // SECOND
    assert 30 + 10 + 30 <= lasted <= 30 + 15 + 30 + 1  # unhealthy, detected by the third probe, then the grace period
    told = [(one.reason, one.message, one.count) for one in plane.events("p") if one.reason in {"Unhealthy", "Killing"}]
    failed = "Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory\n"
    assert told == [
        ("Unhealthy", failed, 3),
        ("Killing", "Container c failed liveness probe, will be restarted", 1),
    ]


def test_the_main_process_is_killed_after_the_grace_period_unless_it_traps_sigterm() -> None:
    plane = Plane(nodes=1)
    for name, script in (("deaf", "sleep 1000"), ("polite", "trap 'echo bye; exit 0' TERM; sleep 1000 & wait")):
        plane.create(a_pod(name, a_shell(script), node_name="node-0", grace_seconds=20))
        plane.run_until_pod(name, is_running)
        plane.delete_pod(name)
    plane.sim.run(2.0)
    assert plane.find_pod("polite") is None
    plane.sim.run(16.0)
    assert plane.find_pod("deaf") is not None
    plane.sim.run(3.0)
    assert plane.find_pod("deaf") is None


def test_a_container_whose_command_fails_is_restarted_with_back_off() -> None:
    plane = Plane(nodes=1)
    ran(plane, a_shell("echo trying; sleep 2; exit 4"), has_restarted)
    plane.sim.run(5.0)
    state = plane.pod("p").status.container_statuses[0].state.waiting
    assert state is not None
    assert state.reason == "CrashLoopBackOff"
    assert lines(plane) == ("trying",)


def test_declared_behavior_takes_precedence_over_the_command() -> None:
    plane = Plane(nodes=1, behaviour=Behaviour(run_seconds=3.0, exit_code=5))
    pod = ran(plane, a_shell("exec sleep 100"), is_over)
    over = pod.status.container_statuses[0].state.terminated
    assert over is not None
    assert over.exit_code == 5


def test_fallback_to_logs_on_error_makes_the_end_of_the_log_the_termination_message() -> None:
    plane = Plane(nodes=1)
    container = Container(
        name="c",
        image="busybox",
        args=("sh", "-c", "echo one; echo two >&2; exit 2"),
        termination_message_policy="FallbackToLogsOnError",
    )
    over = ran(plane, container, is_over).status.container_statuses[0].state.terminated
    assert over is not None
    assert over.message == "one\ntwo"


def test_an_exec_hook_runs_in_the_container_for_as_long_as_its_command_takes() -> None:
    plane = Plane(nodes=1)
    script = "sleep 6; cat /tmp/ready; exit 7"
    hook = LifecycleHandler(exec=ExecAction(command=("sh", "-c", "sleep 4; echo yes > /tmp/ready")))
    plane.create(
        a_pod("p", a_shell(script, lifecycle=Lifecycle(post_start=hook)), node_name="node-0", restart_policy="Never")
    )
    plane.sim.run(3.0)
    assert not is_running(plane.pod("p"))
    plane.run_until_pod("p", is_over)
    assert lines(plane) == ("yes",)


def test_a_probe_that_times_out_fails() -> None:
    plane = Plane(nodes=1)
    probe = Probe(exec=ExecAction(command=("sleep", "5")), period_seconds=10, timeout_seconds=2, failure_threshold=1)
    ran(plane, a_shell("sleep 1000", readiness_probe=probe), is_running)
    plane.sim.run(13.0)
    told = [one.message for one in plane.events("p") if one.reason == "Unhealthy"]
    assert told == ['Readiness probe failed: command timed out: "sleep 5" timed out after 2s']


def test_a_read_only_root_filesystem_cannot_be_written() -> None:
    plane = Plane(nodes=1)
    context = SecurityContext(read_only_root_filesystem=True)
    ran(plane, a_shell("echo x > /tmp/f || echo refused", security_context=context), is_over)
    assert lines(plane) == ("sh: can't create /tmp/f: Read-only file system", "refused")


def test_a_container_with_a_tty_and_no_command_is_an_interactive_shell() -> None:
    plane = Plane(nodes=1)
    ran(plane, Container(name="c", image="busybox", stdin=True, tty=True), is_running)
    output: Heard[Output] = Heard()
    attached = plane.sim.ask(
        plane.kubelets["node-0"], Attach(namespace="default", pod="p", container="c", output=output)
    )
    assert isinstance(attached, Session)
    plane.sim.run(100.0)
    attached.input.tell(Stdin(b"echo $HOSTNAME\r"))
    attached.input.tell(Stdin(b"exit 3\r"))
    pod = plane.run_until_pod("p", is_over)
    shown = b"".join(one.data for one in output.messages if isinstance(one, Stdout))
    assert shown == b"echo $HOSTNAME\r\nexit 3\r\np\r\n$ "
    assert output.messages[-1] == Ended(0)
    over = pod.status.container_statuses[0].state.terminated
    assert over is not None
    assert over.exit_code == 3


def test_a_container_with_stdin_and_no_command_is_a_shell_that_runs_its_input() -> None:
    plane = Plane(nodes=1)
    ran(plane, Container(name="c", image="busybox", stdin=True, stdin_once=True), is_running)
    output: Heard[Output] = Heard()
    attached = plane.sim.ask(
        plane.kubelets["node-0"], Attach(namespace="default", pod="p", container="c", output=output)
    )
    assert isinstance(attached, Session)
    attached.input.tell(Stdin(b"echo a; (exit 4)"))
    attached.input.tell(StdinClosed())
    pod = plane.run_until_pod("p", is_over)
    assert output.messages == [Stdout(b"a\n"), Ended(0)]
    over = pod.status.container_statuses[0].state.terminated
    assert over is not None
    assert over.exit_code == 4


def test_sub_path_expr_expands_environment_variables() -> None:
    plane = Plane(nodes=1)
    mounts = (
        VolumeMount(name="logs", mount_path="/logs", sub_path_expr="$(POD)"),
        VolumeMount(name="logs", mount_path="/all", read_only=True),
    )
    field = EnvVarSource(field_ref=ObjectFieldSelector(field_path="metadata.name"))
    container = Container(
        name="c",
        image="busybox",
        command=("sh", "-c", "echo x > /logs/hello.txt; ls /all; ls /all/p; touch /all/f"),
        env=(EnvVar(name="POD", value_from=field),),
        volume_mounts=mounts,
    )
    spec = PodSpec(volumes=(Volume(name="logs", empty_dir=EmptyDirVolumeSource()),))
    plane.create(a_pod("p", container, node_name="node-0", restart_policy="Never", spec=spec))
    plane.run_until_pod("p", is_over)
    assert lines(plane) == ("p", "hello.txt", "touch: /all/f: Read-only file system")


def test_an_unknown_program_runs_forever() -> None:
    plane = Plane(nodes=1)
    commands = (
        ("[x]",),
        ("/app/server", "--flag"),
        ("nginx", "-g", "daemon off;"),
        ("sh", "-c", "echo; apt-get update"),
    )
    for number, command in enumerate(commands):
        container = Container(name="c", image="x", command=command)
        plane.create(a_pod(f"p{number}", container, node_name="node-0", restart_policy="Never"))
    plane.sim.run(600.0)
    assert [plane.pod(f"p{number}").status.phase for number in range(len(commands))] == ["Running"] * len(commands)


def test_an_endless_loop_costs_few_messages() -> None:
    def messages(script: str) -> int:
        plane = Plane(nodes=1)
        ran(plane, a_shell(script), is_running)
        before = plane.sim.kernel.total_handled()
        plane.sim.run(600.0)
        return plane.sim.kernel.total_handled() - before

    silent, looping = messages("sleep 10000"), messages("while true; do date; sleep 1; done")
    assert looping - silent < 200


def a_script(*words: str) -> Container:
    return Container(name="c", image="x", command=words)


def of_a_job(name: str, *containers: Container, policy: str = "Never") -> Pod:
    pod = a_pod(name, *containers, node_name="node-0", restart_policy=policy)
    owner = OwnerReference(api_version="batch/v1", kind="Job", name="j", uid="j", controller=True)
    return replace(pod, metadata=replace(pod.metadata, owner_references=(owner,)))


def test_an_unknown_program_of_a_job_succeeds() -> None:
    plane = Plane(nodes=1)
    unknown = a_script("python", "-c", "print(1)")
    plane.create(of_a_job("job", unknown, Container(name="d", image="perl")))
    plane.create(a_pod("init", Container(name="d", image="web"), init=(unknown,), node_name="node-0"))
    plane.run_until_pod("job", is_over)
    plane.run_until_pod("init", is_running)
    ended = [one.state.terminated for one in plane.pod("job").status.container_statuses]
    assert [(one.exit_code, one.reason) for one in ended if one is not None] == [(0, "Completed")] * 2
    assert plane.pod("init").status.init_container_statuses[0].state.terminated is not None


def test_the_exit_code_of_an_unknown_program_of_a_job_can_be_declared() -> None:
    plane = Plane(nodes=1, behaviour=Behaviour(run_seconds=100.0, exit_code=3))
    plane.create(of_a_job("job", a_script("make")))
    plane.sim.run(90.0)
    assert plane.pod("job").status.phase == "Running"
    assert plane.run_until_pod("job", is_over).status.phase == "Failed"


def test_a_script_of_a_job_treats_unknown_programs_as_successful() -> None:
    plane = Plane(nodes=1)
    script = "set -e; apt-get update && echo updated; until pg_isready -h db; do sleep 2; done; echo there; exit 4"
    plane.create(of_a_job("p", a_script("bash", "-c", script)))
    over = plane.run_until_pod("p", is_over).status.container_statuses[0].state.terminated
    assert over is not None
    assert over.exit_code == 4
    assert lines(plane) == ("updated", "there")


def test_a_script_of_a_job_can_copy_files_that_its_image_may_have() -> None:
    plane = Plane(nodes=1)
    script = "cp -n /usr/local/bin/tool /shared/ && cp -r /plugins/. /shared && test -x /shared/tool && ls /shared"
    mounted = (VolumeMount(name="v", mount_path="/shared"),)
    copies = replace(a_shell(script), volume_mounts=mounted, security_context=READ_ONLY)
    missing = replace(a_shell("cp /shared/nothing /tmp/ || cp /tmp/nothing /shared"), name="d", volume_mounts=mounted)
    pod = of_a_job("p", copies, missing)
    volumes = (Volume(name="v", empty_dir=EmptyDirVolumeSource()),)
    plane.create(replace(pod, spec=replace(pod.spec, volumes=volumes)))
    ended = [one.state.terminated for one in plane.run_until_pod("p", is_over).status.container_statuses]
    assert [one.exit_code for one in ended if one is not None] == [0, 1]
    assert lines(plane) == ("tool",)


def test_a_script_with_unknown_programs_is_not_run_in_a_server() -> None:
    plane = Plane(nodes=1)
    plane.create(a_pod("p", a_script("bash", "-c", "apt-get update; exit 4"), node_name="node-0"))
    plane.sim.run(30.0)
    assert is_running(plane.pod("p"))


def test_a_script_from_a_config_map_runs() -> None:
    plane = Plane(nodes=1)
    plane.create(
        ConfigMap(
            metadata=ObjectMeta(name="scripts", namespace="default"),
            data={"run.sh": "#!/bin/sh\necho hello $1\nexit 5\n"},
        )
    )
    volume = Volume(name="v", config_map=ConfigMapVolumeSource(name="scripts", default_mode=0o755))
    container = replace(
        a_script("/scripts/run.sh", "you"), volume_mounts=(VolumeMount(name="v", mount_path="/scripts"),)
    )
    plane.create(a_pod("p", container, node_name="node-0", restart_policy="Never", spec=PodSpec(volumes=(volume,))))
    over = plane.run_until_pod("p", is_over).status.container_statuses[0].state.terminated
    assert over is not None
    assert over.exit_code == 5
    assert lines(plane) == ("hello you",)


def test_the_job_example_of_the_documentation_prints_pi() -> None:
    plane = Plane(nodes=1)
    plane.create(of_a_job("p", a_script("perl", "-Mbignum=bpi", "-wle", "print bpi(2000)")))
    plane.run_until_pod("p", is_over)
    (line,) = lines(plane)
    assert (len(line), line[:22], line[992:1002]) == (2001, "3.14159265358979323846", "2164201989")

"""Volumes made from API objects: links, modes, and updates."""

import re
from pathlib import Path

from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, Container, PodSpec, ResourceRequirements
from kubeactors.api.core.v1.container import VolumeMount
from kubeactors.api.core.v1.env import ObjectFieldSelector, ResourceFieldSelector
from kubeactors.api.core.v1.volume import (
    ConfigMapVolumeSource,
    DownwardAPIVolumeFile,
    DownwardAPIVolumeSource,
    KeyToPath,
    Volume,
)
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.kubelet import Log, ReadLog
from kubeactors.kubelet.runtimes import Mount
from kubeactors.kubelet.runtimes.published import publish_on_disk
from tests.kubelet.plane import Plane, a_pod

SECOND = 1_000_000_000
WATCH = (
    'seen=""; while true; do now=$(readlink /etc/conf/..data); '
    'if [ "$now" != "$seen" ]; then cat /etc/conf/a; ls /etc/conf; seen=$now; fi; sleep 1; done'
)
ITEMS = (KeyToPath(key="a", path="a", mode=0o400), KeyToPath(key="b", path="deep/b"))


def a_map(**data: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name="conf", namespace="default"), data=data)


def runs(plane: Plane, script: str, *volumes: Volume, sub_path: str = "", **limits: str) -> None:
    container = Container(
        name="c",
        image="busybox",
        command=("sh", "-c", script),
        resources=ResourceRequirements(limits=limits),
        volume_mounts=tuple(
            VolumeMount(name=one.name, mount_path=f"/etc/{one.name}", sub_path=sub_path) for one in volumes
        ),
    )
    plane.create(a_pod("p", container, node_name="node-0", restart_policy="Never", spec=PodSpec(volumes=volumes)))
    plane.run_until_pod("p", lambda pod: pod.status.phase != "Pending")
    plane.sim.run(2.0)


def lines(plane: Plane) -> tuple[str, ...]:
    log = plane.sim.ask(plane.kubelets["node-0"], ReadLog(namespace="default", pod="p", container="c"))
    assert isinstance(log, Log)
    return log.lines


def test_a_volume_links_to_its_newest_files_with_their_modes() -> None:
    plane = Plane(nodes=1)
    plane.create(a_map(a="one\n", b="two\n"))
    source = ConfigMapVolumeSource(name="conf", items=ITEMS, default_mode=0o640)
    runs(plane, "cd /etc/conf; ls -la; ls -l ..data/ deep/; cat a deep/b", Volume(name="conf", config_map=source))
    shown = [re.sub(r" +\d root +root +\d+ \w{3} +\d+ \d\d:\d\d", "", one) for one in lines(plane)]
    version = shown[4].partition(" -> ")[2]
    assert re.fullmatch(r"\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d{9}", version)
    assert shown == [
        "total 12",
        "drwxr-xr-x .",
        "drwxr-xr-x ..",
        f"drwxr-xr-x {version}",
        f"lrwxrwxrwx ..data -> {version}",
        "lrwxrwxrwx a -> ..data/a",
        "lrwxrwxrwx deep -> ..data/deep",
        "..data/:",
        "total 8",
        "-r-------- a",
        "drwxr-xr-x deep",
        "",
        "deep/:",
        "total 4",
        "-rw-r----- b",
        "one",
        "two",
    ]


def test_a_volume_is_updated_atomically_within_a_minute() -> None:
    plane = Plane(nodes=1)
    plane.create(a_map(a="one", b="x"))
    runs(plane, WATCH, Volume(name="conf", config_map=ConfigMapVolumeSource(name="conf")))
    assert lines(plane) == ("onea", "b")
    found = plane.do(lambda: plane.client.get(ConfigMap, "conf", "default"))
    plane.do(lambda: plane.client.update(replace(found, data={"a": "two", "c": "y"})))
    plane.sim.run(62.0)
    assert lines(plane) == ("onea", "b", "twoa", "c")


def test_a_deleted_config_map_remains_visible_to_running_containers() -> None:
    plane = Plane(nodes=1)
    plane.create(a_map(a="one\n"))
    volume = Volume(name="conf", config_map=ConfigMapVolumeSource(name="conf"))
    runs(plane, "sleep 100; cat /etc/conf/a", volume)
    plane.do(lambda: plane.client.delete(ConfigMap, "conf", "default"))
    plane.sim.run(110.0)
    assert lines(plane) == ("one",)


def test_a_sub_path_mount_has_no_links_and_is_not_updated() -> None:
    plane = Plane(nodes=1)
    plane.create(a_map(a="one\n"))
    volume = Volume(name="conf", config_map=ConfigMapVolumeSource(name="conf"))
    runs(plane, "sleep 100; cat /etc/conf; [ -L /etc/conf ] || echo plain", volume, sub_path="a")
    found = plane.do(lambda: plane.client.get(ConfigMap, "conf", "default"))
    plane.do(lambda: plane.client.update(replace(found, data={"a": "two\n"})))
    plane.sim.run(110.0)
    assert lines(plane) == ("one", "plain")


def test_label_changes_reach_a_downward_api_volume() -> None:
    plane = Plane(nodes=1)
    items = (
        DownwardAPIVolumeFile(path="labels", field_ref=ObjectFieldSelector(field_path="metadata.labels")),
        DownwardAPIVolumeFile(
            path="cpu", resource_field_ref=ResourceFieldSelector(container_name="c", resource="limits.cpu")
        ),
    )
    volume = Volume(name="info", downward_api=DownwardAPIVolumeSource(items=items))
    runs(plane, "cat /etc/info/cpu; echo; sleep 10; cat /etc/info/labels", volume)
    pod = plane.pod("p")
    changed = replace(pod, metadata=replace(pod.metadata, labels={"app": "q"}))
    plane.do(lambda: plane.client.update(changed))
    plane.sim.run(10.0)
    assert lines(plane) == ("4", 'app="q"')


def test_symbolic_links_can_be_created_and_followed() -> None:
    plane = Plane(nodes=1)
    runs(
        plane,
        "mkdir /tmp/d; echo hi > /tmp/d/f; ln -s d /tmp/e; cat /tmp/e/f; readlink -f /tmp/e/f; ln -s x /tmp/x;"
        " cat /tmp/x; [ -L /tmp/e ] && rm /tmp/e; ls /tmp",
    )
    assert lines(plane) == ("hi", "/tmp/d/f", "cat: can't open '/tmp/x': Too many levels of symbolic links", "d", "x")


def test_a_real_directory_is_updated_as_a_simulated_one(tmp_path: Path) -> None:
    def publish(now: int, **files: str) -> None:
        contents = {name.replace("_", "/"): text.encode() for name, text in files.items()}
        publish_on_disk(Mount(path="/x", directory="d", files=contents, modes={"a": 0o600}), tmp_path, now)

    publish(SECOND, a="one", deep_b="two")
    first = (tmp_path / "..data").readlink()
    assert ((tmp_path / "a").read_text(), (tmp_path / "deep/b").read_text()) == ("one", "two")
    assert ((tmp_path / "a").stat().st_mode & 0o777, (tmp_path / "a").readlink()) == (0o600, Path("..data/a"))
    publish(2 * SECOND, a="one", deep_b="two")
    assert (tmp_path / "..data").readlink() == first
    publish(3 * SECOND, a="three")
    version = (tmp_path / "..data").readlink().name
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(["..data", "a", version])
    assert (version, (tmp_path / "a").read_text()) == ("..1970_01_01_00_00_03.000000000", "three")

"""Pods that verify what they get from ConfigMaps, Secrets and the downward API, as variables and as files.

Source: "ConfigMaps", "Downward API" and "Projected Volumes" in Kubernetes' documentation.
"""

from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    ConfigMapEnvSource,
    ConfigMapKeySelector,
    ConfigMapVolumeSource,
    Container,
    EmptyDirVolumeSource,
    EnvFromSource,
    EnvVar,
    EnvVarSource,
    KeyToPath,
    ObjectFieldSelector,
    PodSpec,
    ResourceFieldSelector,
    SecretKeySelector,
    SecretVolumeSource,
    Volume,
    VolumeMount,
)
from kubeactors.api.core.v1.volume import (
    ConfigMapProjection,
    DownwardAPIProjection,
    DownwardAPIVolumeFile,
    ProjectedVolumeSource,
    SecretProjection,
    VolumeProjection,
)

ROOT = "kube-root-ca.crt"
"""A ConfigMap that every namespace has: if it is deleted, it is recreated, and pods wait for it."""
NOWHERE = "none"
"""A missing, optional Secret."""
CHECK, WRONG = "check", 3
"""The init container that verifies, and its exit code if something is wrong."""


def _field(name: str, path: str) -> EnvVar:
    return EnvVar(name=name, value_from=EnvVarSource(field_ref=ObjectFieldSelector(field_path=path)))


TOLD = (
    EnvVar(name="CA", value_from=EnvVarSource(config_map_key_ref=ConfigMapKeySelector(name=ROOT, key="ca.crt"))),
    _field("NAME", "metadata.name"),
    _field("ADDRESS", "status.podIP"),
    EnvVar(name="BOTH", value="$(NAME)@$(ADDRESS)"),
)
ALL_TOLD = (
    *TOLD,
    _field("NODE", "spec.nodeName"),
    _field("APP", "metadata.labels['app']"),
    EnvVar(name="LITERAL", value="$$(NAME) $(NOBODY)"),
    EnvVar(name="CORES", value_from=EnvVarSource(resource_field_ref=ResourceFieldSelector(resource="limits.cpu"))),
    EnvVar(
        name="NOTHING",
        value_from=EnvVarSource(secret_key_ref=SecretKeySelector(name=NOWHERE, key=NOWHERE, optional=True)),
    ),
)
WHOLE = EnvFromSource(prefix="FROM_", config_map_ref=ConfigMapEnvSource(name=ROOT))
OWN_CORES = ResourceFieldSelector(resource="limits.cpu", container_name=CHECK)
ABSENT = KeyToPath(key=NOWHERE, path=NOWHERE)


def _item(path: str) -> KeyToPath:
    """The root certificate, as an executable file."""
    return KeyToPath(key="ca.crt", path=path, mode=0o500)


FACTS = ProjectedVolumeSource(
    sources=(
        VolumeProjection(
            downward_api=DownwardAPIProjection(
                items=(
                    DownwardAPIVolumeFile(path="name", field_ref=ObjectFieldSelector(field_path="metadata.name")),
                    DownwardAPIVolumeFile(path="cores", resource_field_ref=OWN_CORES, mode=0o500),
                    DownwardAPIVolumeFile(path="labels", field_ref=ObjectFieldSelector(field_path="metadata.labels")),
                )
            )
        ),
        VolumeProjection(config_map=ConfigMapProjection(name=ROOT)),
        VolumeProjection(config_map=ConfigMapProjection(name=ROOT, items=(_item("copy"), ABSENT), optional=True)),
        VolumeProjection(secret=SecretProjection(name=NOWHERE, optional=True)),
    )
)
VOLUMES = (
    Volume(name="all", config_map=ConfigMapVolumeSource(name=ROOT)),
    Volume(name="some", config_map=ConfigMapVolumeSource(name=ROOT, items=(_item("root"),))),
    Volume(name="few", config_map=ConfigMapVolumeSource(name=ROOT, items=(ABSENT,), optional=True)),
    Volume(name="secret", secret=SecretVolumeSource(secret_name=NOWHERE, optional=True)),
    Volume(name="facts", projected=FACTS),
    Volume(name="programs", config_map=ConfigMapVolumeSource(name=ROOT, default_mode=0o555)),
    Volume(name="scratch", empty_dir=EmptyDirVolumeSource()),
)
MOUNTS = (
    *(VolumeMount(name=one.name, mount_path=f"/{one.name}") for one in VOLUMES),
    VolumeMount(name="scratch", mount_path="/own", sub_path_expr="$(NAME)"),
)
LOOKS = (
    'test "$BOTH" = "$NAME@$ADDRESS"',
    'test "$LITERAL" = "\\$$(NAME) \\$(NOBODY)"',
    'test -n "$NAME" -a -n "$NODE" -a -n "$ADDRESS" -a -n "$APP"',
    'test "$CORES" -ge 1 -a -z "$NOTHING"',
    'test "$(cat /all/ca.crt)" = "$(echo "$CA")"',
    'test "$(cat /some/root)" = "$(echo "$CA")" -a ! -e /some/ca.crt',
    "test -x /some/root -a ! -x /all/ca.crt",
    'test -x /programs/ca.crt -a -z "$(ls /few)" -a -z "$(ls /secret)"',
    'test "$(cat /facts/cores)" = "$CORES" -a -x /facts/cores -a ! -x /facts/name',
    'test -x /facts/copy -a ! -x /facts/ca.crt -a "$(cat /facts/copy)" = "$(cat /facts/ca.crt)"',
    'test "$(cat /facts/name)" = "$NAME" -a "$(cat /facts/ca.crt)" = "$(echo "$CA")"',
    'grep -q "app=\\"$APP\\"" /facts/labels',
    'echo "$NAME" > /scratch/name && test "$(cat /scratch/name)" = "$NAME"',
    'echo "$NODE" > /own/node && test "$(cat "/scratch/$NAME/node")" = "$NODE"',
    'env | grep -q "^FROM_ca.crt="',
)


def with_settings(spec: PodSpec) -> PodSpec:
    """The same pods, with a ConfigMap and an init container that verifies their variables and files."""
    container = spec.containers[0]
    script = f"{{ {' && '.join(LOOKS)}; }} || exit {WRONG}"
    check = Container(
        name=CHECK, image=CHECK, command=("sh", "-c", script), env_from=(WHOLE,), env=ALL_TOLD, volume_mounts=MOUNTS
    )
    return replace(
        spec,
        init_containers=(*spec.init_containers, check),
        containers=(replace(container, env=TOLD, volume_mounts=(*container.volume_mounts, MOUNTS[0])),),
        volumes=(*spec.volumes, *VOLUMES),
    )

"""The option `--scheduler-config`: a file with a KubeSchedulerConfiguration."""

from pathlib import Path
from typing import cast

import msgspec

from kubeactors.apimachinery import exact
from kubeactors.apimachinery.yamltext import YAMLError
from kubeactors.cli.errors import UsageError, said
from kubeactors.scheduler.config import read
from kubeactors.scheduler.configuration import ConfigurationError
from kubeactors.scheduler.picture import Picture


def scheduler_configuration(path: Path) -> dict[str, object]:
    """The configuration in the file, validated, in the form of `ClusterSpec.scheduler`.

    Raises:
        UsageError: the file cannot be read, or is invalid.
    """
    try:
        value = cast("object", msgspec.json.decode(exact.to_json(path.read_bytes())))
        Picture((), read(value)).check()
    except (ConfigurationError, YAMLError, OSError) as error:
        raise UsageError(f"{path}: {said(error)}") from error
    return cast("dict[str, object]", value)

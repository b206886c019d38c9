"""`provides` agrees with Python's own check of protocols."""

from collections.abc import Callable
from typing import cast

import pytest

from kubeactors.scheduler import framework
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.extension_points import provides
from kubeactors.scheduler.framework import Plugin
from kubeactors.scheduler.plugins import default_plugins
from tests.scheduler.builders import handle

POINTS = [
    cast("type[Plugin]", one)
    for name, one in sorted(vars(framework).items())
    if name.endswith(("Plugin", "Listener")) and one is not Plugin
]


@pytest.mark.parametrize("point", POINTS)
def test_the_default_plugins_provide_the_points_whose_members_they_have(point: Callable[..., Plugin]) -> None:
    plugins = default_plugins(handle(Cache()))
    by_python = [one.name for one in plugins if isinstance(one, cast("type[Plugin]", point))]
    assert [one.name for one in plugins if provides(one, point)] == by_python

"""Scripts print in a simulated container what they print with busybox, and exit with the same code.

Only output is compared: busybox's messages name lines, and differ from version to version.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.kubelet.test_shell import Ran

SCRIPTS = (Path(__file__).parent / "scripts.txt").read_text(encoding="utf-8").splitlines()
"""One script in each line, to be run after the first."""
SECONDS = 5.0


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the commands of busybox."""
    program = shutil.which("busybox")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("busybox is not on PATH; CI must install it")
        pytest.skip("busybox is not on PATH")
    directory = tmp_path_factory.mktemp("commands")
    subprocess.run([program, "--install", "-s", str(directory)], check=True)
    return directory


@pytest.mark.parametrize("script", SCRIPTS[1:])
def test_a_script_does_what_it_does_with_busybox(script: str, commands: Path, tmp_path: Path) -> None:
    whole = f"{SCRIPTS[0]}; {script}"
    real = subprocess.run(
        [commands / "sh", "-c", whole, "sh"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": str(commands)},
        stdin=subprocess.DEVNULL,
        timeout=30,
    )
    ran = Ran(f"mkdir /tmp/work; cd /tmp/work; {{ {whole}\n}} 2>/dev/null").run(SECONDS)
    assert (ran.text, ran.process.exit_code) == (real.stdout.decode(), real.returncode)

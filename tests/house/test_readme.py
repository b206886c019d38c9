"""The README's code runs, and its commands are the ones that CI runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kubeactors.sim.plan import FAULT_KINDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=[f"block-{number}" for number in range(1, len(BLOCKS) + 1)])
def test_the_readme_code_runs(block: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", block]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_readme_opens_with_two_commands_of_one_line_each() -> None:
    commands = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    demo, test = (command.strip() for command in commands[:2])
    assert "\n" not in demo + test
    assert demo.startswith("python3 -m venv .venv && ")
    assert demo.endswith(" demo")
    assert test.startswith("python3 -m venv .venv && ")
    assert test.endswith("pytest")


def test_every_test_that_the_readme_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", README)
    assert len(named) > 30, "each component names one"
    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in (ROOT / path).read_text("utf-8")]
    assert missing == []


def test_every_fault_is_in_the_readme() -> None:
    table = README.split("| target |")[1].split("\n\n")[0]
    named = re.findall(r"`([\w-]+)`", table)
    assert sorted(named) == sorted(FAULT_KINDS)

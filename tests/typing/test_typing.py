"""mypy and pyright see the types of messages and replies, and refuse what is wrong.

The snippets are text, so that only these tests check them.
"""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SNIPPETS = Path(__file__).parent / "snippets"
Checker = Callable[[Path], set[int]]


def mypy(path: Path) -> set[int]:
    """Lines in which mypy finds an error."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--output=json", str(path)]
    output = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT).stdout
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return {int(line["line"]) for line in lines if Path(line["file"]).name == path.name and line["severity"] == "error"}


def pyright(path: Path) -> set[int]:
    """Lines in which pyright finds an error."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, str(path)]
    output = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT).stdout
    found = json.loads(output)["generalDiagnostics"]
    return {int(one["range"]["start"]["line"]) + 1 for one in found if one["severity"] == "error"}


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_the_types_of_replies_are_seen(checker: Checker, tmp_path: Path) -> None:
    path = tmp_path / "good.py"
    path.write_text((SNIPPETS / "good.txt").read_text())
    assert checker(path) == set()


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_what_is_wrong_is_refused(checker: Checker, tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text((SNIPPETS / "bad.txt").read_text())
    refused = {number for number, line in enumerate(path.read_text().splitlines(), 1) if line.endswith("# refused")}
    assert checker(path) == refused


@pytest.mark.slow
def test_the_type_of_every_public_name_is_known() -> None:
    command = [sys.executable, "-m", "pyright", "--outputjson", "--verifytypes", "kubeactors", "--ignoreexternal"]
    path = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])  # it finds no package installed as editable
    environment = {**os.environ, "PYTHONPATH": path}
    output = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment).stdout
    found = json.loads(output)["typeCompleteness"]
    wrong = [
        one for one in found["symbols"] if one["isExported"] and (not one["isTypeKnown"] or one["isTypeAmbiguous"])
    ]
    told = [f"{one['name']}: {said['message']}" for one in wrong for said in one["diagnostics"]]
    assert told == []
    assert (found["completenessScore"], found["packageRootDirectory"]) == (1, str(ROOT / "kubeactors"))

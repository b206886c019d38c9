"""mypy and pyright see the types of messages and replies, and refuse what is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SNIPPETS = Path(__file__).parent / "snippets"


def mypy(path: Path) -> set[int]:
    """Lines in which mypy finds an error."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--output=json", str(path)]
    output = subprocess.run(command, capture_output=True, text=True, check=False, cwd=SNIPPETS.parents[2]).stdout
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return {int(line["line"]) for line in lines if Path(line["file"]).name == path.name and line["severity"] == "error"}


def pyright(path: Path) -> set[int]:
    """Lines in which pyright finds an error."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, str(path)]
    output = subprocess.run(command, capture_output=True, text=True, check=False, cwd=SNIPPETS.parents[2]).stdout
    found = json.loads(output)["generalDiagnostics"]
    return {int(one["range"]["start"]["line"]) + 1 for one in found if one["severity"] == "error"}


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_the_types_of_replies_are_seen(checker: type) -> None:
    pytest.importorskip(checker.__name__)
    assert checker(SNIPPETS / "good.py") == set()


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_what_is_wrong_is_refused(checker: type) -> None:
    pytest.importorskip(checker.__name__)
    path = SNIPPETS / "bad.py"
    refused = {number for number, line in enumerate(path.read_text().splitlines(), 1) if line.endswith("# refused")}
    assert checker(path) == refused


@pytest.mark.slow
def test_all_public_names_of_the_actor_framework_have_types() -> None:
    pytest.importorskip("pyright")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--ignoreexternal", "--verifytypes", "kubeactors"]
    output = subprocess.run(command, capture_output=True, text=True, check=False, cwd=SNIPPETS.parents[2]).stdout
    symbols = json.loads(output)["typeCompleteness"]["symbols"]
    unknown = [
        one["name"] for one in symbols if one["isExported"] and not one["isTypeKnown"] and ".actor." in one["name"]
    ]
    assert unknown == []

"""`kubeactors` without a command."""

import subprocess
import sys

from kubeactors.cli.main import COMMANDS


def test_without_a_command_each_command_is_listed_with_its_summary() -> None:
    command = [sys.executable, "-m", "kubeactors"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    words = " ".join(output.replace("\u2502", " ").split())
    assert [name for name, (_, summary) in COMMANDS.items() if f" {name} {summary} " not in words] == []
    assert subprocess.run([*command, "--help"], capture_output=True, text=True, check=True).stdout == output


def test_the_help_of_a_command_is_its_own() -> None:
    command = [sys.executable, "-m", "kubeactors", "bench", "--help"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Measure an in-memory cluster: pods from creation to Running" in output

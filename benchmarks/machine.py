"""Describes the machine of a benchmark. Imports nothing large, as imports count as measured memory."""

import platform
from pathlib import Path


def machine() -> dict[str, str]:
    """The machine, by property."""
    cpu = platform.processor()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [line for line in information.read_text().splitlines() if line.startswith("model name")]
        cpu = f"{len(names)} x {names[0].split(': ')[1]}" if names else cpu
    return {"python": platform.python_version(), "cpu": cpu, "system": platform.system()}

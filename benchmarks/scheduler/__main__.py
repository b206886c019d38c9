"""Runs workloads, each in a process of its own, and prints a table, or JSON: `python -m benchmarks.scheduler --help`."""

import argparse
import subprocess
import sys

import msgspec

from benchmarks.scheduler.harness import Measurement, measure
from benchmarks.scheduler.workload import WORKLOADS, Nodes, Pods, Workload
from kubeactors.cli.loop import run


def scaled(workload: Workload, scale: float) -> Workload:
    """The same with other numbers of nodes and pods."""
    if scale == 1.0:
        return workload

    def pods(one: Pods) -> Pods:
        return msgspec.structs.replace(one, count=max(int(one.count * scale), 1))

    def nodes(one: Nodes) -> Nodes:
        return one if one.large else msgspec.structs.replace(one, count=max(int(one.count * scale), 1))

    return msgspec.structs.replace(
        workload,
        nodes=tuple(map(nodes, workload.nodes)),
        before=tuple(map(pods, workload.before)),
        measured=pods(workload.measured),
    )


def in_a_process(name: str, scale: float) -> Measurement:
    """Measure in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.scheduler", name, "--here", "--scale", str(scale)]
    done = subprocess.run(command, capture_output=True, check=True)
    return msgspec.json.decode(done.stdout, type=Measurement)


def show(one: Measurement) -> str:
    """A line of the table."""
    times = f"{one.pods_per_second / one.threshold:10.1f}x" if one.threshold else "          -"
    return (
        f"{one.workload:38} {one.nodes:6} {one.pods:6} {one.pods_per_second:10,.0f} {one.threshold:9,.0f} {times}"
        f" {one.cpu_microseconds_per_pod:8,.0f} {one.peak_rss_bytes / 1e6:7,.0f} MB"
    )


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scheduler", description=__doc__)
    parser.add_argument("workloads", nargs="*", help="names of workloads; all by default")
    parser.add_argument("--scale", type=float, default=1.0, help="so many times the nodes and pods")
    parser.add_argument("--here", action="store_true", help="measure in this process, and print JSON")
    parser.add_argument("--output", choices=["text", "json"], default="text")
    options = parser.parse_args()
    chosen = [one for one in WORKLOADS if not options.workloads or one.name in options.workloads]
    if len(chosen) < len(options.workloads):
        sys.exit(f"known workloads: {', '.join(one.name for one in WORKLOADS)}")
    if options.here:
        for one in chosen:
            print(msgspec.json.encode(run(measure, scaled(one, options.scale))).decode())
        return
    if options.output == "text":
        print(f"{'workload':38} {'nodes':>6} {'pods':>6} {'pods/s':>10} {'threshold':>9} x threshold  CPU us      RSS")
    found: list[Measurement] = []
    for one in chosen:
        found.append(in_a_process(one.name, options.scale))
        if options.output == "text":
            print(show(found[-1]), flush=True)
    if options.output == "json":
        print(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main()

"""The runner beside a plain loop of `papermill` commands over the same notebooks, in the same run.

Run `python -m benchmarks.build [--runs 3] [--points 50] [--loop-points 5]`. Everything happens in a copy of the
project's inputs in a temporary folder, so no result of the project is touched.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
INPUTS = ("notebooks", "scenarios", "sweeps", "data", "requirements.lock", "_quarto.yml")
SWEEP, SWEPT = "innovation-ranks", "innovation-index"
SAMPLE = 0.2
MEGABYTE = 1e6


@dataclass
class Memory:
    """Proportional set size of a process and all it has started, sampled while it runs (bytes)."""

    peak: int = 0
    alone: int = 0
    beyond: list[float] = field(default_factory=list)

    def look(self, process: psutil.Process) -> None:
        """Take one sample; runs are told from the preloaded process by being forked from it."""
        everyone = [process, *process.children(recursive=True)]
        sizes = {one.pid: pss(one) for one in everyone}
        self.peak = max(self.peak, sum(sizes.values()))
        servers = [one for one in everyone if is_server(one) and one.ppid() == process.pid]
        for server in servers:
            forked = server.children(recursive=True)
            total = sum(sizes.get(one.pid, 0) for one in (server, *forked))
            if not forked:
                self.alone = max(self.alone, total)
            elif self.alone and len(forked) >= 2:
                self.beyond.append((total - self.alone) / (len(forked) / 2))


def pss(process: psutil.Process) -> int:
    """Return the proportional set size of a process, 0 when it is gone."""
    with suppress(psutil.Error, FileNotFoundError):
        return process.memory_full_info().pss
    return 0


def is_server(process: psutil.Process) -> bool:
    """Tell whether a process is the one that forks."""
    with suppress(psutil.Error):
        return "helpers.runner.forkserver" in process.cmdline()
    return False


@dataclass
class Project:
    """A copy of the project's inputs in a folder of its own."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """Environment in which commands see this copy."""
        return os.environ | {"RESHORING_ROOT": str(self.root)}

    def run(self, *command: str, **more: str) -> tuple[float, Memory, str]:
        """Run a command to its end; return seconds, memory and what it printed."""
        memory, begun = Memory(), time.monotonic()
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        process = subprocess.Popen(command, env=self.environment | more, cwd=self.root, **pipes)  # type: ignore[call-overload]
        ended = threading.Event()
        watch = threading.Thread(target=_watch, args=(psutil.Process(process.pid), memory, ended))
        watch.start()
        told, _ = process.communicate()
        seconds = time.monotonic() - begun
        ended.set()
        watch.join()
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{told}")
        return seconds, memory, told

    def reshoring(self, *arguments: str) -> tuple[float, Memory, str]:
        """Run the project's own command line."""
        return self.run(sys.executable, "-c", "from helpers.cli import main; main()", *arguments)

    def forget(self) -> None:
        """Remove all runs and points."""
        for name in ("runs", "points", "sweeps"):
            shutil.rmtree(self.root / "build" / name, ignore_errors=True)


def _watch(process: psutil.Process, memory: Memory, ended: threading.Event) -> None:
    while not ended.wait(SAMPLE):
        with suppress(psutil.Error):
            memory.look(process)


@contextmanager
def copied_project() -> Iterator[Project]:
    """Yield a copy of the project's inputs, which goes in the end."""
    root = Path(tempfile.mkdtemp(prefix="reshoring-bench-"))
    try:
        for name in INPUTS:
            source = ROOT / name
            shutil.copytree(source, root / name) if source.is_dir() else shutil.copy(source, root / name)
        os.environ["RESHORING_ROOT"] = str(root)
        yield Project(root)
    finally:
        shutil.rmtree(root)


class Loop:
    """A plain loop of `papermill` commands, each with the parameters of one run."""

    def __init__(self, project: Project) -> None:
        self.project, self.folder = project, project.root / "loop"

    def one(self, name: str, section: Any, scenario: str, parameters: dict[str, Any]) -> tuple[float, Memory]:
        """Execute one notebook as a user of papermill would."""
        place = self.folder / name
        (place / "results").mkdir(parents=True, exist_ok=True)
        (place / "parameters.json").write_text(json.dumps(parameters))
        (place / "context.json").write_text(json.dumps(self._context(place, section, scenario)))
        command = [sys.executable, "-m", "papermill", str(section.path), str(place / "notebook.ipynb")]
        options = ["-k", "python3", "--cwd", str(place), "--no-progress-bar", "-f", str(place / "parameters.json")]
        seconds, memory, _ = self.project.run(*command, *options, RESHORING_RUN=str(place / "context.json"))
        return seconds, memory

    def _context(self, place: Path, section: Any, scenario: str) -> dict[str, Any]:
        from helpers.runner.layout import sweep_folder

        return {
            "section": section.slug,
            "scenario": scenario,
            "tables": section.tables,
            "results": str(place / "results"),
            "needs": {need: str(self.folder / scenario / need / "results") for need in section.needs},
            "sweeps": {name: str(sweep_folder(name)) for name in section.front.sweeps},
            "root": str(self.project.root),
        }


def compared(ours: list[float], other: list[float], limit: float, memory: dict[str, float]) -> dict[str, Any]:
    """Set two series of seconds side by side: medians, and how much of the other's time ours takes."""
    mine, theirs = statistics.median(ours), statistics.median(other)
    shown = {name: round(value / MEGABYTE) for name, value in memory.items()}
    return {
        "ours": round(mine, 3),
        "other": round(theirs, 3),
        "ratio": round(mine / theirs, 4),
        "at_most": limit,
        "peak_memory": shown,
        "runs": {"ours": [round(value, 3) for value in ours], "other": [round(value, 3) for value in other]},
    }


def clean_and_unchanged(project: Project, runs: int) -> dict[str, Any]:
    """Measure a clean build, the loop over the same notebooks, an unchanged build, and one with a changed table."""
    from helpers.runner import sections

    for name in sorted({name for section in sections() for name in section.front.sweeps}):
        project.reshoring("sweep", name)
    clean, loop, memory, other_memory = [], [], Memory(), Memory()
    for _ in range(runs):
        shutil.rmtree(project.root / "build" / "runs", ignore_errors=True)
        seconds, used, _ = project.reshoring("build")
        clean.append(seconds)
        memory.peak = max(memory.peak, used.peak)
        seconds, peak = whole_loop(project)
        loop.append(seconds)
        other_memory.peak = max(other_memory.peak, peak)
    again = [project.reshoring("build") for _ in range(max(runs, 5))]
    unchanged = compared(
        [seconds for seconds, _, _ in again], clean, 0.02, {"ours": max(used.peak for _, used, _ in again)}
    )
    return {
        "build: clean, beside a loop of papermill": compared(
            clean, loop, 0.35, {"ours": memory.peak, "other": other_memory.peak}
        ),
        "build: unchanged, beside a clean one (and at most 1.0 s)": unchanged,
        "build: one table changed, beside a clean one": changed_table(project, clean),
    }


def whole_loop(project: Project) -> tuple[float, int]:
    """Execute every section of every scenario one after the other."""
    from graphlib import TopologicalSorter

    from helpers.runner.plan import plan

    planned, loop = {item.key: item for item in plan()}, Loop(project)
    needs = {key: [(key[0], need) for need in item.section.needs] for key, item in planned.items()}
    seconds, peak = 0.0, 0
    for key in TopologicalSorter(needs).static_order():
        item = planned[key]
        took, memory = loop.one("/".join(key), item.section, item.scenario.name, item.parameters)
        seconds, peak = seconds + took, max(peak, memory.peak)
    return seconds, peak


def changed_table(project: Project, clean: list[float]) -> dict[str, Any]:
    """Change the table that the fewest sections declare; only those may run."""
    from helpers.data import catalogue
    from helpers.runner import scenarios, sections

    users = {
        table: [one.slug for one in sections() if table in one.tables] for one in sections() for table in one.tables
    }
    table = min(users, key=lambda name: (len(users[name]), name))
    with open(catalogue.path(table), "a", encoding="utf-8") as file:
        file.write("\n")
    project.reshoring("data", "package")  # an edited table is refused until the catalogue knows it
    seconds, _, told = project.reshoring("build")
    ran = set(re.findall(r"^run +\S+/(\S+)", told, re.MULTILINE))
    if ran != set(users[table]):
        raise SystemExit(f"{table} changed: {sorted(ran)} ran, but {users[table]} declare it\n{told}")
    found = compared([seconds], clean, 1.0, {})
    return found | {"table": table, "sections": users[table], "scenarios": len(scenarios())}


def sweep_points(project: Project, points: int, loop_points: int) -> dict[str, Any]:
    """Measure points of the shipped sweep, and the same points in the loop."""
    from helpers.runner import design, sweeps

    whole = design.read(design.find(SWEEP))
    chosen = sweeps.prepare(SWEEP, whole)[:: max(1, len(design.points(whole)) // points)][:points]
    part = whole.sections[SWEPT]
    content = {"section": SWEPT, "parameters": part.parameters, "list": [item.point.varied for item in chosen]}
    sweep = {"title": "Benchmark", "scenario": whole.scenario} | content
    (project.root / "sweeps" / "benchmark.yml").write_text(json.dumps(sweep))
    shutil.rmtree(project.root / "build" / "points", ignore_errors=True)
    seconds, memory, _ = project.reshoring("sweep", "benchmark")
    loop = Loop(project)
    every = chosen[:: max(1, points // loop_points)][:loop_points]
    took = [loop.one(f"points/{at}", item.section, "sweep", item.resolved) for at, item in enumerate(every)]
    peak = max(used.peak for _, used in took)
    again = project.reshoring("sweep", "benchmark")[0]
    found = compared([seconds / len(chosen)], [one for one, _ in took], 0.10, {"ours": memory.peak, "other": peak})
    beyond = statistics.median(memory.beyond) if memory.beyond else 0.0
    return {
        f"sweep: one of {len(chosen)} points, beside papermill": found | {"again_seconds": round(again, 3)},
        "memory: a concurrent run beyond the preloaded process (MB)": {
            "ours": round(beyond / MEGABYTE),
            "other": round(peak / MEGABYTE),
            "ratio": round(beyond / peak, 4),
            "at_most": 150,
            "peak_memory": {"preloaded": round(memory.alone / MEGABYTE)},
            "runs": {"largest": round(max(memory.beyond, default=0.0) / MEGABYTE)},
        },
    }


def run(runs: int = 3, points: int = 50, loop_points: int = 5) -> dict[str, dict[str, Any]]:
    """Measure everything about builds and sweeps.

    Returns
    -------
    dict
        Name of each measurement to `ours` and `other` (seconds, medians), `ratio` (ours / other), what it should be
        `at_most`, `peak_memory` (megabytes, proportional set size of all processes) and the single `runs`.
    """
    before = os.environ.get("RESHORING_ROOT")
    try:
        with copied_project() as project:
            return sweep_points(project, points, loop_points) | clean_and_unchanged(project, runs)
    finally:
        os.environ.pop("RESHORING_ROOT", None)
        if before:
            os.environ["RESHORING_ROOT"] = before


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("--runs", 3), ("--points", 50), ("--loop-points", 5)):
        parser.add_argument(name, type=int, default=default)
    chosen = parser.parse_args()
    for name, found in run(chosen.runs, chosen.points, chosen.loop_points).items():
        print(name)
        print("   ", json.dumps(found))


if __name__ == "__main__":
    main()

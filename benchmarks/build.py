"""The runner beside a plain loop of `papermill` commands over the same notebooks, in the same run.

Run `python -m benchmarks.build [--runs 3] [--points 50] [--loop-points 5]`. Everything happens in a copy of the
project's inputs and source in a temporary folder: no result of the project is touched, and no edit disturbs what is
measured.
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
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
INPUTS = ("notebooks", "scenarios", "sweeps", "data", "src", "requirements.lock", "_quarto.yml")
SWEEP, SWEPT = "innovation-ranks", "innovation-index"
SAMPLE = 0.2
#: Looking at memory costs time itself; so many times as long as a look took is waited before the next.
PAUSE = 20
#: So many variants of a section are executed by the loop, at six seconds each.
VARIANTS = 2
MEGABYTE = 1e6


@dataclass
class Memory:
    """Proportional set size of a process and all it has started, sampled while it runs (bytes)."""

    peak: int = 0
    alone: int = 0
    beyond: list[float] = field(default_factory=list)

    def look(self, process: psutil.Process) -> None:
        """Take one sample; kernels are told from the preloaded process by being forked from it."""
        everyone = [process, *process.children(recursive=True)]
        sizes = {one.pid: pss(one) for one in everyone}
        self.peak = max(self.peak, sum(sizes.values()))
        servers = [one for one in everyone if is_server(one) and one.ppid() == process.pid]
        for server in servers:
            forked = server.children(recursive=True)
            total = sum(sizes.get(one.pid, 0) for one in (server, *forked))
            if not forked:
                self.alone = max(self.alone, total)
            elif self.alone:
                self.beyond.append((total - self.alone) / len(forked))


def pss(process: psutil.Process) -> int:
    """Return the proportional set size of a process, 0 when it is gone."""
    with suppress(psutil.Error, FileNotFoundError):
        return process.memory_full_info().pss
    return 0


def is_server(process: psutil.Process) -> bool:
    """Tell whether a process is the one that forks kernels."""
    with suppress(psutil.Error):
        return "multiprocessing.forkserver" in " ".join(process.cmdline())
    return False


@dataclass
class Project:
    """A copy of the project's inputs in a folder of its own."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """Environment in which commands see this copy."""
        return os.environ | {"RESHORING_ROOT": str(self.root), "PYTHONPATH": str(self.root / "src")}

    def run(self, *command: str, **more: str) -> tuple[float, Memory, str]:
        """Run a command to its end; return seconds, memory and what it printed."""
        memory, begun = Memory(), time.monotonic()
        out, err = subprocess.PIPE, subprocess.STDOUT
        process = subprocess.Popen(
            command, env=self.environment | more, cwd=self.root, stdout=out, stderr=err, text=True
        )
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
    pause = SAMPLE
    while not ended.wait(pause):
        begun = time.monotonic()
        with suppress(psutil.Error):
            memory.look(process)
        pause = max(SAMPLE, PAUSE * (time.monotonic() - begun))


def tell(what: str, seconds: float, memory: int) -> None:
    """Print one measurement as soon as it is made: a benchmark of minutes must not keep silent."""
    print(f"  {what:<44} {seconds:8.2f} s {memory / MEGABYTE:8.0f} MB", flush=True)


@contextmanager
def copied_project() -> Iterator[Project]:
    """Yield a copy of the project's inputs, which goes in the end."""
    root = Path(tempfile.mkdtemp(prefix="reshoring-bench-"))
    try:
        for name in INPUTS:
            source = ROOT / name
            unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(source, root / name, ignore=unwanted) if source.is_dir() else shutil.copy(
                source, root / name
            )
        os.environ["RESHORING_ROOT"] = str(root)
        yield Project(root)
    finally:
        shutil.rmtree(root)


class Loop:
    """A plain loop of `papermill` commands, each with the parameters of one run."""

    def __init__(self, project: Project) -> None:
        self.project, self.folder = project, project.root / "loop"

    def one(self, name: str, run: Any) -> tuple[float, Memory]:
        """Execute the notebook of a planned run as a user of papermill would."""
        place = self.folder / name
        (place / "results").mkdir(parents=True, exist_ok=True)
        (place / "parameters.json").write_text(json.dumps(run.parameters))
        needs = {need: str(self.folder / "/".join(other.key) / "results") for need, other in run.needs.items()}
        (place / "context.json").write_text(json.dumps(run.context(place / "results") | {"needs": needs}))
        command = [sys.executable, "-m", "papermill", str(run.section.path), str(place / "notebook.ipynb")]
        options = ["-k", "python3", "--cwd", str(place), "--no-progress-bar", "-f", str(place / "parameters.json")]
        seconds, memory, _ = self.project.run(*command, *options, RESHORING_RUN=str(place / "context.json"))
        return seconds, memory


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

    for name in sorted({name for section in sections() for name in section.sweeps}):
        seconds, used, _ = project.reshoring("sweep", name)
        tell(f"sweep {name}, which sections read", seconds, used.peak)
    clean, loop = zip(*(clean_beside_loop(project) for _ in range(runs)), strict=True)
    again = [unchanged(project) for _ in range(max(runs, 5))]
    peak = {"ours": max(used.peak for _, used in clean), "other": max(found[1] for found in loop)}
    clean_seconds = [seconds for seconds, _ in clean]
    return {
        "build: clean, beside a loop of papermill": compared(
            clean_seconds, [seconds for seconds, _ in loop], 0.35, peak
        ),
        "build: unchanged, beside a clean one (and at most 1.0 s)": compared(
            [seconds for seconds, _ in again], clean_seconds, 0.02, {"ours": max(used for _, used in again)}
        ),
        "memory: a concurrent kernel beyond the preloaded process (MB)": memory_beyond(clean[-1][1], peak["other"]),
        "build: one table changed, beside a clean one": changed_table(project, clean_seconds),
    }


def memory_beyond(used: Memory, other: int) -> dict[str, Any]:
    """Return what each kernel of a build holds that it does not share with the process it is forked from."""
    beyond = statistics.median(used.beyond) if used.beyond else 0.0
    return {
        "ours": round(beyond / MEGABYTE),
        "other": round(other / MEGABYTE),
        "ratio": round(beyond / other, 4),
        "at_most": 150,
        "peak_memory": {"preloaded": round(used.alone / MEGABYTE)},
        "runs": {"largest": round(max(used.beyond, default=0.0) / MEGABYTE)},
    }


def clean_beside_loop(project: Project) -> tuple[tuple[float, Memory], tuple[float, int]]:
    """Return seconds and memory of a clean build, and seconds and peak memory of the loop over the same notebooks."""
    shutil.rmtree(project.root / "build" / "runs", ignore_errors=True)
    seconds, used, _ = project.reshoring("build")
    tell("clean build", seconds, used.peak)
    looped, peak = whole_loop(project)
    tell("loop of papermill commands", looped, peak)
    return (seconds, used), (looped, peak)


def unchanged(project: Project) -> tuple[float, int]:
    """Return seconds and peak memory of a build with nothing to do."""
    seconds, used, told = project.reshoring("build")
    if "nothing to do" not in told:
        raise SystemExit(f"a build right after another one ran something:\n{told}")
    tell("unchanged build", seconds, used.peak)
    return seconds, used.peak


def whole_loop(project: Project) -> tuple[float, int]:
    """Execute every section of every scenario one after the other.

    Of the variants of a section only the first few are executed; the others are taken to last as long on average.
    """
    from graphlib import TopologicalSorter

    from helpers.runner.plan import plan

    planned, loop = {run.key: run for run in plan()}, Loop(project)
    needs = {key: [other.key for other in run.needs.values()] for key, run in planned.items()}
    took: dict[tuple[str, str], list[float]] = {}
    wanted: Counter[tuple[str, str]] = Counter()
    peak = 0
    for key in TopologicalSorter(needs).static_order():
        group = key[0], planned[key].section.slug
        wanted[group] += 1
        if wanted[group] <= VARIANTS:
            seconds, memory = loop.one("/".join(key), planned[key])
            took.setdefault(group, []).append(seconds)
            peak = max(peak, memory.peak)
    return sum(statistics.mean(took[group]) * count for group, count in wanted.items()), peak


def changed_table(project: Project, clean: list[float]) -> dict[str, Any]:
    """Change the table that the fewest sections declare; only those may run, and those that read a sweep over them."""
    from helpers.data import catalogue
    from helpers.runner import scenarios, sections

    users = {
        table: [one.slug for one in sections() if table in one.tables] for one in sections() for table in one.tables
    }
    reach = {table: {*found, *readers_of_sweeps(found)} for table, found in users.items()}
    table = min(users, key=lambda name: (len(reach[name]), name))
    with open(catalogue.path(table), "a", encoding="utf-8") as file:
        file.write("\n")
    project.reshoring("data", "package")  # an edited table is refused until the catalogue knows it
    seconds, used, told = project.reshoring("build")
    tell(f"build after {table} changed", seconds, used.peak)
    ran = set(re.findall(r"^run +[^/\s]+/([^@\s]+)", told, re.MULTILINE))
    if ran != reach[table]:
        raise SystemExit(f"{table} changed: {sorted(ran)} ran, but {sorted(reach[table])} depend on it\n{told}")
    found = compared([seconds], clean, 1.0, {})
    return found | {"table": table, "sections": users[table], "scenarios": len(scenarios())}


def readers_of_sweeps(swept: list[str]) -> set[str]:
    """Return the sections that read a sweep over some of the sections named."""
    from helpers.runner import design, sections

    return {
        one.slug
        for one in sections()
        for name in one.sweeps
        if set(swept) & set(design.read(design.find(name)).sections)
    }


def sweep_points(project: Project, points: int, loop_points: int) -> dict[str, Any]:
    """Measure points of the shipped sweep beside the same points in the loop, and what one more costs."""
    from helpers.runner import Run, Scenario, design, sweeps

    whole = design.read(design.find(SWEEP))
    every = sweeps.prepare(SWEEP, whole)
    chosen = every[:: max(1, len(every) // points)][:points]
    part = whole.sections[SWEPT]
    content = {"section": SWEPT, "parameters": part.parameters, "list": [item.varied for item in chosen]}
    sweep = {"title": "Benchmark", "scenario": whole.scenario} | content
    (project.root / "sweeps" / "benchmark.yml").write_text(json.dumps(sweep))
    shutil.rmtree(project.root / "build" / "points", ignore_errors=True)
    seconds, memory, _ = project.reshoring("sweep", "benchmark")
    tell(f"sweep of {len(chosen)} points", seconds, memory.peak)
    again = project.reshoring("sweep", "benchmark")[0]
    shutil.rmtree(project.root / "build" / "points")
    longer, used, _ = project.reshoring("sweep", SWEEP)
    tell(f"sweep of {len(every)} points", longer, used.peak)
    loop, took = Loop(project), []
    for at, item in enumerate(chosen[:: max(1, points // loop_points)][:loop_points]):
        point = Run(item.section, Scenario("sweep", "Sweep"), loop.folder, parameters=item.parameters)
        took.append(loop.one(f"points/{at}", point))
        tell("papermill, one point", took[-1][0], took[-1][1].peak)
    peak, other = max(one.peak for _, one in took), [one for one, _ in took]
    one_of = compared([seconds / len(chosen)], other, 0.01, {"ours": memory.peak, "other": peak})
    one_more = [(longer - seconds) / (len(every) - len(chosen))]
    return {
        f"sweep: one of {len(chosen)} points, beside papermill": one_of | {"again_seconds": round(again, 3)},
        "sweep: one more point, beside papermill": compared(one_more, other, 0.01, {"ours": used.peak, "other": peak}),
    }


def same_numbers(project: Project) -> dict[str, Any]:
    """Compute every point of the shipped sweeps, and again in a kernel by papermill: all metrics have to be equal.

    Returns
    -------
    dict
        Of each sweep, the seconds that both took for a point, and the number of metrics compared.
    """
    from helpers.runner import design, sweeps

    measured = {}
    for name in sorted(path.stem for path in (ROOT / "sweeps").glob("*.yml")):
        shutil.rmtree(project.root / "build" / "points", ignore_errors=True)
        seconds, memory, _ = project.reshoring("sweep", name)
        prepared = sweeps.prepare(name, design.read(design.find(name)))
        found, took, peak = in_one_kernel(project, prepared)
        records = [sweeps.recorded(item) for item in prepared]
        recorded = [record["metrics"] for record in records if record]
        unequal = [at for at, pair in enumerate(zip(recorded, found, strict=True), 1) if repr(pair[0]) != repr(pair[1])]
        if unequal:
            raise SystemExit(f"sweep {name}: a kernel gives other numbers for points {unequal}")
        of_each = [seconds / len(prepared)], [took / len(prepared)]
        beside = compared(*of_each, 1.0, {"ours": memory.peak, "other": peak})
        equal = sum(map(len, recorded))
        measured[f"sweep {name}: a point, beside one kernel for all"] = beside | {"equal_metrics": equal}
        tell(f"sweep {name}: {equal} equal metrics", seconds, memory.peak)
    return measured


def in_one_kernel(project: Project, prepared: list[Any]) -> tuple[list[dict[str, Any]], float, int]:
    """Execute the cells of all points in one kernel, one point after the other; return metrics, seconds and memory."""
    import nbformat

    from helpers.runner import environment, notebooks

    folder = Path(tempfile.mkdtemp(dir=project.root))
    texts = []
    for at, item in enumerate(prepared):
        run = {"section": item.section.slug, "tables": item.section.tables, "results": str(folder / str(at))}
        (folder / f"{at}.json").write_text(json.dumps(run))
        texts.append(f"%reset -f\nimport os\nos.environ['RESHORING_RUN'] = {str(folder / f'{at}.json')!r}")
        for cell in item.section.code:
            if not {notebooks.PAGE_ONLY, notebooks.SKIPPED} & {*notebooks.tags(cell)}:
                texts.append(notebooks.source(cell))
            if notebooks.PARAMETERS_TAG in notebooks.tags(cell):
                texts += [f"{name} = {value!r}" for name, value in item.parameters.items()]
    cells = [nbformat.v4.new_code_cell(text) for text in texts]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "all.ipynb")
    files = [str(folder / "all.ipynb"), str(folder / "done.ipynb")]
    command = [sys.executable, "-m", "papermill", *files, "--no-progress-bar", "--cwd", str(folder)]
    seconds, memory, _ = project.run(*command, **environment.FIXED, PYTHONHASHSEED="0")
    found = [json.loads((folder / str(at) / "metrics.json").read_text()) for at in range(len(prepared))]
    return found, seconds, memory.peak


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
            measured = sweep_points(project, points, loop_points) | same_numbers(project)
            return measured | clean_and_unchanged(project, runs)
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
        print(f"{name}: {found['ours']} beside {found['other']}, ratio {found['ratio']} (at most {found['at_most']})")
        print("   ", json.dumps(found))


if __name__ == "__main__":
    main()

"""One run, in a process of its own: papermill executes the notebook, then results are hashed and the manifest written.

Talks to the build by lines of JSON on standard output; everything else goes to the log on standard error.
"""

import json
import os
import platform
import signal
import sys
import threading
import time
import traceback
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from helpers.runner import ingested_sets, inline, manifest
from helpers.runner.fingerprint import FORMAT
from helpers.runner.layout import NOTEBOOK, RESULTS

VERSIONS = ("papermill", "ipykernel", "pandas", "numpy", "matplotlib")
ENGINE = "reshoring"
#: Tag of cells that no run executes, and of cells that only the page needs: points of a sweep pass them over.
SKIPPED, PAGE_ONLY = "skip-execution", "page-only"


@dataclass
class RunSpec:
    """All that a worker needs to know about its run; crosses processes and machines as JSON."""

    section: str
    scenario: str
    run_id: str
    notebook: str
    folder: str
    root: str
    parameters: dict[str, Any]
    tables: dict[str, dict[str, Any]]
    fingerprint: dict[str, Any]
    text: str
    needs: dict[str, str] = field(default_factory=dict)
    sweeps: dict[str, str] = field(default_factory=dict)
    #: What it may know of the runs it reads and of all scenarios: `runs` and `scenarios`.
    described: dict[str, Any] = field(default_factory=dict)
    ingested: dict[str, dict[str, Any]] = field(default_factory=dict)
    sockets: str = ""
    server: str | None = None
    #: Whether it becomes a page of the site, beside those of the other sections and variants of its scenario.
    published: bool = True

    @property
    def generated(self) -> bool:
        """Whether anything it reads was made from generated data."""
        return ingested_sets.made_from_generated(self.ingested, self.needs.values(), self.sweeps.values())

    def context(self) -> dict[str, Any]:
        """Return what the notebook may know about its run (the file that RESHORING_RUN names)."""
        return {
            "section": self.section,
            "scenario": self.scenario,
            "run_id": self.run_id,
            "results": str(Path(self.folder) / RESULTS),
            "tables": list(self.tables),
            "needs": self.needs,
            "sweeps": self.sweeps,
            "ingested": list(self.ingested),
            "generated": self.generated,
            "root": self.root,
            "published": self.published,
            **self.described,
        }


@dataclass
class CellError:
    """Where and why a run failed."""

    message: str
    #: Number among the code cells, None for a text cell.
    cell: int | None = None
    cell_id: str = ""
    line: int | None = None
    #: Kind of the error; empty where it is not the notebook's own, so that the same run may well succeed next time.
    name: str = ""

    def __str__(self) -> str:
        text = f"text cell {self.cell_id}" if self.cell_id else ""
        place = f"cell {self.cell} ({self.cell_id})" if self.cell else text
        place += f", line {self.line}" if self.line else ""
        what = f"{self.name}: {self.message}" if self.name else self.message
        return f"{place}: {what}" if place else what


def say(**event: Any) -> None:
    """Tell the build something."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


class Execution:
    """The execution of one notebook by papermill, which can be asked at any time how far it is."""

    def __init__(self, spec: RunSpec) -> None:
        self.spec = spec
        self.folder = Path(spec.folder)
        self.notebook: Any = None
        self.current: tuple[int, str] = (0, "")

    def run(self) -> None:
        """Execute the notebook; `self.notebook` holds it afterwards, also when a cell has failed."""
        import papermill

        from helpers.runner import kernels

        papermill.engines.papermill_engines.register(ENGINE, kernels.engine_for(self))
        work = self.folder / "work"
        work.mkdir()
        papermill.execute_notebook(
            self.spec.notebook.replace("{", "{{").replace("}", "}}"),
            None,
            parameters=self.spec.parameters,
            engine_name=ENGINE,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            autosave_cell_every=0,
            record_timing=False,
            shutdown_kernel="immediate",
            on_cell_execute=self.cell_started,
            skip_cells_with_tag=SKIPPED,
            cwd=str(work),
        )

    def cell_started(self, cell: Any, cell_index: int) -> None:
        """Note and tell which code cell runs, counting code cells as a reader does."""
        codes = [index for index, other in enumerate(self.notebook.cells) if other.cell_type == "code"]
        number = codes.index(cell_index) + 1
        self.current = (number, cell.get("id", ""))
        say(event="cell", number=number, of=len(codes), id=self.current[1])

    def save(self) -> None:
        """Write the notebook as it is now, normalised."""
        import nbformat

        from helpers.runner.normalise import normalise

        if self.notebook is not None:
            paths = {self.spec.folder: "<run>", self.spec.root: "<root>", self.spec.sockets or "\0": "<sockets>"}
            text = nbformat.writes(normalise(self.notebook, paths))
            (self.folder / NOTEBOOK).write_text(text + "\n", encoding="utf-8")

    def error(self, found: BaseException) -> CellError:
        """Say in which cell and line, and why, the execution ended."""
        if isinstance(found, inline.ExpressionError):
            return CellError(str(found), None, found.cell_id, None, found.name)
        name = getattr(found, "ename", None)
        if name is None:
            last, cell_id = self.current
            return CellError(
                f"{found}".strip() or type(found).__name__, last or None, cell_id, None, type(found).__name__
            )
        number, cell_id = self._failed_cell()
        value = str(getattr(found, "evalue", ""))
        return CellError(value, number, cell_id, failing_line("\n".join(getattr(found, "traceback", []))), name)

    def _failed_cell(self) -> tuple[int | None, str]:
        codes = [cell for cell in self.notebook.cells if cell.cell_type == "code"]
        for number, cell in enumerate(codes, 1):
            if any(output.output_type == "error" for output in cell.outputs):
                return number, cell.get("id", "")
        return None, ""


def failing_line(trace: str) -> int | None:
    """Return the line within the cell at which an IPython traceback says the error arose."""
    import re

    plain = re.sub(r"\x1b\[[0-9;]*m", "", trace)
    found = re.search(r"Cell In\[\d+\], line (\d+)", plain) or re.search(r"<cell>\D*line (\d+)", plain)
    return int(found.group(1)) if found else None


def write_context(spec: RunSpec) -> Path:
    """Write the file that tells the notebook about its run."""
    path = Path(spec.folder) / "context.json"
    path.write_text(json.dumps(spec.context()), encoding="utf-8")
    return path


def execute(spec: RunSpec) -> CellError | None:
    """Run a notebook to its end; return what went wrong, None when nothing did."""
    (Path(spec.folder) / RESULTS).mkdir(exist_ok=True)
    execution = Execution(spec)
    signal.signal(signal.SIGTERM, lambda *_: _stop(execution))
    started, begun = datetime.now(UTC), time.monotonic()
    try:
        execution.run()
        if spec.generated:
            ingested_sets.mark(Path(spec.folder) / RESULTS)
        execution.save()
        inline.record(execution.notebook, Path(spec.folder) / RESULTS)
        _finish(spec, started, time.monotonic() - begun)
    except Exception as error:
        traceback.print_exc()
        _try_to_save(execution)
        return execution.error(error)
    return None


def _try_to_save(execution: Execution) -> None:
    try:
        execution.save()
    except OSError:
        traceback.print_exc()


def _stop(execution: Execution) -> None:
    _try_to_save(execution)
    os._exit(143)


def _finish(spec: RunSpec, started: datetime, seconds: float) -> None:
    folder = Path(spec.folder)
    manifest.write(
        folder,
        manifest.Manifest(
            format=FORMAT,
            run_id=spec.run_id,
            section=spec.section,
            scenario=spec.scenario,
            parameters=spec.parameters,
            tables={name: manifest.TableUsed(**table) for name, table in spec.tables.items()},
            ingested={name: manifest.IngestedUsed(**found) for name, found in spec.ingested.items()},
            generated=spec.generated,
            fingerprint=spec.fingerprint,
            text=spec.text,
            outputs=manifest.output_hashes(folder),
            versions={"python": platform.python_version()} | {name: version(name) for name in VERSIONS},
            seconds=round(seconds, 3),
            started=started.isoformat(timespec="seconds"),
        ),
    )


def end_with_parent() -> None:
    """End this process, and its kernel soon after, when the build that holds our standard input is gone."""

    def wait() -> None:
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def main(path: str) -> int:
    """Carry out the run that a file describes; return the exit code."""
    spec = RunSpec(**json.loads(Path(path).read_text(encoding="utf-8")))
    if spec.server is None:
        end_with_parent()
    error = execute(spec)
    say(event="end", error=asdict(error) if error else None)
    return 1 if error else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

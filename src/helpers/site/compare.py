"""Two runs of a section beside each other, and one run as a page of its own: what to look at after a change."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from helpers import files
from helpers.errors import InputError
from helpers.paths import build_folder, project_root, relative
from helpers.report.inline import Rich
from helpers.report.tables import html_table
from helpers.report.words import number, signed
from helpers.runner import Run, completed, notebooks
from helpers.runner.run import ADHOC, MANIFEST, SEPARATOR
from helpers.site.paper import embedded

#: Digits after the decimal point from which a number is at least this large.
ROUNDED = ((100.0, 0), (10.0, 1), (1.0, 2), (0.0, 3))
#: Whole numbers below this have no separator of thousands: most of them are years.
PLAIN = 10_000


@dataclass(frozen=True)
class Difference:
    """A number or a parameter of two runs; None where a run has none."""

    name: str
    first: Any
    second: Any

    @property
    def words(self) -> str:
        """The name as a reader would write it."""
        return self.name.replace("_", " ")

    @property
    def change(self) -> float | None:
        """The second less the first, for numbers."""
        pair = (self.first, self.second)
        numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in pair)
        return self.second - self.first if numeric else None

    def cells(self) -> tuple[str, str, str, str]:
        """Words, both values, and the change, as text."""
        values = [value for value in (self.first, self.second) if isinstance(value, int | float)]
        whole = all(isinstance(value, int) for value in values)
        digits = 0 if whole else digits_for(max(map(abs, values), default=0.0))
        shown = [as_shown(value, digits) for value in (self.first, self.second)]
        return self.words, shown[0], shown[1], signed(self.change, digits) if self.change else ""


def digits_for(size: float) -> int:
    """Return how many digits after the point a number of that size is shown with."""
    return next(digits for least, digits in ROUNDED if size >= least)


def as_shown(value: Any, digits: int) -> str:
    """Return a value as a table shows it."""
    if value is None:
        return "–"
    if isinstance(value, int) and abs(value) < PLAIN:
        return str(value).replace("-", "−")
    return number(value, digits) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def find(name: str) -> Run:
    """Return the finished run that a name stands for.

    Parameters
    ----------
    name : str
        ``scenario/section`` (or a variant, ``latest/economy@KOR``), a run id, or the folder of a run.

    Raises
    ------
    InputError
        Nothing of that name was run.
    """
    if (Path(name) / MANIFEST).is_file():
        return _read(Path(name))
    scenario, _, label = name.partition("/")
    if label:
        run = completed(scenario, label)
        if run is not None:
            return run
        raise InputError(f"{name} has no finished run. Run `reshoring build {label} --scenario {scenario}` first.")
    build = build_folder()
    for manifest in (path for place in ("runs", ADHOC) for path in sorted(build.glob(f"{place}/*/*/{MANIFEST}"))):
        if json.loads(manifest.read_text(encoding="utf-8")).get("run_id") == name:
            return _read(manifest.parent)
    raise InputError(f"{name!r} is no run. Give scenario/section (latest/drivers), a run id, or the folder of a run.")


def _read(folder: Path) -> Run:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    variant = folder.name.partition(SEPARATOR)[2]
    own = manifest["scenario"] == ADHOC
    scenario = notebooks.Scenario(manifest["scenario"], "Parameters of your own" if own else manifest["scenario"])
    done, why = Run(notebooks.section(manifest["section"]), scenario, folder, variant).finished()
    if done is None:
        raise InputError(f"{relative(folder)} cannot be read as a run: {why}.")
    return done


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """Return what differs between two mappings, in the order of the second."""
    names = [*second, *(name for name in first if name not in second)]
    found = [Difference(name, first.get(name), second.get(name)) for name in names]
    return [one for one in found if one.first != one.second]


def check_same_section(first: Run, second: Run) -> None:
    """Refuse two runs whose numbers are not the same numbers.

    Raises
    ------
    InputError
        They are of different sections.
    """
    if first.section.slug != second.section.slug:
        raise InputError(
            f"{first.name} and {second.name} are runs of different sections, {first.section.slug} and "
            f"{second.section.slug}: their numbers have nothing in common. Compare two runs of one section."
        )


def lines(first: Run, second: Run) -> Iterator[str]:
    """Yield what differs between two runs as lines of text: parameters, then numbers."""
    parameters, metrics = differences(first.parameters, second.parameters), differences(first.metrics, second.metrics)
    for title, found in (("Parameters", parameters), ("Numbers", metrics)):
        if found:
            rows = [(title, first.run_id, second.run_id, "change"), *(one.cells() for one in found)]
            widths = [max(len(row[column]) for row in rows) for column in range(4)]
            for row in rows:
                head, *rest = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
                yield "  ".join([row[0].ljust(len(head)), *rest]).rstrip()
    same = len({*first.metrics} | {*second.metrics}) - len(metrics)
    yield f"{len(metrics)} numbers differ, {same} are the same."


def write_page(run: Run, base: Run | None) -> Path:
    """Write a run as one HTML file, above it what differs from another run; return where.

    Parameters
    ----------
    run : Run
        The run to look at.
    base : Run, optional
        The run to compare it with.
    """
    above = ""
    if base is not None:
        rows = [
            # Written out already: a table would take cells of its numeric columns for numbers still to be written.
            tuple(map(Rich, one.cells()))
            for found in (differences(base.parameters, run.parameters), differences(base.metrics, run.metrics))
            for one in found
        ]
        head = ("", f"{base.scenario.title} ({base.run_id})", f"this run ({run.run_id})", "change")
        numeric = [False, True, True, True]
        none = "<p>No parameter and no number differs.</p>"
        listed = html_table(head, rows, numeric=numeric, classes="plain-table") if rows else none
        above = f"<h2>What differs from {escape(base.name)}</h2>\n{listed}"
    target = build_folder() / "compared" / f"{run.section.slug}-{run.run_id}.html"
    files.write_text(target, embedded(run, above, project_root() / "assets" / "site.css"))
    return target

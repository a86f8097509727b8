"""The command `reshoring claims`: the ledger of a scenario in the terminal."""

from typing import TYPE_CHECKING, Annotated

import typer

from helpers.errors import WorkError, require_known
from helpers.paths import project_root
from helpers.terminal import say, visible

if TYPE_CHECKING:
    from helpers.claims.ledger import Entry

COLOURS = {
    "supported": "green",
    "partly": "yellow",
    "contradicted": "red",
    "inconclusive": "magenta",
    "not testable": "bright_black",
}
#: Columns of the table where it goes to a file or another program, which have no width of their own.
WIDE = 140


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("claims")(claims)


def claims(
    scenario: Annotated[
        str | None, typer.Option("--scenario", "-s", help="scenario whose runs are judged; default: every one built")
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", help="print rule, numbers, evidence and caveat of each claim")
    ] = False,
    digests: Annotated[
        bool, typer.Option("--digests", help="print the digest of each rule, for the history of a rule that changes")
    ] = False,
) -> None:
    """Judge every claim of the study by the results of a scenario and print the ledger."""
    if digests:
        from helpers.claims import reading

        for claim in reading.read_claims():
            changed = "" if claim.frozen else "   (not in its history: add an entry)"
            say(f"{claim.digest()}  {claim.id}{changed}")
        return
    for name in _scenarios(scenario):
        _print_ledger(name, _entries(name), details)


def _scenarios(wanted: str | None) -> list[str]:
    from helpers.runner import scenarios

    known = [found.name for found in scenarios()]
    if wanted is not None:
        require_known("scenario", wanted, known)
        return [wanted]
    built = [name for name in known if (project_root() / "build" / "runs" / name).is_dir()]
    if not built:
        raise WorkError("No scenario has been built yet. Run: reshoring build")
    return built


def _entries(scenario: str) -> "list[Entry]":
    from helpers.claims import ledger, reading
    from helpers.runner import completed

    claims = reading.read_claims()
    runs = {section: completed(scenario, section) for section in reading.answering()}
    missing = [section for section, run in runs.items() if run is None]
    if missing:
        raise WorkError(
            f"Scenario {scenario!r} has no finished run of {', '.join(missing)}. "
            f"Run: reshoring build {' '.join(missing)} --scenario {scenario}"
        )
    folders = {section: run.results for section, run in runs.items() if run is not None}
    facts = reading.read_facts(folders)
    tables = reading.read_alternatives(claims, folders, reading.sweeps_beside(folders["drivers"]))
    return ledger.assess(claims, facts, tables)


def _print_ledger(scenario: str, entries: "list[Entry]", details: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from helpers.claims import ledger

    heads = {"claim": "claim", "verdict": "verdict", "evidence_kind": "evidence", "strength": "strength"}
    heads |= {"smallest": "smallest effect", "detectable": "detectable (80% power)"}
    table = Table(*heads.values(), title=f"Claims under {scenario}", title_justify="left", show_lines=details)
    if details:
        table.add_column("details")
    for entry, row in zip(entries, ledger.ledger_table(entries).to_dict("records"), strict=True):
        told = ["\n".join(ledger.statements(entry))] if details else []
        cells = {name: Text(visible(row[name])) for name in heads}
        cells["verdict"].stylize(COLOURS[entry.verdict])
        table.add_row(*cells.values(), *(Text(visible(text)) for text in told))
    table.columns[1].no_wrap = True
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, WIDE)
    console.print(table)
    console.print(", ".join(f"{count} {verdict}" for verdict, count in ledger.counts(entries).items()))

"""Commands of the site: site, pages and finish (what Quarto's hooks call), check, page, package."""

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helpers.runner.commands import Address, Backend, Scenarios
from helpers.terminal import say

if TYPE_CHECKING:
    from helpers.runner import Run
    from helpers.runner.builder import Recap
    from helpers.runner.run import Status

STATES = {
    "fresh": "unchanged",
    "ran": "run",
    "text": "text refreshed",
    "failed": "failed",
    "skipped": "not run",
    "left": "left",
}


def add_to(app: typer.Typer) -> None:
    """Add the site's commands to the command line."""
    app.command("site")(site)
    app.command("pages")(pages)
    app.command("finish", hidden=True)(finish)
    app.command("check")(check)
    app.command("page")(page)
    app.command("package")(package)


def site(
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="runs at once; default: cores")] = None,
    renderer: Annotated[
        str | None, typer.Option(help="quarto or smalldocs; default: quarto where it is installed")
    ] = None,
    backend: Backend = "local",
    address: Address = None,
) -> None:
    """Run what is stale, render the website, check it, and only then replace _site/."""
    from helpers.site import build, pages

    begun = time.monotonic()
    root, name = pages.site_root(), _renderer(renderer)
    build.check_place(root)
    recap = _run_stale(jobs=jobs, backend=backend, address=address)
    found = pages.published_runs()
    changed = build.publish(root, found, name)
    missing = build.left_out(root)
    for place, findings in missing.items():
        say(f"left out, since it breaks the site contract: {place}", error=True)
        for finding in findings[: build.SHOWN_FINDINGS]:
            say(f"  {finding}", error=True)
    shown = [run for run in found if pages.label(run) not in missing]
    if not changed:
        say(f"nothing to do: _site/ is up to date, {len(shown)} pages from runs, {time.monotonic() - begun:.1f} s")
        return
    for line in summary(shown, recap):
        say(line)
    say(f"rendered with {name}: _site/index.html, {time.monotonic() - begun:.1f} s")


def page(
    section: Annotated[str, typer.Argument(help="section, or a variant of one such as economy@KOR")],
    to: Annotated[str, typer.Option(help="docx, pdf, typst or md")] = "docx",
    scenario: Annotated[str, typer.Option(help="scenario of the run")] = "latest",
    out: Annotated[Path | None, typer.Option(help="file to write; default: below build/paper/")] = None,
) -> None:
    """Write the page of a section for paper: every row of its tables, figures, sources and references, no code."""
    from helpers.errors import WorkError, require_known
    from helpers.paths import project_root, relative
    from helpers.runner import completed
    from helpers.site.paper import FORMATS, PAPER, write_paper

    require_known("format", to, FORMATS)
    run = completed(scenario, section)
    if run is None:
        raise WorkError(f"{section} has no finished run. Run `reshoring build {section} --scenario {scenario}` first.")
    target = out or project_root() / PAPER / scenario / f"{run.label}.{to.replace('typst', 'typ')}"
    write_paper(run, to, target)
    say(relative(target))


def package(
    scenario: Scenarios = None,
    to: Annotated[Path | None, typer.Option(help="zip file to write; default: build/replication.zip")] = None,
) -> None:
    """Write a replication package for reviewers: README, data, code, results, and RO-Crate metadata of every run."""
    from helpers.errors import InputError
    from helpers.paths import project_root, relative
    from helpers.site import crate, package_readme
    from helpers.site import package as packing

    target = to or project_root() / "build" / "replication.zip"
    if target.suffix != ".zip" or target.is_dir():
        raise InputError(f"{target} is no name for a zip archive: give a file that ends in .zip, such as review.zip.")
    contents = packing.gather(project_root(), scenario)
    title = contents.citation["title"]
    written = {crate.README: package_readme.readme(contents, title), crate.METADATA: crate.crate(contents, title)}
    packing.write(target, written, contents.files)
    runs, held = len(contents.runs), len(contents.files) + len(written)
    say(f"{relative(target)}: {runs} runs, {held} files, {target.stat().st_size / 1e6:.1f} MB")
    if contents.edited:
        say(f"note: {len(contents.edited)} files differ from the last commit; the README names them", error=True)


def _renderer(wanted: str | None) -> str:
    from helpers.errors import InputError, not_allowed
    from helpers.site.render import QUARTO, SMALLDOCS, renderer

    if wanted not in (None, QUARTO, SMALLDOCS):
        raise InputError(not_allowed("renderer", wanted, [QUARTO, SMALLDOCS]))
    if wanted == QUARTO and renderer() != QUARTO:
        raise InputError("quarto is not on PATH: install it, or leave --renderer out to use smalldocs.")
    return wanted or renderer()


def _run_stale(**how: Any) -> "Recap":
    """Run what is stale; when a run fails, tell all failures and end with exit code 1, the site untouched."""
    from helpers import runner
    from helpers.runner.progress import for_terminal

    with for_terminal() as progress:
        recap = runner.build(progress=progress, **how)
    if recap.ok:
        return recap
    for line in recap.lines():
        say(f"failed: {line}", error=True)
    done = len(recap.results) - len(recap.failures)
    say(
        f"{len(recap.failures)} of {len(recap.results)} runs failed, {done} are fine; _site/ stays as it was",
        error=True,
    )
    raise typer.Exit(1)


def summary(runs: "list[Run]", recap: "Recap") -> list[str]:
    """Return one line a section: scenario, section, state, seconds, page; variants of a section share a line."""
    from helpers.site import pages

    results = {(item.scenario, item.section): item for item in recap.results}
    groups: dict[tuple[str, str, str], list[Status]] = {}
    for run in runs:
        scenario, slug = run.scenario.name, run.section.slug
        groups.setdefault((scenario, slug, f"_site/{pages.address(pages.listed(run))}"), []).append(results[run.key])
    rows = [
        (scenario, section, _states(group), f"{sum(result.seconds or 0.0 for result in group):.1f} s", place)
        for (scenario, section, place), group in groups.items()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _states(group: "list[Status]") -> str:
    counted = Counter(STATES[result.state] for result in group)
    if len(group) == 1:
        return next(iter(counted))
    return ", ".join(f"{count} {state}" for state, count in counted.items())


def pages(
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="runs at once; default: cores")] = None,
) -> None:
    """Run what is stale and write the pages that Quarto renders; `quarto render` calls this itself."""
    from helpers.site.pages import published_runs, site_root
    from helpers.site.stage import stage

    root = site_root()
    _run_stale(jobs=jobs)
    stage(root, published_runs())


def finish() -> None:
    """Finish what Quarto has rendered and hold it against the site contract; `quarto render` calls this itself."""
    from helpers.site.pages import SITE, published_runs, site_root
    from helpers.site.render import finish

    root = site_root()
    finish(root, root / SITE, published_runs(), with_policy=False)
    check(root / SITE)


def check(
    folder: Annotated[Path | None, typer.Argument(help="a rendered site; default: _site/")] = None,
) -> None:
    """Hold a rendered site against the site contract and print every breach."""
    from helpers.errors import InputError
    from helpers.paths import project_root
    from helpers.site.contract import contract

    target = folder or project_root() / "_site"
    if not target.is_dir():
        raise InputError(f"There is no rendered site in {target}: run `reshoring site` first, or name a folder.")
    findings = contract(target)
    for finding in findings:
        say(finding)
    say(f"{len(findings)} breaches of the site contract" if findings else "the site keeps its contract")
    raise typer.Exit(1 if findings else 0)

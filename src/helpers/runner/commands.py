"""Commands of the runner: run, compare, build, sweep, status, params, scenarios."""

import json
import time
import webbrowser
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from helpers.errors import InputError, require_known
from helpers.paths import project_root, relative
from helpers.runner import builder, notebooks, parameters, plan, sweeps
from helpers.runner.environment import forks_kernels
from helpers.runner.progress import for_terminal
from helpers.runner.run import Status
from helpers.terminal import say

Parameter = Annotated[list[str] | None, typer.Option("-p", "--parameter", help="name=value; may be given repeatedly")]
Sections = Annotated[list[str] | None, typer.Argument(help="sections, or variants such as NAME@VALUE; default: all")]
Scenarios = Annotated[list[str] | None, typer.Option("--scenario", "-s", help="scenario; may be given several times")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="runs at once; default: cores")]
Force = Annotated[bool, typer.Option("--force", help="run even what is up to date")]
Only = Annotated[str | None, typer.Option(help="'failed': only what failed last time")]
Explain = Annotated[bool, typer.Option("--explain", help="name every part that changed; runs nothing")]
Wait = Annotated[bool, typer.Option(help="wait for another one to finish, or refuse")]
Backend = Annotated[str, typer.Option(help="where runs are carried out: local or dask")]
Address = Annotated[str | None, typer.Option(help="scheduler of the dask cluster, such as tcp://host:8786")]
SHOWN_METRICS = 20


def add_to(app: typer.Typer) -> None:
    """Add the runner's commands to the command line."""
    app.command("scenarios")(list_scenarios)
    for command in (run, compare, build, sweep, status, params):
        app.command()(command)


def run(
    section: Annotated[str, typer.Argument(help="section to run")],
    parameter: Parameter = None,
    scenario: Annotated[str | None, typer.Option("--scenario", "-s", help="named set to start from")] = None,
    force: Force = False,
    metrics_only: Annotated[bool, typer.Option("--numbers", help="only the numbers: no figures, no tables")] = False,
    look: Annotated[bool, typer.Option("--open", help="show the run as a page, beside the published one")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the numbers as JSON, unrounded")] = False,
) -> None:
    """Run one section with parameters of your own; prints the main numbers and where the results are."""
    if look and metrics_only:
        raise InputError("--numbers makes no page that --open could show: leave one of them out.")
    begun = time.monotonic()
    carry_out = sweeps.run_point if metrics_only else builder.run_section
    with for_terminal(beside=as_json) as progress:
        found = carry_out(section, parameter or [], scenario, force=force, progress=progress)
    if as_json:
        return say(json.dumps(found.metrics, indent=1))
    if look:
        _show(found.path, scenario or plan.DEFAULT, section)
        return _warn_of_breaches(found.path)
    shown = len(found.metrics) if metrics_only else SHOWN_METRICS
    for name, value in list(found.metrics.items())[:shown]:
        say(f"  {name:<44} {value:.6g}" if isinstance(value, float) else f"  {name:<44} {value}")
    if len(found.metrics) > shown:
        say(f"  and {len(found.metrics) - shown} more in results/metrics.json")
    state = "computed" if found.fresh else "already there"
    say(f"{relative(found.path)}: {state}, run {found.run_id}, {time.monotonic() - begun:.1f} s")
    if not metrics_only:
        _warn_of_breaches(found.path)


def _warn_of_breaches(path: Path) -> None:
    """Say what would keep the page of a run from the site, where there is one."""
    from helpers.site import compare, pages, paper

    if not (project_root() / pages.CONFIGURATION).is_file():
        return
    for breach in paper.breaches(compare.find(str(path))):
        say(f"warning: the site would leave this page out: {breach}", error=True)


def _show(path: Path, scenario: str, section: str) -> None:
    """Open a run as a page, with what differs from the published run of that scenario."""
    from helpers.site import compare

    shown, base = compare.find(str(path)), plan.completed(scenario, section)
    if base is None:
        say(f"{scenario}/{section} has no finished run to compare with", error=True)
    _open(compare.write_page(shown, base))
    for line in compare.lines(base, shown) if base else ():
        say(line)


def _open(page: Path) -> None:
    say(relative(page))
    webbrowser.open(page.as_uri())


def compare(
    first: Annotated[str, typer.Argument(help="scenario/section, a run id, or the folder of a run")],
    second: Annotated[str, typer.Argument(help="the same, of another run of that section")],
    look: Annotated[bool, typer.Option("--open", help="show the second run as a page, with what differs")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print both values of all that differs, unrounded")] = False,
) -> None:
    """Say what differs between two runs of a section: parameters, then numbers with their change."""
    from helpers.site import compare as comparing

    one, other = comparing.find(first), comparing.find(second)
    comparing.check_same_section(one, other)
    if look:
        _open(comparing.write_page(other, one))
    if as_json:
        pairs = {"parameters": (one.parameters, other.parameters), "metrics": (one.metrics, other.metrics)}
        found = {name: comparing.differences(*pair) for name, pair in pairs.items()}
        shown = {name: {item.name: [item.first, item.second] for item in items} for name, items in found.items()}
        return say(json.dumps(shown, indent=1))
    for line in comparing.lines(one, other):
        say(line)


def build(
    sections: Sections = None,
    scenario: Scenarios = None,
    jobs: Jobs = None,
    force: Force = False,
    only: Only = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would run, run nothing")] = False,
    explain: Explain = False,
    wait: Wait = True,
    backend: Backend = "local",
    address: Address = None,
) -> None:
    """Run what is stale; does nothing when nothing changed."""
    only_failed = _only_failed(only)
    chosen = (scenario or None, sections or None)
    if dry_run or explain:
        planned = plan.plan(*chosen)
        for name in sorted({name for one in planned for name in one.sweeps if not one.swept[name]}):
            say(f"sweep {name}: {len(sweeps.missing(sweeps.state_now(name).points))} points to compute first")
        rows = [row for row in plan.rows(planned, force) if row.state != "up to date"]
        _print_rows([row for row in rows if row.state == "failed" or not only_failed], explain)
        return
    begun = time.monotonic()
    carry_out = partial(builder.build, *chosen, jobs=jobs, force=force, only_failed=only_failed, wait=wait)
    with for_terminal() as progress:
        recap = carry_out(progress=progress, backend=backend, address=address)
    for line in recap.lines():
        say(f"failed: {line}", error=True)
    done = len(recap.changed)
    what = f"{done} of {len(recap.results)} runs done" if done or not recap.ok else "nothing to do"
    say(f"{what}, {len(recap.failures)} failed, {time.monotonic() - begun:.1f} s")
    raise typer.Exit(0 if recap.ok else 1)


def _only_failed(only: str | None) -> bool:
    require_known("value of --only", only or "failed", ["failed"])
    return only is not None


def sweep(
    name: Annotated[str, typer.Argument(help="sweep: sweeps/NAME.yml, or its name")],
    jobs: Jobs = None,
    only: Only = None,
    wait: Wait = True,
    backend: Backend = "local",
    address: Address = None,
) -> None:
    """Compute the points of a sweep that were not computed before; writes one table."""
    begun, retry = time.monotonic(), _only_failed(only)
    with for_terminal() as progress:
        recap = sweeps.run(name, jobs=jobs, progress=progress, retry=retry, wait=wait, backend=backend, address=address)
    say(f"{recap.line()}, {time.monotonic() - begun:.1f} s")
    say(relative(recap.folder / sweeps.POINTS))
    told = [f"{count} {what}" for count, what in ((recap.failed, "failed"), (recap.refused, "were refused")) if count]
    if told:
        say(f"why {' and '.join(told)}: {relative(recap.folder / sweeps.FAILURES)}")
    raise typer.Exit(0 if recap.summary["points"] else 1)


def status(sections: Sections = None, scenario: Scenarios = None, explain: Explain = False) -> None:
    """Show each run's state, the reason and how long it took last."""
    _print_rows(plan.rows(plan.plan(scenario or None, sections or None)), explain)


def _print_rows(found: list[Status], explain: bool) -> None:
    for row in found if explain else plan.gathered(found):
        say(row.line(every_reason=explain))
    todo = [row for row in found if row.expected]
    seconds = sum(row.expected for row in todo)
    say(f"{len(todo)} to run, about {seconds:.0f} s one after the other." if todo else "Nothing to run.")
    why = "a new interpreter each (forking needs Linux and RESHORING_ORDINARY_KERNELS unset)"
    say(f"Kernels: {'forked from one preloaded process' if forks_kernels() else f'ordinary, {why}'}.")


def params(
    section: Annotated[str | None, typer.Argument(help="section; all when none is named")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="write scenarios/schema.json for editors")] = False,
) -> None:
    """List every parameter with its type, range, default and meaning."""
    if schema:
        return say(parameters.write_schema())
    chosen = [notebooks.section(section)] if section else notebooks.sections()
    say("\n\n".join(parameters.text(one) for one in chosen))


def list_scenarios() -> None:
    """List the scenarios and what each changes."""
    say("\n\n".join(parameters.scenario_text(one) for one in notebooks.scenarios()))

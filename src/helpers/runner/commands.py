"""Commands of the runner: run, build, sweep, status, params, scenarios."""

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helpers.runner.layout import relative

if TYPE_CHECKING:
    from helpers.runner.status import Row

Parameter = Annotated[
    list[str] | None, typer.Option("-p", "--parameter", help="name=value; may be given several times")
]
Sections = Annotated[list[str] | None, typer.Argument(help="sections, or variants such as NAME@VALUE; default: all")]
Scenarios = Annotated[list[str] | None, typer.Option("--scenario", "-s", help="scenario; may be given several times")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="runs at once; default: cores")]
Force = Annotated[bool, typer.Option("--force", help="run even what is up to date")]
Only = Annotated[str | None, typer.Option(help="'failed': only what failed last time")]
Explain = Annotated[bool, typer.Option("--explain", help="name every part that changed")]
Wait = Annotated[bool, typer.Option(help="wait for another one to finish, or refuse")]
Backend = Annotated[str, typer.Option(help="where runs are carried out: local or dask")]
Address = Annotated[str | None, typer.Option(help="scheduler of the dask cluster, such as tcp://host:8786")]
SHOWN_METRICS = 20


def add_to(app: typer.Typer) -> None:
    """Add the runner's commands to the command line."""
    for name, command in (
        ("run", run),
        ("build", build),
        ("sweep", sweep),
        ("warm", keep_warm),
        ("status", status),
        ("params", params),
        ("scenarios", list_scenarios),
    ):
        app.command(name)(command)


def run(
    section: Annotated[str, typer.Argument(help="section to run")],
    parameter: Parameter = None,
    scenario: Annotated[
        str | None, typer.Option("--scenario", "-s", help="named set of parameters to start from")
    ] = None,
    force: Force = False,
    numbers: Annotated[
        bool, typer.Option("--numbers", help="only the numbers: no figures, tables or cells tagged page-only")
    ] = False,
) -> None:
    """Run one section with parameters of your own; prints the main numbers and where the results are."""
    from helpers.runner import adhoc
    from helpers.runner.progress import for_terminal

    begun = time.monotonic()
    carry_out = adhoc.run_numbers if numbers else adhoc.run_section
    with for_terminal() as progress:
        found = carry_out(section, parameter or [], scenario, force=force, progress=progress)
    _print_metrics(found.metrics, len(found.metrics) if numbers else SHOWN_METRICS)
    state = "computed" if found.fresh else "already there"
    print(f"{relative(found.place)}: {state}, run {found.run_id}, {time.monotonic() - begun:.1f} s")


def _print_metrics(metrics: dict[str, Any], shown: int) -> None:
    for name, value in list(metrics.items())[:shown]:
        print(f"  {name:<44} {value}")
    if len(metrics) > shown:
        print(f"  and {len(metrics) - shown} more in results/metrics.json")


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
    if dry_run or explain:
        _print_to_do(sections, scenario, explain, {"force": force, "only_failed": only_failed})
    if not dry_run:
        how: dict[str, Any] = {"jobs": jobs, "force": force, "only_failed": only_failed, "wait": wait}
        _build(sections, scenario, how | {"backend": backend, "address": address})


def _only_failed(only: str | None) -> bool:
    from helpers.errors import InputError, not_allowed

    if only not in (None, "failed"):
        raise InputError(not_allowed("value of --only", only, ["failed"]))
    return only is not None


def _build(sections: list[str] | None, scenario: list[str] | None, how: dict[str, Any]) -> None:
    from helpers.runner.builder import build
    from helpers.runner.progress import for_terminal

    begun = time.monotonic()
    with for_terminal() as progress:
        recap = build(scenario or None, sections or None, progress=progress, **how)
    for line in recap.lines():
        print(f"failed: {line}", file=sys.stderr)
    done = len(recap.changed)
    what = f"{done} of {len(recap.results)} runs done" if done or not recap.ok else "nothing to do"
    print(f"{what}, {len(recap.failures)} failed, {time.monotonic() - begun:.1f} s")
    raise typer.Exit(0 if recap.ok else 1)


def sweep(
    name: Annotated[str, typer.Argument(help="sweep: sweeps/NAME.yml, or its name")],
    jobs: Jobs = None,
    only: Only = None,
    wait: Wait = True,
    backend: Backend = "local",
    address: Address = None,
) -> None:
    """Compute the points of a sweep that were not computed before; writes one table."""
    from helpers.runner import sweeps
    from helpers.runner.progress import for_terminal

    begun, retry = time.monotonic(), _only_failed(only)
    with for_terminal() as progress:
        recap = sweeps.run(name, jobs=jobs, progress=progress, retry=retry, wait=wait, backend=backend, address=address)
    print(f"{recap.line()}, {time.monotonic() - begun:.1f} s")
    print(relative(recap.folder / sweeps.POINTS))
    if recap.failed:
        print(f"why {recap.failed} failed: {relative(recap.folder / sweeps.FAILURES)}")
    raise typer.Exit(1 if recap.failed == recap.points else 0)


def keep_warm(
    stop: Annotated[bool, typer.Option("--stop", help="end the process that is kept ready")] = False,
    idle: Annotated[float, typer.Option(min=0.01, help="minutes it stays without being used")] = 30.0,
) -> None:
    """Keep a preloaded process ready, so that runs start at once; it holds some 250 MB and ends when unused."""
    from helpers.runner import warm

    print(warm.stop() if stop else warm.start(idle).line())


def status(sections: Sections = None, scenario: Scenarios = None, explain: Explain = False) -> None:
    """Show each run's state, the reason and how long it took last."""
    from helpers.runner.status import rows

    _print_rows(rows(scenario or None, sections or None), explain)


def _print_to_do(
    sections: list[str] | None, scenario: list[str] | None, explain: bool, options: dict[str, bool]
) -> None:
    from helpers.runner.status import to_do

    found, before = to_do(scenario or None, sections or None, **options)
    for line in before:
        print(line)
    _print_rows(found, explain)


def _print_rows(found: "list[Row]", explain: bool) -> None:
    from helpers.runner.status import gathered, kernels, total

    for row in found if explain else gathered(found):
        print(row.line(every_reason=explain))
    print(total(found))
    print(kernels())


def params(
    section: Annotated[str | None, typer.Argument(help="section; all when none is named")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="write scenarios/schema.json for editors")] = False,
) -> None:
    """List every parameter with its type, range, default and meaning."""
    from helpers.runner import describe, notebooks

    if schema:
        print(describe.write_schema())
        return
    chosen = [notebooks.section(section)] if section else notebooks.sections()
    print("\n\n".join(describe.parameter_text(item) for item in chosen))


def list_scenarios() -> None:
    """List the scenarios and what each changes."""
    from helpers.runner.describe import scenario_text
    from helpers.runner.scenario import scenarios

    print("\n\n".join(scenario_text(item) for item in scenarios()))

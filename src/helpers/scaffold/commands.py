"""`reshoring new ...`: a section, an indicator, a scenario, a sweep or a claim; what is not given is asked for."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from helpers.errors import InputError
from helpers.terminal import say

app = typer.Typer(
    no_args_is_help=True, help="Begin a section, indicator, scenario, sweep or claim that builds at once."
)

Name = Annotated[str, typer.Argument(help="name: small letters and digits, words joined by a hyphen")]
Series = Annotated[str, typer.Argument(help="name of its table: words joined by an underscore")]
Text = str | None


def add_to(parent: typer.Typer) -> None:
    """Register `new` and its commands on the command line."""
    parent.add_typer(app, name="new")


def _asked(given: Text, option: str, words: str, default: Text = None, check: Callable[[str], str] = str.strip) -> str:
    """Return what an option gives; without it the answer at a terminal, or the default where nobody can answer.

    Parameters
    ----------
    given : str or None
        Value of the option.
    option, words : str
        Its name, and what is asked for.
    default : str, optional
        Taken for no answer; what has none must be answered.
    check : callable
        Returns the value to take; raises InputError for one that cannot be used, and it is asked for again.
    """
    if given is not None or not sys.stdin.isatty():
        found = default if given is None else given
        if found is None:
            raise InputError(f"{option} is missing: {words}. At a terminal it is asked for.")
        return check(found)
    while True:
        try:
            return check(str(typer.prompt(words, default=default)))
        except InputError as error:
            say(error, error=True)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        say(line)


@app.command()
def section(
    name: Name,
    title: Annotated[Text, typer.Option(help="what the page asks")] = None,
    table: Annotated[Text, typer.Option(help="table whose values it shows, such as rd_gdp")] = None,
    description: Annotated[Text, typer.Option(help="one sentence for lists and search")] = None,
) -> None:
    """Begin a section: notebook, parameters, a chart, a table, a number in prose, a test, its place in the sidebar."""
    from helpers.scaffold import section as new
    from helpers.scaffold.writing import check_name

    check_name("section", name)
    asked = _asked(title, "--title", "Title: what the page asks")
    chosen = _asked(table, "--table", "Table whose values it shows", check=new.table_name)
    about = _asked(description, "--description", "Description, one sentence", default="")
    done = new.write_section(new.NewSection(name, asked, chosen, about))
    _say([*done, f"run it: reshoring run {name} --open"])


@app.command()
def indicator(
    name: Series,
    csv: Annotated[
        Path | None, typer.Option(help="file with the columns iso3,year,vintage,value, or without vintage")
    ] = None,
    title: Text = None,
    producer: Text = None,
    series_code: Annotated[Text, typer.Option(help="the producer's code of the series")] = None,
    url: Annotated[Text, typer.Option(help="where the series is published")] = None,
    unit: Text = None,
    definition: Text = None,
    licence: Text = None,
    licence_url: Text = None,
    vintage: Annotated[Text, typer.Option(help="the publication, where the csv has no such column")] = None,
    published: Annotated[Text, typer.Option(help="its day, month or year, such as 2026-11; default: today")] = None,
    label: Annotated[Text, typer.Option(help="what readers of the index call it; default: the title")] = None,
    less_is_better: Annotated[bool, typer.Option("--less-is-better", help="in the index")] = False,
    scenario: Annotated[Text, typer.Option("--scenario", "-s", help="put it into the index of this scenario")] = None,
    as_given: Annotated[bool, typer.Option("--as-given", help="unit and licence are meant as they stand")] = False,
) -> None:
    """Enter a series into the catalogue, field by field, and into the index of a scenario if one is named."""
    from helpers.scaffold import indicator as new

    known = new.licences()
    path = _asked(
        str(csv) if csv else None, "--csv", "File with the columns iso3,year,vintage,value, or without vintage"
    )
    given = {
        "title": _asked(title, "--title", "Title of the series"),
        "producer": _asked(producer, "--producer", "Producer"),
        "series_code": _asked(series_code, "--series-code", "The producer's code of the series, if any", default=""),
        "url": _asked(url, "--url", "Where it is published (https://...)"),
        "unit": _asked(unit, "--unit", "Unit", check=new.near("unit", new.units(), as_given)),
        "definition": _asked(definition, "--definition", "Definition, one sentence"),
        "licence": _asked(licence, "--licence", "Licence", check=new.near("licence", [*known], as_given)),
        "vintage": _asked(vintage, "--vintage", "Vintage, if the csv has no such column", default=""),
        "published": _asked(published, "--published", "Published on (day, month or year), if known", default=""),
        "label": _asked(label, "--label", "What readers of the index call it", default=""),
        "scenario": _asked(scenario, "--scenario", "Scenario whose index it enters, if any", default=""),
    }
    address = _asked(licence_url, "--licence-url", "Address of the licence", default=known.get(given["licence"]))
    _say(
        new.write_indicator(
            new.NewIndicator(name, Path(path), licence_url=address, less_is_better=less_is_better, **given)
        )
    )


@app.command()
def scenario(
    name: Name,
    title: Text = None,
    description: Text = None,
    extends: Annotated[Text, typer.Option(help="scenario whose values it starts from")] = None,
    given: Annotated[list[str] | None, typer.Option("--set", help="section.parameter=value; may be repeated")] = None,
) -> None:
    """Begin a scenario: a named set of parameters under which every section is run."""
    from helpers.paths import relative
    from helpers.scaffold import plans

    asked = _asked(title, "--title", "Title")
    about = _asked(description, "--description", "Description, one sentence", default="")
    base = _asked(extends, "--extends", "Scenario to start from, if any", default="")
    path = plans.write_scenario(name, asked, about, base, given or [])
    _say([f"written: {relative(path)}", f"run it: reshoring build --scenario {name}"])


@app.command()
def sweep(
    name: Name,
    section: Annotated[Text, typer.Option(help="section that is computed")] = None,
    vary: Annotated[list[str] | None, typer.Option(help="name=value,value; may be repeated")] = None,
    metric: Annotated[Text, typer.Option(help="number that its page shows")] = None,
    title: Text = None,
    description: Text = None,
    scenario: Annotated[Text, typer.Option("--scenario", "-s", help="scenario to start from")] = None,
) -> None:
    """Begin a sweep: one section under every combination of some values."""
    from helpers.paths import relative
    from helpers.scaffold import plans

    design: dict[str, Any] = {
        "title": _asked(title, "--title", "Title"),
        "description": _asked(description, "--description", "Description, one sentence", default=""),
        "scenario": _asked(scenario, "--scenario", "Scenario to start from, if any", default=""),
        "metric": _asked(metric, "--metric", "Number that its page shows, if any", default=""),
        "section": _asked(section, "--section", "Section"),
    }
    varied = vary or [_asked(None, "--vary", "Values of a parameter, as name=value,value")]
    path = plans.write_sweep(name, design, varied)
    _say([f"written: {relative(path)}", f"carry it out: reshoring sweep {name}"])


@app.command()
def claim(
    name: Name,
    title: Text = None,
    question: Annotated[Text, typer.Option(help="section whose page answers it")] = None,
    paraphrase: Annotated[Text, typer.Option(help="what the study says, in our words")] = None,
    place: Annotated[Text, typer.Option(help="where it says so, such as 'summary, paragraph 3'")] = None,
    metric: Annotated[Text, typer.Option(help="section.metric of the number that answers it")] = None,
    number: Annotated[Text, typer.Option(help="what that number is called")] = None,
    low: Annotated[Text, typer.Option(help="section.metric of the lower end of its interval")] = None,
    high: Annotated[Text, typer.Option(help="section.metric of the upper end")] = None,
    wanted: Annotated[Text, typer.Option(help="what the claim says of it: more, less or same")] = None,
    printed: Annotated[float | None, typer.Option(help="the figure that the study prints")] = None,
    kind: Annotated[Text, typer.Option(help="kind of claim, with its smallest effect: its anchor in the file")] = None,
    asks: Annotated[Text, typer.Option(help="of a new kind: difference, times or figure")] = None,
    smallest: Annotated[float | None, typer.Option(help="of a new kind: smallest effect that matters")] = None,
    near: Annotated[float | None, typer.Option(help="of a new kind of figures: what is nearly right")] = None,
    unit: Annotated[Text, typer.Option(help="of a new kind: unit of the smallest effect")] = None,
    reason: Annotated[Text, typer.Option(help="of a new kind: why smaller effects do not matter")] = None,
    direct: Annotated[bool, typer.Option("--direct", help="the number is what the claim is about, no proxy")] = False,
    would_test: Annotated[Text, typer.Option(help="without a metric: the data that would test it")] = None,
) -> None:
    """Enter a claim of the study with its rule, the smallest effect that matters and the first entry of its history."""
    from helpers.scaffold import claim as new

    answers = {
        "title": _asked(title, "--title", "Title"),
        "question": _asked(question, "--question", "Section whose page answers it"),
        "paraphrase": _asked(paraphrase, "--paraphrase", "What the study says, in our words"),
        "place": _asked(place, "--place", "Where it says so"),
    }
    read = _asked(metric, "--metric", "Number that answers it (section.metric), if any", default="")
    rule: dict[str, Any] = {}
    if read:
        said = {"low": low, "high": high, "printed": printed, "wanted": wanted}
        label = _asked(number, "--number", "What that number is called")
        rule = {"label": label, "metric": read} | {key: value for key, value in said.items() if value is not None}
    told = {"asks": asks, "smallest": smallest, "near": near, "unit": unit, "reason": reason}
    kinds = {key: value for key, value in told.items() if value is not None}
    chosen = _asked(kind, "--kind", "Kind of claim, with its smallest effect") if read else ""
    missing = "" if read else _asked(would_test, "--would-test", "The data that would test it")
    _say(
        new.write_claim(
            new.NewClaim(name, **answers, number=rule, kind=chosen, new_kind=kinds, direct=direct, would_test=missing)
        )
    )

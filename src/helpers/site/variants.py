"""The page that lists the variants of a section: a map of squares where there is one, and a table that sorts."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from helpers.errors import InputError, not_allowed, require_known
from helpers.report.inline import Rich, link_html
from helpers.report.tables import html_table
from helpers.report.words import is_missing, ordinal, percent
from helpers.runner import Run
from helpers.site import pages
from helpers.site.notebook_page import as_notebook, front_matter, html_cell, new_cell
from helpers.site.run_box import switch

FORMATS = {"ordinal": ordinal, "percent": percent, "integer": ",.0f", "number": ",.1f"}
#: The shades of squares from the smallest value to the largest, and up to where black letters are read best.
PALE, FULL, BLACK_UP_TO = (0xD4, 0xE4, 0xF4), (0x1F, 0x5F, 0xA8), 0.82


def variant_list(
    runs: Sequence[Run], front: Mapping[str, Any], views: Mapping[str, str], others: Sequence[Run] = ()
) -> dict[str, Any]:
    """Return the page that lists the variants of one section under one scenario.

    It has a row each, with the metrics that the section's front matter declares under `overview`, and squares in the
    places of a table that it names under `map`.

    Parameters
    ----------
    runs : sequence of Run
    front : mapping
        Front matter of the page.
    views : mapping
        Where the list lies under each scenario, with the scenario's title.
    others : sequence of Run, optional
        Runs of other scenarios: a metric that only they have is missing here.

    Raises
    ------
    InputError
        A declared metric or format does not exist.
    """
    section, scenario = runs[0].section, runs[0].scenario
    declared = (section.model_extra or {}).get("overview") or {}
    metrics, on_map = declared.get("metrics", []), declared.get("map")
    known = {name for run in (*runs, *others) if run.section.slug == section.slug for name in run.metrics}
    for item in (*metrics, *([on_map] if on_map else [])):
        require_known(f"metric of {section.slug} (overview)", item["metric"], sorted(known))
    rows = [[_link(run), *(run.metrics.get(item["metric"]) for item in metrics)] for run in runs]
    numeric = [
        all(is_missing(value) or isinstance(value, int | float) for value in column)
        for column in zip(*rows, strict=True)
    ]
    table = html_table(
        (declared.get("variant", "Page"), *(item["label"] for item in metrics)),
        rows,
        numeric=numeric,
        formats=[None, *(_format(item.get("format")) for item in metrics)],
        classes="report-table sortable",
        caption=f"Table 1. {declared.get('caption', section.title)}. Scenario: {scenario.title}.",
    )
    drawn = squares(runs, on_map) if on_map else ""
    place = pages.listed(runs[0])
    listed = html_cell("variants", f'{switch(place, views)}<div class="{pages.VARIANTS}">\n{drawn}{table}\n</div>')
    described = {"description": declared.get("description", section.description)}
    return as_notebook([new_cell("raw", "front-matter", front_matter(dict(front) | described)), listed])


def _address(run: Run) -> str:
    folder = pages.listed(run).removesuffix(".ipynb").rpartition("/")[2]
    return f"{folder}/{run.variant}.html"


def _link(run: Run) -> Rich:
    return Rich(run.variant, html=link_html(_address(run), pages.variant_name(run)))


def squares(runs: Sequence[Run], on_map: Mapping[str, Any]) -> str:
    """Return a map on which every variant is a square that leads to its page, the darker the larger its value.

    Parameters
    ----------
    runs : sequence of Run
    on_map : mapping
        What the front matter declares: `tiles`, a table with the column and the row of each variant; `metric` and its
        `format`; `caption`.
    """
    from helpers import data

    metric, how = on_map["metric"], _format(on_map.get("format", "number"))
    places = {str(row.iso3): (row.row + 1, row.column + 1) for row in data.load(on_map["tiles"]).itertuples()}
    names = {run: pages.variant_name(run) for run in runs if run.variant in places}
    known: dict[Run, Any] = {run: value for run in names if not is_missing(value := run.metrics.get(metric))}
    if not known:
        return ""
    told = {run: how(value) if callable(how) else format(value, how) for run, value in known.items()}
    least, most = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    spread = known[most] - known[least] or 1
    items = []
    for run, name in names.items():
        label = escape(f"{run.variant}: {name}, {told.get(run, 'no value')}")
        style = _shade((known[run] - known[least]) / spread) if run in known else ""
        link = (
            f'<a href="{_address(run)}" style="{style}" title="{label}" aria-label="{label}">{escape(run.variant)}</a>'
        )
        items.append(f'<li style="grid-area: {places[run.variant][0]} / {places[run.variant][1]}">{link}</li>')
    ends = [f"{names[run]} ({told[run]})" for run in (least, most)]
    caption = f"<figcaption>{escape(on_map['caption'])}: from {' to '.join(map(escape, ends))}</figcaption>"
    listed = f'<div class="table-scroll"><ul class="squares">{"".join(items)}</ul></div>'
    return f'<figure class="captioned">{caption}{listed}</figure>\n'


def _shade(part: float) -> str:
    mixed = (round(pale + part * (full - pale)) for pale, full in zip(PALE, FULL, strict=True))
    return f"background: #{''.join(f'{one:02X}' for one in mixed)}; color: #{'000' if part <= BLACK_UP_TO else 'FFF'}"


def _format(name: str | None) -> Any:
    """Return how a column is written: by a name in `FORMATS`, or by a format specification such as ".2f"."""
    if name is None or name in FORMATS:
        return FORMATS.get(name or "")
    try:
        format(0.0, name)
    except ValueError as error:
        raise InputError(
            f"{not_allowed('format', name, FORMATS)} Format specifications such as '.2f' work too."
        ) from error
    return name

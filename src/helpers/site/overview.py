"""The overview page's generated part: what was found, section by section, one row a scenario.

Which metrics are shown, and in which words, is declared in front matter (`overview:` of a notebook, or `findings:`
of index.qmd, by section, which come first); nothing here knows what a metric means.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from helpers.errors import InputError, not_allowed
from helpers.report.words import MISSING, is_missing, number, ordinal, percent
from helpers.site.markup import link, table
from helpers.site.notebook_page import raw_html
from helpers.site.publication import Publication, by_section
from helpers.site.results_table import results_table, tally
from helpers.site.run_box import WATERMARK

FORMATS: dict[str, Callable[[Any], str]] = {
    "ordinal": ordinal,
    "percent": percent,
    "number": number,
    "integer": lambda x: number(round(x), 0),
}
PLACEHOLDER = re.compile(r"\{(?:([\w-]+):)?(\w+)(?:\|([^{}]+))?\}")


def overview(pages: Sequence[Publication], declared: Mapping[str, Any]) -> str:
    """Return the Markdown of what was found.

    Parameters
    ----------
    pages : sequence of Publication
        All pages.
    declared : mapping
        Section to what is shown of it, with the keys

        - ``finding``: sentences; ``{metric|format}`` and ``{scenario:metric|format}`` are replaced by metrics;
        - ``caption`` and ``metrics``: a list of ``metric``, ``label``, optional ``format``, ``unit`` and ``study``
          (the metric that holds the study's own figure), shown one row a scenario;
        - ``tally``: a list of ``metric`` and ``label``, whole numbers drawn to scale;
        - ``table``: a results table, as `helpers.site.results_table.results_table` takes it.

        A section that declares nothing is listed with its description and links. Runs on generated data are told only
        where a section has no other, and then beneath a banner.

    Raises
    ------
    InputError
        A declared metric, table, column or format does not exist.
    """
    variants = [page for page in pages if page.variant]
    groups = by_section([page for page in pages if not page.variant])
    entries = {slug: declared.get(slug) or group[0].findings for slug, group in groups.items()}
    groups = {slug: [page for page in group if not page.generated] or group for slug, group in groups.items()}
    order = sorted(groups, key=lambda slug: (not entries[slug].get("table"), list(groups).index(slug)))
    numbers = iter(range(1, 2 * len(order) + 1))
    parts = [_section(slug, groups[slug], entries[slug], numbers) for slug in order]
    return "\n\n".join([*parts, *(_variants(group) for group in by_section(variants).values())]) + "\n"


def _section(slug: str, pages: Sequence[Publication], entry: Mapping[str, Any], numbers: Iterator[int]) -> str:
    main = pages[0]
    parts = [
        f"### {main.title} {{#found-{slug}}}",
        fill(entry["finding"], pages) if "finding" in entry else main.description,
    ]
    if main.generated:
        parts.insert(1, raw_html(WATERMARK))
    if entry.get("tally"):
        parts.append(raw_html(tally(main, entry["tally"])))
    if entry.get("table"):
        parts.append(raw_html(results_table(main, entry["table"], next(numbers))))
    # Each row of the scenario table links to its page; without that table the links stand alone.
    links = entry.get("metrics")
    parts.append(raw_html(_scenario_table(pages, entry, next(numbers))) if links else _links(pages))
    return "\n\n".join(parts)


def _variants(pages: Sequence[Publication]) -> str:
    counted = Counter((page.scenario_title, page.listed) for page in pages)
    links = " · ".join(f"[{title}]({place}) ({count} pages)" for (title, place), count in counted.items())
    first = pages[0]
    return f"### {first.title} {{#found-{first.section}}}\n\n{first.description}\n\nRead on: {links}"


def fill(sentence: str, pages: Sequence[Publication]) -> str:
    """Replace ``{metric|format}`` by the first scenario's metric, ``{scenario:metric|format}`` by that scenario's."""
    known = {page.scenario: page for page in pages}

    def replace(match: re.Match[str]) -> str:
        scenario, metric, how = match.groups()
        if scenario and scenario not in known:
            raise InputError(not_allowed(f"scenario of {pages[0].section} (overview)", scenario, known))
        return shown(known[scenario] if scenario else pages[0], metric, how)

    return PLACEHOLDER.sub(replace, sentence)


def shown(page: Publication, metric: str, how: str | None = None) -> str:
    """Return a metric as readers see it.

    Raises
    ------
    InputError
        The page's run has no such metric, or the format is not known.
    """
    if metric not in page.metrics:
        where = f"metric of {page.section} under {page.scenario} (overview)"
        raise InputError(not_allowed(where, metric, sorted(page.metrics)))
    value = page.metrics[metric]
    return MISSING if is_missing(value) else formatted(value, how)


def formatted(value: Any, how: str | None) -> str:
    """Write a value as `how` says: a name in `FORMATS`, a format specification such as ".2f", or as it is."""
    if how is None:
        return number(value) if isinstance(value, float) else str(value)
    if how in FORMATS:
        return FORMATS[how](value)
    try:
        return format(value, how).replace("-", "−", 1)
    except ValueError as error:
        raise InputError(
            f"{not_allowed('format', how, FORMATS)} Format specifications such as '.2f' work too."
        ) from error


def _scenario_table(pages: Sequence[Publication], entry: Mapping[str, Any], number: int) -> str:
    metrics = entry["metrics"]
    rows = [_study_row(pages[0], metrics)] if any("study" in item for item in metrics) else []
    rows += [_scenario_row(page, metrics) for page in pages]
    caption = f"Table {number}. {entry.get('caption', pages[0].title)}. One row a scenario."
    return table(("Scenario", *(item["label"] for item in metrics)), rows, caption=escape(caption))


def _study_row(page: Publication, metrics: Sequence[Mapping[str, Any]]) -> list[str]:
    return ["The study", *(metric_cell(page, item, "study") if "study" in item else "–" for item in metrics)]


def _scenario_row(page: Publication, metrics: Sequence[Mapping[str, Any]]) -> list[str]:
    return [link(page.address, page.scenario_title), *(metric_cell(page, item, "metric") for item in metrics)]


def metric_cell(page: Publication, item: Mapping[str, Any], key: str) -> str:
    """Return a metric as a table cell holds it: formatted, with its unit, escaped."""
    text = shown(page, item[key], item.get("format"))
    return escape(text if text == MISSING else text + item.get("unit", ""))


def _links(pages: Sequence[Publication]) -> str:
    links = " · ".join(f"[{page.scenario_title}]({page.page})" for page in pages)
    return f"Read on: {links}"

"""What lets others find, share, cite and follow the site: addresses, references, sitemap, and a feed of changes."""

import csv
import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from helpers import plain_yaml
from helpers.data.catalogue import end_of, metadata
from helpers.report.words import listing
from helpers.runner import Run
from helpers.runner.fingerprint import digest
from helpers.runner.plan import DEFAULT
from helpers.site.pages import CITATION, CONFIGURATION, address, heading, label, page

FEED, SITEMAP, ROBOTS, MISSING_PAGE = "feed.xml", "sitemap.xml", "robots.txt", "404.html"
#: Tables of a run that the feed reads: numbers and verdicts to be followed from view to view, and what is dated.
FOLLOWED, DATED = "followed", "changes"
DAY = re.compile(r"\d{4}-\d\d-\d\d")
NOT_FOUND = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>No such page</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<link rel="stylesheet" href="{base}assets/site.css"></head>
<body style="max-width: 40rem; margin: 3rem auto; padding: 0 1rem; background: var(--paper); color: var(--ink)">
<script>document.body.classList.toggle("quarto-dark", matchMedia("(prefers-color-scheme: dark)").matches)</script>
<main><p><a href="{base}index.html">{title}</a></p><h1>There is no such page</h1>
<p>It may have moved. Begin with the <a href="{base}index.html">overview</a>, the
<a href="{base}methods.html">methods</a> or the <a href="{base}data.html">data</a>; each has a search box.</p>
</main></body></html>
"""


@dataclass(frozen=True)
class Publication:
    """Where the site and its source are published, by whom (`_quarto.yml`), and as which version (CITATION.cff)."""

    title: str
    address: str
    repository: str
    branch: str
    authors: tuple[str, ...]
    version: str
    released: str

    def url(self, place: str) -> str:
        """Return the public address of a page or file of the site."""
        return f"{self.address}/{'' if place == 'index.html' else place}"

    def source(self, place: str) -> str:
        """Return where a file of the repository can be read."""
        return f"{self.repository}/blob/{self.branch}/{place}"


@cache
def publication(root: Path) -> Publication:
    """Return what `_quarto.yml` and CITATION.cff say of where the site is published, by whom, and as which version."""
    files = ((root / name) for name in (CONFIGURATION, CITATION))
    settings, cited = (plain_yaml.read(path) if path.is_file() else {} for path in files)
    website = settings.get("website", {})
    repository = str(website.get("repo-url", "")).rstrip("/")
    return Publication(
        title=str(cited.get("title") or website.get("title", "")),
        address=str(website.get("site-url", "")).rstrip("/"),
        repository=repository,
        branch=str(website.get("repo-branch", "main")),
        authors=tuple(settings.get("maintainers", [])),
        version=str(cited.get("version", "")),
        released=str(cited.get("date-released", "")),
    )


def in_words(day: str) -> str:
    """Write a date as readers do: 30 March 2021."""
    found = date.fromisoformat(day)
    return f"{found.day} {found:%B %Y}"


def newest_data(runs: Sequence[Run]) -> str:
    """Return the day on which the newest data of runs were published, where that is known; empty otherwise."""
    tables = {table for run in runs for table in run.tables}
    dates = (vintage.published for name in tables for vintage in metadata(name).vintages)
    return max(filter(DAY.fullmatch, dates), default="")


def footer(known: Publication, newest: str) -> str:
    """Return as Markdown what stands at the foot of every page: version, date of the data, repository, feed."""
    parts = [f"Version {known.version} of {in_words(known.released)}"] if known.version else []
    parts += [f"data published up to {in_words(newest)}"] if newest else []
    parts += [f"[repository]({known.repository})"] if known.repository else []
    parts += [f"[what changed (feed)](/{FEED})"]
    return ", ".join(parts) + "."


def citation(run: Run, known: Publication) -> dict[str, str]:
    """Return references to a page, by the name of their format; a project without authors or release has none."""
    if not (known.authors and known.released):
        return {}
    title, name = f"{heading(run)} ({run.scenario.title})", label(run).replace("/", "-")
    url = known.url(address(page(run)))
    fields = {
        "author": " and ".join(f"{{{author}}}" for author in known.authors),
        "title": title,
        "howpublished": f"{known.title}, version {known.version}",
        "year": known.released[:4],
        "url": url,
        "note": f"Run {run.run_id}",
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    item: dict[str, Any] = {"id": name, "type": "webpage", "title": title, "container-title": known.title}
    item |= {"author": [{"literal": author} for author in known.authors], "version": known.version, "URL": url}
    item |= {"issued": {"date-parts": [[int(part) for part in known.released.split("-")]]}, "note": f"Run {run.run_id}"}
    return {"BibTeX": f"@misc{{{name},\n{lines}\n}}", "CSL-JSON": json.dumps([item], indent=1, ensure_ascii=False)}


def head(place: str, known: Publication, day: str) -> str:
    """Return what the head of a page tells programs: its address, its date, its authors, and the feed.

    Parameters
    ----------
    place : str
        The page, from the root of the site.
    known : Publication
    day : str
        Of the newest change to the site.
    """
    feed = posixpath.relpath(FEED, posixpath.dirname(place) or ".")
    authors = "".join(f'<meta name="author" content="{escape(author)}">' for author in known.authors)
    url = escape(known.url(place))
    dated = f'<meta name="dcterms.date" content="{day}">' if day else ""
    return (
        f'<link rel="canonical" href="{url}"><meta property="og:url" content="{url}">'
        f"{dated}{authors}"
        f'<link rel="alternate" type="application/atom+xml" title="Changes" href="{feed}">'
    )


def site_files(
    found: "Sequence[Change]", places: Sequence[str], known: Publication, day: str
) -> Iterator[tuple[str, str]]:
    """Yield what a site holds for programs, and the page for addresses it does not have.

    Parameters
    ----------
    found : sequence of Change
    places : sequence of str
        Its pages.
    known : Publication
    day : str
        Of the newest change to the site.
    """
    urls = "\n".join(f"<url><loc>{escape(known.url(place))}</loc><lastmod>{day}</lastmod></url>" for place in places)
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    yield SITEMAP, f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{space}">\n{urls}\n</urlset>\n'
    yield ROBOTS, f"User-agent: *\nAllow: /\nSitemap: {known.url(SITEMAP)}\n"
    yield (
        MISSING_PAGE,
        NOT_FOUND.format(base=escape(urlsplit(known.url("index.html")).path or "/"), title=escape(known.title)),
    )
    yield FEED, feed(found, known, day)


@dataclass(frozen=True, order=True)
class Change:
    """An entry of the feed: the day, what changed, in full, and the place that shows it."""

    day: str
    title: str
    text: str
    place: str


def changes(runs: Sequence[Run], released: str) -> list[Change]:
    """Return what the feed tells, newest first: dated changes that runs left, and what newer data moved.

    Parameters
    ----------
    runs : sequence of Run
    released : str
        Day of what no dated data moved.
    """
    newest = {run.section.slug: run for run in runs if run.scenario.name == DEFAULT and not run.variant}
    found = {
        Change(row["date"], row["what"], row["text"], f"{address(page(run))}#{row['anchor']}")
        for run in newest.values()
        for row in _rows(run, DATED)
    }
    for then in runs:
        now = newest.get(then.section.slug)
        if then.scenario.as_of and now and now is not then:
            found |= set(_moved(then, now, newest, released))
    return sorted(sorted(found), key=lambda one: one.day, reverse=True)


def _rows(run: Run, table: str) -> list[dict[str, str]]:
    path = run.results / "tables" / f"{table}.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def _moved(then: Run, now: Run, newest: Mapping[str, Run], released: str) -> Iterator[Change]:
    """Yield what differs between two views of a section, with the data published between them that it rests on."""
    seen, as_of = {row["what"]: row["value"] for row in _rows(then, FOLLOWED)}, then.scenario.as_of
    for row in _rows(now, FOLLOWED):
        if seen.get(row["what"], row["value"]) == row["value"] or as_of is None:
            continue
        behind = [newest[name].section.tables for name in row["sections"].split() if name in newest]
        records = [metadata(name) for name in sorted({table for tables in behind for table in tables})]
        later = [(one.vintages[-1], one.title) for one in records if end_of(one.vintages[-1].published) > as_of.day]
        day = max((one.published for one, _ in later if DAY.fullmatch(one.published)), default=released)
        what, was, value = row["what"], seen[row["what"]], row["value"]
        text = f"As known on {as_of.words}: {was}. With the newest data: {value}. Published since then: "
        text += f"{listing(f'{title} ({one.name})' for one, title in later)}."
        yield Change(day, f"{what}: {was} → {value}", text, f"{address(page(now))}#{row['anchor']}")


def feed(found: Sequence[Change], known: Publication, day: str) -> str:
    """Return changes as an Atom feed.

    Parameters
    ----------
    found : sequence of Change
    known : Publication
    day : str
        Of the newest change to the site.
    """
    written = "\n".join(
        f"<entry><id>{escape(known.url(FEED))}#{digest([one.day, one.title, one.place])[:16]}</id>"
        f"<title>{escape(one.title)}</title><updated>{one.day}T00:00:00Z</updated>"
        f'<link href="{escape(known.url(one.place))}"/><summary>{escape(one.text)}</summary></entry>'
        for one in found
    )
    authors = "".join(f"<author><name>{escape(author)}</name></author>" for author in known.authors)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<id>{escape(known.url(FEED))}</id><title>{escape(known.title)}: what changed</title>"
        f'<updated>{day}T00:00:00Z</updated>{authors}<link rel="self" href="{escape(known.url(FEED))}"/>'
        f'<link href="{escape(known.url("index.html"))}"/>\n{written}\n</feed>\n'
    )

"""Two renderers over the same staged pages: Quarto where it is installed, smalldocs elsewhere."""

import os
import posixpath
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from html import escape, unescape
from pathlib import Path
from typing import Any

import yaml

from helpers import files, plain_yaml
from helpers.errors import WorkError
from helpers.parents import die_with_parent
from helpers.runner import Run
from helpers.site import pages, weight
from helpers.site.notebook_page import read_front_matter, text
from helpers.site.plain_page import plain_notebook
from helpers.site.search import INDEX, search_index
from helpers.site.share import changes, footer, head, newest_data, publication, site_files
from helpers.site.stage import LeftOut, notebook_text, other_files, staged_pages
from helpers.terminal import say

QUARTO, SMALLDOCS = "quarto", "smalldocs"
#: Of the project's own folder, not of its staged copy.
HOOKS = ("pre-render", "post-render", "resources")
QUARTO_ONLY = ("html-math-method", "html-table-processing", "respect-user-color-scheme")
#: How a renderer, or the pandoc within it, begins a warning; before it there may be a colour of the terminal.
WARNING = re.compile(r"^(?:\x1b\[[\d;]*m)*\[?WARN(?:ING)?\b[\]:]*\s*(.*)", re.MULTILINE)
COLOUR = re.compile(r"\x1b\[[\d;]*m")
SHOWN_WARNINGS = 5
REDIRECT = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Redirect</title>
<script>location.replace("{way}" + location.search + location.hash)</script>
<noscript><meta http-equiv="refresh" content="0; url={way}"></noscript></head>
<body><p>This page has moved: <a href="{way}">{title}</a></p></body></html>
"""


def renderer() -> str:
    """Return the renderer at hand: Quarto when it is on PATH."""
    return QUARTO if shutil.which(QUARTO) else SMALLDOCS


def render(root: Path, runs: Sequence[Run], name: str, left_out: LeftOut | None = None) -> Path:
    """Render the pages of runs into a fresh folder and return it.

    The work is done on a copy of the project that holds pages and configuration only: no hook runs twice, and nothing
    that is published changes before the result has been checked.

    Parameters
    ----------
    root : Path
        The project's root.
    runs : sequence of Run
        Finished runs to publish.
    name : str
        "quarto" or "smalldocs".
    left_out : mapping, optional
        Runs whose pages break the contract, with what is wrong.

    Raises
    ------
    WorkError
        The renderer failed; its own words are in the message.
    """
    project = root / pages.STAGE / name
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(root / pages.OWN_ASSETS, project / pages.OWN_ASSETS)
    # Quarto warns of a link to a notebook that it does not find, so what is offered to download is there before.
    for place, data in other_files(root, runs):
        files.write_bytes(project / place, data)
    configuration = plain_yaml.read(root / pages.CONFIGURATION)
    adapted = staged_configuration(root, configuration, runs)
    notebooks = staged_pages(runs, left_out)
    files.write_text(project / INDEX, search_index(notebooks))
    {QUARTO: _render_quarto, SMALLDOCS: _render_smalldocs}[name](root, project, notebooks, adapted)
    site = project / pages.SITE
    for place, content in redirects(notebooks):
        files.write_text(site / place, content)
    for folder in (pages.DOWNLOADS, pages.ASSETS):
        shutil.copytree(project / folder, site / folder, dirs_exist_ok=True)
    for path in (*root.glob(f"{pages.OWN_ASSETS}/*.js"), *root.glob("data/**/*.csv")):
        files.write_bytes(site / path.relative_to(root), path.read_bytes())
    finish(root, site, runs, with_policy=True)
    return site


def finish(root: Path, site: Path, runs: Sequence[Run], *, with_policy: bool) -> None:
    """Give a rendered site what no renderer writes: heads that name address and feed, sitemap, feed, a policy.

    Parameters
    ----------
    root, site : Path
        The project's root, and the folder of the site.
    runs : sequence of Run
        What is published.
    with_policy : bool
        Whether pages allow no scripts but those they have now. `quarto preview` adds one of its own.
    """
    # Both parse whole pages, with a library that an unchanged site need not load.
    from helpers.site.contract import page_paths
    from helpers.site.scripts import add_to_head, policies

    # The renderer's own search is off: ours has another index.
    (site / "search.json").unlink(missing_ok=True)
    known, places = publication(root), page_paths(site)
    changed = changes(runs, known.released)
    day = max(known.released, newest_data(runs), *(one.day for one in changed))
    rules = policies(site, places) if with_policy else {}
    for place in places:
        add_to_head(site / place, rules.get(place, "") + head(place, known, day))
    for place, content in site_files(changed, places, known, day):
        files.write_text(site / place, content)


def staged_configuration(root: Path, configuration: dict[str, Any], runs: Sequence[Run]) -> dict[str, Any]:
    """Return the configuration for a staged copy: no hook, in the sidebar the pages there are and no others."""
    project = {key: value for key, value in configuration["project"].items() if key not in HOOKS}
    website = dict(configuration["website"])
    views = pages.views(runs)
    places = {f"/{pages.address(place)}" for place in views} | {"/index.html", "/methods.html", "/data.html"}
    kept, named = shown_entries(website["sidebar"]["contents"], places)
    newest = dict.fromkeys(next(iter(shown)) for run in runs for shown in (views[pages.listed(run)],))
    more = [place for place in newest if f"/{pages.address(place)}" not in named and place.startswith(pages.PAGES)]
    kept += [{"section": "More", "contents": more}] if more else []
    website["sidebar"] = website["sidebar"] | {"contents": kept}
    website["page-footer"] = website["page-footer"] | {"right": footer(publication(root), newest_data(runs))}
    return configuration | {"project": project | {"output-dir": pages.SITE}, "website": website}


def shown_entries(contents: Sequence[dict[str, Any]], places: Container[str]) -> tuple[list[dict[str, Any]], set[str]]:
    """Return the entries of a sidebar that lead to a page there is, at any depth, and all addresses that they name."""
    kept, named = [], set()
    for entry in contents:
        below, inside = shown_entries(entry.get("contents", []), places)
        there = entry.get("href") in places
        named |= inside | ({entry["href"]} if there else set())
        if there or below:
            shown = {key: value for key, value in entry.items() if there or key != "href"}
            kept.append(shown | ({"contents": below} if below else {}))
    return kept, named


def redirects(notebooks: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield a small page for each old address that a page names under `aliases`: smalldocs makes none."""
    for name, notebook in notebooks.items():
        front = read_front_matter(text(notebook["cells"][0]))
        for alias in front.get("aliases", []):
            place = alias.lstrip("/")
            way = escape(posixpath.relpath(pages.address(name), posixpath.dirname(place)))
            yield place, REDIRECT.format(way=way, title=escape(unescape(front["title"])))


def _write_configuration(project: Path, configuration: dict[str, Any]) -> None:
    files.write_text(project / pages.CONFIGURATION, yaml.safe_dump(configuration, sort_keys=False, allow_unicode=True))


def _render_quarto(root: Path, project: Path, notebooks: Mapping[str, Any], configuration: dict[str, Any]) -> None:
    for name, notebook in notebooks.items():
        files.write_text(project / name, notebook_text(notebook))
    shutil.copyfile(root / pages.BIBLIOGRAPHY, project / pages.BIBLIOGRAPHY)
    _write_configuration(project, configuration)
    _call("Quarto", [QUARTO, "render", str(project), "--no-execute"], project)


def _render_smalldocs(root: Path, project: Path, notebooks: Mapping[str, Any], configuration: dict[str, Any]) -> None:
    for name, notebook in notebooks.items():
        target = (project / name).with_suffix(".qmd")
        page = plain_notebook(notebook, target.stem, root / pages.BIBLIOGRAPHY)
        files.write_text(target, page.markdown)
        for image, content in page.files.items():
            files.write_bytes(target.parent / image, content)
    for style, rules in weight.themes().items():
        files.write_text(project / pages.OWN_ASSETS / style, rules)
    _write_configuration(project, smalldocs_configuration(configuration))
    _call(SMALLDOCS, [sys.executable, "-m", "smalldocs.cli", "render", "--quiet", str(project)], project)
    weight.slim(project / pages.SITE)


def smalldocs_configuration(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration in the words smalldocs knows: Markdown pages, plain stylesheets as themes."""
    written = yaml.safe_dump(configuration, sort_keys=False, allow_unicode=True).replace(".ipynb", ".qmd")
    adapted = plain_yaml.parse(written, pages.CONFIGURATION)
    html = {key: value for key, value in adapted["format"]["html"].items() if key not in QUARTO_ONLY}
    html["theme"] = {mode: f"{pages.OWN_ASSETS}/bootstrap-{mode}.css" for mode in ("light", "dark")}
    images = [f"{folder}/*{ending}" for folder in ("*_files", f"{pages.PAGES}/**") for ending in (".svg", ".png")]
    project = adapted["project"] | {"resources": images}
    kept = {key: value for key, value in adapted.items() if key not in ("bibliography", "execute", "maintainers")}
    return kept | {"project": project, "format": {"html": html}}


def _call(name: str, command: list[str], folder: Path) -> None:
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, preexec_fn=die_with_parent()
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-15:]
        raise WorkError(f"{name} could not render the site:\n" + "\n".join(said))
    for line in warnings_told(name, done.stdout + "\n" + done.stderr):
        say(line, error=True)


def warnings_told(name: str, said: str) -> list[str]:
    """Return what a renderer warned of as lines for the person: how often, then the first of them, each once.

    Parameters
    ----------
    name : str
        What the renderer is called.
    said : str
        All that it wrote.
    """
    counted = Counter(COLOUR.sub("", told).strip() for told in WARNING.findall(said))
    if not counted:
        return []
    lines = [f"  {told}" + (f" ({count} times)" if count > 1 else "") for told, count in counted.items()]
    rest = [f"  and {len(lines) - SHOWN_WARNINGS} more"] if len(lines) > SHOWN_WARNINGS else []
    times = "once" if counted.total() == 1 else f"{counted.total()} times"
    return [f"{name} warned {times}:", *lines[:SHOWN_WARNINGS], *rest]

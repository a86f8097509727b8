"""The pages of the site: which runs they show, how each is called, where it lies, and how one links to another."""

import json
import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby
from pathlib import Path

from helpers.errors import WorkError
from helpers.paths import project_root
from helpers.runner import Run, expected, notebooks
from helpers.runner.plan import DEFAULT
from helpers.site.notebook_page import cell_options, text

PAGES, DOWNLOADS, ASSETS = "build/pages", "build/downloads", "build/assets"
CONFIGURATION, BIBLIOGRAPHY, OWN_ASSETS = "_quarto.yml", "references.bib", "assets"
CITATION = "CITATION.cff"
SITE, STAGE = "_site", "build/.stage"
#: The staged notebook of the front page, and where on it stands what the site lacks.
FRONT_PAGE, LEFT_OUT = "index.ipynb", "left-out"
#: Class of the list that a page of links to variants holds.
VARIANTS = "variant-list"
#: In Markdown and in HTML: what stands before, the notebook, the anchor.
LINK = re.compile(r'(\]\(|href=")((?:\.\./)*(?:[\w-]+/){0,2}[\w.+-]+)\.ipynb(?:#([\w-]+))?(?=[)"])')


def site_root() -> Path:
    """Return the project's root, which must hold a site's configuration."""
    root = project_root()
    if not (root / CONFIGURATION).is_file():
        raise WorkError(f"There is no site to build in {root}: {CONFIGURATION} is missing.")
    return root


def published_runs() -> list[Run]:
    """Return all finished runs: pages at the root first, then by scenario, by the sections' order, and by variant."""
    found = [done for planned in expected() if (done := planned.finished()[0])]
    return sorted(found, key=_place)


def _place(run: Run) -> tuple[bool, str, float, str, str]:
    section = run.section
    return not section.at_root, run.scenario.name, section.order, section.slug, variant_name(run)


def variant_name(run: Run) -> str:
    """Return how readers call the variant, empty when the section has none."""
    declared = run.section.for_each
    return str(run.metrics.get(declared.label) or run.variant) if declared else ""


def heading(run: Run, written: Callable[[str], str] = str) -> str:
    """Return the title of a run's page: the metric `headline` where the run found one.

    `written` is what becomes of text that was computed, where the title is Markdown.
    """
    title = written(str(run.metrics["headline"])) if run.metrics.get("headline") else run.section.title
    return f"{title}: {written(variant_name(run))}" if run.variant else title


def list_title(run: Run) -> str:
    """Return what the list of all variants of a section is called: `title` under `overview`, or as the section is."""
    declared = (run.section.model_extra or {}).get("overview") or {}
    return str(declared.get("title") or run.section.title)


def label(run: Run) -> str:
    """Return scenario, section and variant as links to the page name them: `latest/economy/KOR`."""
    return "/".join(filter(None, (run.scenario.name, run.section.slug, run.variant)))


def page(run: Run) -> str:
    """Return the staged notebook of a run, from the root; pages of variants lie below that of their section."""
    return f"{run.section.slug}.ipynb" if run.section.at_root else f"{PAGES}/{label(run)}.ipynb"


def listed(run: Run) -> str:
    """Return the staged notebook that lists show: the page itself, or the list of all variants."""
    return f"{posixpath.dirname(page(run))}.ipynb" if run.variant else page(run)


def downloads(run: Run) -> str:
    """Return the folder of a page's downloads, from the root."""
    return f"{DOWNLOADS}/{label(run)}"


def source(slug: str) -> str:
    """Return where the notebook of a section lies as it is edited, from the root: once for all its pages."""
    return f"{DOWNLOADS}/source/{slug}.ipynb"


def address(notebook: str) -> str:
    """Return the rendered page of a staged notebook."""
    return notebook.removesuffix(".ipynb") + ".html"


def way(run: Run, target: str) -> str:
    """Return the way from a run's page to what lies at `target`, which is told from the root."""
    return posixpath.relpath(target, posixpath.dirname(page(run)) or ".")


def variant_groups(runs: Iterable[Run]) -> list[list[Run]]:
    """Return the variants of each section under each scenario, in their order."""
    return [list(group) for _, group in groupby((run for run in runs if run.variant), key=listed)]


def views(runs: Iterable[Run]) -> dict[str, dict[str, str]]:
    """Return for each page and list of variants where all its views lie, with their scenario's title, newest first."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for run in sorted(runs, key=lambda run: run.scenario.name != DEFAULT):
        for variant, place in ((run.variant, page(run)), ("", listed(run))):
            found.setdefault((run.section.slug, variant), {})[place] = run.scenario.title
    return {place: shown for shown in found.values() for place in shown}


def aliases(run: Run, place: str) -> list[str]:
    """Return the old addresses of a page, or of the list it stands in.

    Beside those that the notebook names it would lie under the other scenarios that share its run, and under those
    that the section is not published under.
    """
    if run.section.at_root:
        return run.section.aliases
    within, shown = address(place).removeprefix(f"{PAGES}/{run.scenario.name}/"), run.section.scenarios
    others = [one.name for one in run.scenarios[1:]]
    others += [name for name in notebooks.scenario_names() if shown and name not in shown]
    return [*run.section.aliases, *(f"/{PAGES}/{name}/{within}" for name in others)]


class Links:
    """Where all sections, their variants and lists of these are published, for links from one page to another.

    A notebook links to its neighbours in `notebooks/`, to variants below them and to runs of another scenario. On the
    site a section may be published under another scenario only, and a figure may not be shown under the parameters of
    its page; the link then leads to where the section is, or to the page itself. A link to a page that was left out
    leads to the note on the front page. What leads to no page stays as it is, for the contract to find.
    """

    def __init__(self, runs: Sequence[Run], left_out: Collection[Run] = ()) -> None:
        self.left_out = set(_places(left_out))
        self.pages = _places(runs)
        self.scenarios = list(dict.fromkeys(run.scenario.name for run in (*runs, *left_out)))
        self.silent = {page(run): _silent_labels(run) for run in runs if not run.variant}

    def rewritten(self, content: str, run: Run) -> str:
        """Return Markdown or HTML of a run's page with links that lead from there to other pages."""
        return LINK.sub(lambda match: self._link(match, run), content)

    def _link(self, match: re.Match[str], run: Run) -> str:
        before, written, anchor = match.groups()
        own, name = run.scenario.name, written.replace("../", "")
        # A scenario that is not published gives way to those that are.
        names = (name, name.partition("/")[2])
        under = (f"{one}/{wanted}" for wanted in names if wanted for one in (own, *self.scenarios))
        beside = [f"{own}/{run.section.slug}/{name}"] if run.variant else []
        found = next((key for key in (name, *beside, *under) if key in self.pages or key in self.left_out), None)
        # A way up leads where it says, unless there is nothing any more.
        if found is None or (written != name and found in self.pages):
            return match[0]
        target = self.pages.get(found, FRONT_PAGE)
        anchor = anchor if found in self.pages else LEFT_OUT
        drawn = anchor and anchor not in self.silent.get(target, ())
        place = way(run, target if before == "](" else address(target))
        return f"{before}{place}" + (f"#{anchor}" if drawn else "")


def _places(runs: Iterable[Run]) -> dict[str, str]:
    """Return where the pages of runs, and the lists of variants, lie, by their names under each of their scenarios."""
    under = [(f"{one.name}/{run.section.slug}", run) for run in runs for one in run.scenarios]
    found = {f"{name}/{run.variant}".rstrip("/"): page(run) for name, run in under}
    return found | {name: listed(run) for name, run in under}


def _silent_labels(run: Run) -> set[str]:
    """Return the labels of a page's figures and tables that showed nothing."""
    notebook = json.loads(run.notebook.read_text(encoding="utf-8"))
    silent = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and not cell.get("outputs")]
    return {str(cell_options(text(cell))[0].get("label", "")) for cell in silent} - {""}

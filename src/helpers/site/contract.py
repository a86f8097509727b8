"""What every rendered site must keep, whichever renderer made it: pure checks over a folder of pages."""

import json
import posixpath
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lxml import etree
from lxml import html as parser

from helpers.site.pages import PAGES, VARIANTS
from helpers.site.scripts import foreign, shared_scripts
from helpers.site.search import INDEX
from helpers.site.share import FEED, MISSING_PAGE, ROBOTS, SITEMAP

EXTERNAL = re.compile(r"^(https?:)?//", re.I)
SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:|^//", re.I)
NUMBERED = re.compile(r"^(Figure|Table)\s\d+[:.]\s*\S")
REDIRECT = "<title>Redirect</title>"
#: In place of a page: the site as a whole.
WHOLE = "site"
UNRESOLVED = (
    (re.compile(r"\??@(fig|tbl|sec|eq|lst)-[\w-]+"), "cross-reference"),
    (re.compile(r"\[-?@[A-Za-z][\w:-]*"), "citation"),
    (re.compile(r"\{\{<"), "shortcode"),
    (re.compile(r"\\\(|\\\["), "formula"),
)
LOADED = (("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src"), ("object", "data"))
#: What the author of a notebook does about a breach of each rule; of others the detail says enough.
MENDED = {
    "headings": "Begin headings of the text with `##`: the title in the front matter is the one of first level.",
    "images": "Begin its cell with `#| label: fig-NAME`, `#| fig-cap: ...` and `#| fig-alt: ...`, each on a line.",
    "tables": "Show it by report.table, in a cell that begins with `#| label: tbl-NAME` and `#| tbl-cap: ...`.",
    "references": "Write the name of a label there is, of an entry in references.bib, or a backslash before the sign.",
    "errors": "Mend the cell: a page shows results alone.",
    "offline": "Put the file into assets/, or show a picture that the notebook drew.",
    "links": "Write links as [words](SECTION.ipynb#label), to sections and labels there are.",
}
LOADING_LINKS = {"stylesheet", "preload", "modulepreload", "icon", "prefetch", "preconnect", "dns-prefetch"}


@dataclass(frozen=True, order=True)
class Finding:
    """One breach: the page, the rule, and what is wrong."""

    page: str
    rule: str
    detail: str

    def __str__(self) -> str:
        return f"{self.page}: {self.rule}: {self.detail}"

    @property
    def mended(self) -> str:
        """The breach without its page, and how its author can mend it."""
        return f"{self.detail.rstrip('.')}. {MENDED.get(self.rule, '')}".rstrip()


@dataclass(frozen=True)
class RenderedPage:
    """A page of the site, parsed once."""

    site: Path
    path: str

    @cached_property
    def tree(self) -> Any:
        """The document."""
        return parser.fromstring((self.site / self.path).read_bytes(), parser=parser.HTMLParser(encoding="utf-8"))

    @cached_property
    def main(self) -> Any:
        """The part that is content, without navigation."""
        found = self.tree.xpath("//main")
        return found[0] if found else self.tree

    @cached_property
    def anchors(self) -> frozenset[str]:
        """All that can be linked to."""
        return frozenset(self.tree.xpath("//@id")) | frozenset(self.tree.xpath("//a/@name"))

    @cached_property
    def words(self) -> str:
        """The text of the content, without code and scripts."""
        parts = self.main.xpath(
            ".//text()[not(ancestor::code or ancestor::pre or ancestor::script or ancestor::style)]"
        )
        return " ".join(" ".join(parts).split())

    @property
    def address(self) -> str:
        """The public address that the page tells."""
        return str(self.tree.xpath("string(//link[@rel='canonical']/@href)"))

    @property
    def is_list(self) -> bool:
        """Tell whether the page lists the variants of a section; all others are made from a run."""
        return bool(self.main.xpath(f".//*[contains(@class, '{VARIANTS}')]"))

    @property
    def is_searched(self) -> bool:
        """Tell whether search is to find the page: of several views the first alone."""
        views = self.main.xpath(".//nav[@class='views']/a")
        return not views or views[0].get("aria-current") == "page"


def text_of(element: Any) -> str:
    """Return an element's text, spaces made single."""
    return " ".join(element.text_content().split())


def contract(site: Path) -> list[Finding]:
    """Check a rendered site.

    Parameters
    ----------
    site : Path
        The folder a web server would serve.

    Returns
    -------
    list of Finding
        Every breach, sorted; empty when the site keeps the contract.
    """
    pages = {path: RenderedPage(site, path) for path in page_paths(site)}
    if not pages:
        return [Finding(WHOLE, "pages", f"there are no pages in {site.name}")]
    found = [
        Finding(path, rule, detail)
        for path, page in pages.items()
        for rule, check in PAGE_RULES.items()
        for detail in check(page)
    ]
    found += [Finding(path, "links", detail) for path, page in pages.items() for detail in broken_links(page, pages)]
    shared = shared_scripts(page.tree for page in pages.values())
    found += [Finding(path, "scripts", detail) for path, page in pages.items() for detail in foreign(page.tree, shared)]
    found += [Finding(path, rule, detail) for rule, check in SITE_RULES.items() for path, detail in check(site, pages)]
    return sorted(set(found))


def content_findings(content: str) -> list[Finding]:
    """Check the content of a single page, before there is a site around it: what its notebook alone decides.

    Parameters
    ----------
    content : str
        HTML of the content, without the title of the page.
    """
    with tempfile.TemporaryDirectory(prefix="reshoring-") as folder:
        (Path(folder) / "page.html").write_text(f"<main><h1>Title</h1>{content}</main>", encoding="utf-8")
        page = RenderedPage(Path(folder), "page.html")
        found = [Finding(page.path, rule, detail) for rule in OF_CONTENT for detail in PAGE_RULES[rule](page)]
        return found + [Finding(page.path, "scripts", detail) for detail in foreign(page.tree, set())]


def page_paths(site: Path) -> list[str]:
    """Return the pages of a rendered site, sorted, without what its libraries hold and what leads to a page."""
    found = {path.relative_to(site).as_posix(): path for path in site.rglob("*.html")}
    pages = (name for name in sorted(found) if not name.startswith("site_libs/") and name != MISSING_PAGE)
    return [name for name in pages if REDIRECT not in found[name].read_text(encoding="utf-8")[:200]]


def headings(page: RenderedPage) -> Iterator[str]:
    """One first-level heading a page, with text."""
    first = page.tree.xpath("//h1")
    if len(first) != 1 or not text_of(first[0]):
        yield f"{len(first)} first-level headings instead of one"


def language(page: RenderedPage) -> Iterator[str]:
    """The page says its language, has a title, and fits small screens."""
    if not page.tree.get("lang"):
        yield "the page does not say its language"
    if not page.tree.xpath("string(//title)").strip():
        yield "the page has no title"
    if not page.tree.xpath("//meta[@name='viewport']"):
        yield "no viewport for small screens"


def images(page: RenderedPage) -> Iterator[str]:
    """Every image of the content has alternative text and stands in a numbered, captioned figure."""
    for image in page.main.xpath(".//img | .//*[local-name()='svg'][not(ancestor::a) and not(ancestor::button)]"):
        name = image.get("src", "drawing")[:80]
        if not (image.get("alt") or image.get("aria-label") or "").strip():
            yield f"{name} has no alternative text"
        captions = image.xpath("ancestor::figure//figcaption")
        if not any(NUMBERED.match(text_of(caption)) for caption in captions):
            yield f"{name} has no numbered caption"


def tables(page: RenderedPage) -> Iterator[str]:
    """Every table is numbered and captioned, or folded under a summary that names it; its header cells have a scope."""
    for table in page.main.xpath(".//table[not(ancestor::*[contains(@class, 'run-box')])]"):
        name = " ".join(" ".join(table.itertext()).split())[:60]
        captions = table.xpath("caption | ancestor::figure//figcaption")
        folded = table.xpath("ancestor::details/summary[normalize-space()]")
        if not folded and not any(NUMBERED.match(text_of(caption)) for caption in captions):
            yield f"the table {name!r} has no numbered caption"
        if table.xpath(".//th[not(@scope)]") or not table.xpath(".//th"):
            yield f"the table {name!r} has header cells without scope, or none"


def unresolved(page: RenderedPage) -> Iterator[str]:
    """No reference, citation, shortcode or formula stands as it was written."""
    for pattern, what in UNRESOLVED:
        match = pattern.search(page.words)
        if match:
            yield f"unresolved {what}: {page.words[match.start() : match.start() + 60]!r}"
    for element in page.main.xpath(".//*[contains(@class, 'citation')]//strong[contains(., '?')]"):
        yield f"citation without an entry: {text_of(element)!r}"


def errors(page: RenderedPage) -> Iterator[str]:
    """No error output, standard error or traceback is published."""
    for kind in ("cell-output-error", "cell-output-stderr", "quarto-unresolved-ref"):
        for element in page.tree.xpath(f"//*[contains(@class, '{kind}')]"):
            yield f"{kind}: {text_of(element)[:80]!r}"
    if "Traceback (most recent call last)" in page.main.text_content():
        yield "a traceback is on the page"


def run_boxes(page: RenderedPage) -> Iterator[str]:
    """Every page says which run it is made from: scenario, run, parameters, data, downloads."""
    if page.is_list:
        return
    boxes = page.main.xpath(".//details[contains(@class, 'run-box')]")
    if len(boxes) != 1:
        yield f"{len(boxes)} run boxes instead of one"
        return
    told = text_of(boxes[0])
    wanted = ("Scenario:" if page.path.startswith(PAGES) else "made", "run ", "Data tables", "Download")
    yield from (f"the run box does not say {words!r}" for words in wanted if words not in told)
    endings = (".ipynb", ".zip")
    links = boxes[0].xpath(".//a/@href")
    yield from (
        f"the run box has no {ending} to download" for ending in endings if not any(x.endswith(ending) for x in links)
    )


def watermarks(page: RenderedPage) -> Iterator[str]:
    """A page whose sources or figures speak of generated data carries the banner, before any figure or table."""
    banners = page.main.xpath(".//*[contains(@class, 'generated-data')]")
    told = page.main.xpath(".//*[contains(@class, 'source-line')][contains(., 'Generated data')]")
    if told and not banners:
        yield "a source line tells of generated data, but the page carries no banner"
    for banner in banners[:1]:
        if page.path.startswith(PAGES) and banner.xpath("preceding::figure | preceding::table"):
            yield "the banner of generated data stands below a figure or table"


def offline(page: RenderedPage) -> Iterator[str]:
    """Nothing is loaded from another host."""
    for tag, attribute in LOADED:
        yield from (f"loads {url}" for url in page.tree.xpath(f"//{tag}/@{attribute}") if EXTERNAL.match(url))
    for element in page.tree.xpath("//link[@href]"):
        if LOADING_LINKS & set((element.get("rel") or "").split()) and EXTERNAL.match(element.get("href")):
            yield f"loads {element.get('href')}"


def shared_well(page: RenderedPage) -> Iterator[str]:
    """A card of the page has title, description and picture; the page tells its address and the feed."""
    drawn = page.main.xpath(".//a[@download][.='PNG']")
    wanted = {"og:title", "og:description", "og:url"} | ({"og:image"} if drawn else set())
    told = {str(meta.get("property") or meta.get("name")) for meta in page.tree.xpath("//meta[@content!='']")}
    yield from (f"the head does not tell {name}" for name in sorted(wanted - told))
    if not page.tree.xpath("//link[@rel='canonical']") or not page.tree.xpath("//link[@rel='alternate']"):
        yield "the head does not tell the address of the page or of the feed"


PAGE_RULES: dict[str, Callable[[RenderedPage], Iterable[str]]] = {
    "headings": headings,
    "language": language,
    "images": images,
    "tables": tables,
    "references": unresolved,
    "errors": errors,
    "run box": run_boxes,
    "generated data": watermarks,
    "offline": offline,
    "sharing": shared_well,
}


#: Rules on what stands in the notebook itself.
OF_CONTENT = ("headings", "images", "tables", "references", "errors", "offline")


def broken_links(page: RenderedPage, pages: dict[str, RenderedPage]) -> Iterator[str]:
    """Every link, image, script and style of the site itself leads somewhere, anchors included."""
    for element in page.tree.xpath("//*[@href or @src]"):
        target = element.get("href") or element.get("src")
        if not target or SCHEME.match(target):
            continue
        path, _, anchor = target.partition("#")
        problem = _problem(page, path.partition("?")[0], unquote(anchor), pages)
        if problem:
            yield f"{target}: {problem}"


def _problem(page: RenderedPage, path: str, anchor: str, pages: dict[str, RenderedPage]) -> str | None:
    file = (page.site / page.path).parent / unquote(path) if path else page.site / page.path
    file = file / "index.html" if file.is_dir() else file
    if not file.is_file():
        return "there is no such file"
    if not file.resolve().is_relative_to(page.site.resolve()):
        return "leads out of the site"
    known = pages.get(file.resolve().relative_to(page.site.resolve()).as_posix())
    return "there is no such anchor" if anchor and known and anchor not in known.anchors and anchor != "top" else None


def search_index(site: Path, pages: dict[str, RenderedPage]) -> Iterator[tuple[str, str]]:
    """Search finds every page by the first long word of its title, of several views the newest alone."""
    path = site / INDEX
    content = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = {entry["a"]: entry for entry in json.loads(content[content.index("{") : -2])["pages"]} if content else {}
    if not found:
        yield WHOLE, "the search index is missing or empty"
        return
    for address, page in pages.items():
        if not page.is_searched:
            if address in found:
                yield address, "search finds it beside the newest view of that page"
            continue
        title = page.tree.xpath("string(//h1)").split()
        word = max(title, key=len, default="").strip("?,.:").lower()
        if word not in found.get(address, {"t": ""})["t"].lower():
            yield address, f"searching for {word!r} does not find it"


def reachable(site: Path, pages: dict[str, RenderedPage]) -> Iterator[tuple[str, str]]:
    """Every page can be reached from the front page by links."""
    if "index.html" not in pages:
        yield WHOLE, "there is no front page"
        return
    there, fresh = set[str](), {"index.html"}
    while fresh:
        there |= fresh
        fresh = {path for found in fresh for path in _linked(pages[found]) if path in pages} - there
    yield from ((path, "it cannot be reached from the front page") for path in pages if path not in there)


def _linked(page: RenderedPage) -> set[str]:
    """Return the addresses that a page links to, from the root of the site."""
    folder = posixpath.dirname(page.path)
    links = (link.partition("#")[0] for link in page.tree.xpath("//a/@href"))
    return {posixpath.normpath(posixpath.join(folder, unquote(link))) for link in links if not SCHEME.match(link)}


def styles_offline(site: Path, pages: dict[str, RenderedPage]) -> Iterator[tuple[str, str]]:
    """No stylesheet loads anything from another host."""
    for path in sorted(site.rglob("*.css")):
        for url in re.findall(
            r"""(?:@import\s+(?:url\()?|url\()\s*["']?((?:https?:)?//[^"')\s]+)""", path.read_text(encoding="utf-8")
        ):
            yield WHOLE, f"{path.relative_to(site).as_posix()} loads {url}"


def machine_folders(site: Path, pages: dict[str, RenderedPage]) -> Iterator[tuple[str, str]]:
    """No page names a folder of the machine it was made on."""
    home = re.compile(r"file:/(?=/)|/(?:home|root|Users|tmp)/(?=[\w.-]+/)")
    for path, page in pages.items():
        match = home.search(page.main.text_content())
        if match:
            yield path, f"it names a folder of this machine, below {match.group(0)}"


def for_programs(site: Path, pages: dict[str, RenderedPage]) -> Iterator[tuple[str, str]]:
    """The sitemap names every page, robots.txt the sitemap; the feed can be read; there is a page for what is not."""
    missing = [name for name in (SITEMAP, ROBOTS, FEED, MISSING_PAGE) if not (site / name).is_file()]
    if missing:
        yield WHOLE, f"there is no {', '.join(missing)}"
        return
    named = etree.parse(site / SITEMAP).xpath("//*[local-name()='loc']/text()")
    yield from ((path, "the sitemap does not name it") for path, page in pages.items() if page.address not in named)
    if not etree.parse(site / FEED).xpath("/*[local-name()='feed']/*[local-name()='updated']"):
        yield WHOLE, "the feed has no date"


SITE_RULES: dict[str, Callable[[Path, dict[str, RenderedPage]], Iterable[tuple[str, str]]]] = {
    "search": search_index,
    "for programs": for_programs,
    "front page": reachable,
    "offline": styles_offline,
    "folders": machine_folders,
}

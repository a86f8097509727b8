"""The index of the site's search: one script that browsers load from a server and from the disk alike."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from typing import Any

from helpers.runner.plan import DEFAULT
from helpers.site.notebook_page import SOURCE_LINE, cell_options, read_front_matter, text
from helpers.site.pages import ASSETS, PAGES, address

INDEX = f"{ASSETS}/search-index.js"
#: More than this would make readers wait for the first hit.
LIMIT = 400_000
#: Letters of a page's text, tried in turn; and those of a page of which there are many alike.
KEPT, KEPT_OF_VARIANT = (100_000, 20_000, 5_000, 500, 0), 400
#: Weight of pages that are there under an older view alone, such as those on one choice.
OTHERS = 0.7
HTML = re.compile(r"^(`{3,})\{=html\}\n(.*?)\n\1$", re.S | re.M)
HIDDEN = re.compile(r"<(style|script|svg|pre|code)\b.*?</\1>|<!--.*?-->", re.S)
TAG = re.compile(r"<[^>]+>")
HEADING = re.compile(r"^#{1,6}\s+(.+?)(?:\s*\{[^}]*\})?\s*$", re.M)
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
MARKS = re.compile(
    r"^:{3,}.*$|<span class=other>.*?</span>|\[[-@][^\]]*\]|@(?:fig|tbl)-[\w-]+|\{[.#=][^}]*\}|[*`#]+|<[^>]+>", re.M
)
WORD = re.compile(r"[^\W\d_][\w&'’-]+")
#: Words that a reader may ask by, and what the site says instead, the best first. Korean finds what stands in English.
SYNONYMS = {
    "reshoring": "return backshoring uturn homecoming",
    "backshoring": "reshoring return",
    "return": "reshoring returning uturn",
    "uturn": "returning return reshoring",
    "homecoming": "reshoring return",
    "semiconductor": "chip",
    "chip": "semiconductor",
    "subsidy": "grant support",
    "ranking": "rank",
    "league": "rank",
    "revision": "vintage",
    "america": "united usa",
    "usa": "united",
    "automation": "robot",
    "한국": "korea",
    "대한민국": "korea",
    "일본": "japan",
    "미국": "usa united",
    "독일": "germany",
    "중국": "china",
    "대만": "taiwan",
    "베트남": "vietnam",
    "리쇼어링": "reshoring return",
    "유턴기업": "returning uturn reshoring",
    "유턴": "returning uturn reshoring",
    "반도체": "semiconductor chip",
    "중간재": "intermediate",
    "특허": "patent",
    "혁신": "innovation",
    "정책": "policy",
    "보조금": "subsidy",
    "연구개발": "rd",
    "수출": "export",
    "가치사슬": "chain",
    "제조업": "manufacturing",
    "자료": "data",
}


def search_index(pages: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the script that holds what search looks at.

    Parameters
    ----------
    pages : mapping
        Staged notebooks by their place; those that search is not to find say `search: false`.

    Returns
    -------
    str
        At most `LIMIT` bytes where titles and words of tables leave room: of long texts only the beginning is kept.
    """
    entries = [entry for place, notebook in pages.items() if (entry := _entry(place, notebook))]
    content = ""
    for kept in KEPT:
        shown = [entry | {"x": entry["x"][:kept]} for entry in entries]
        content = json.dumps({"pages": shown, "synonyms": SYNONYMS}, ensure_ascii=False, separators=(",", ":"))
        if len(content.encode()) < LIMIT - 100:
            break
    return f"window.searchIndex = {content};\n"


def _entry(place: str, notebook: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a page as search sees it: address, title, description, headings, captions, words of tables, text."""
    first, *cells = notebook["cells"]
    front = read_front_matter(text(first))
    if front.get("search") is False:
        return None
    headings, captions, words, prose = [], [], list[str](), []
    for cell in cells:
        if cell["id"] == "run-box" or SOURCE_LINE in text(cell):
            continue
        if cell["cell_type"] == "code":
            options = cell_options(text(cell))[0]
            captions += [str(options[name]) for name in ("fig-cap", "tbl-cap") if name in options]
            words += [html for output in cell["outputs"] for html in _html_of(output)]
        else:
            source = text(cell)
            words += [found[2] for found in HTML.finditer(source)]
            plain = HTML.sub(" ", source)
            headings += [_plain(found) for found in HEADING.findall(plain)]
            prose.append(_plain(HEADING.sub(" ", plain)))
    variant = place.count("/") > PAGES.count("/") + 2
    return {
        "a": address(place),
        "p": 1 if variant or place.startswith(f"{PAGES}/{DEFAULT}/") or "/" not in place else OTHERS,
        "t": _plain(str(front["title"])),
        "d": str(front.get("description", "")),
        "h": " · ".join(headings),
        "c": "" if variant else " · ".join(map(_plain, captions)),
        "w": " ".join(_distinct(words)),
        "x": " ".join(filter(None, prose))[: KEPT_OF_VARIANT if variant else None],
    }


def _html_of(output: Mapping[str, Any]) -> Iterator[str]:
    data = output.get("data", {})
    for kind in ("text/html", "text/markdown"):
        if kind in data:
            yield text(data, kind)


def _plain(markdown: str) -> str:
    return " ".join(unescape(MARKS.sub(" ", LINK.sub(r"\1", markdown))).split())


def _distinct(pieces: Iterable[str]) -> list[str]:
    """Return the words of HTML, each once: numbers are no words."""
    shown = (unescape(TAG.sub(" ", HIDDEN.sub(" ", piece))) for piece in pieces)
    return list(dict.fromkeys(word for piece in shown for word in WORD.findall(piece)))

"""Scripts of rendered pages: those that the project and its renderer put there, and a policy that runs no others."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lxml import html as parser

#: Scripts that hold data; browsers do not run them.
DATA = {"application/json", "application/ld+json"}
#: What a script of the renderer stands in. Text of a page stands in something narrower.
STRUCTURE = {"head", "body", "div", "main"}
#: Calls of the renderer's own functions, without arguments.
CALL = r"window\.(?:quarto|smalldocs)\w+\(\);?"
HANDLER = re.compile(rf"(?:if \(window\.quarto\w+\) \{{ )?{CALL}(?: \}})?(?: ?return false;?)?|return false;?")
#: Addresses that a page may lead to or load; those without a scheme are the site's own.
ADDRESS = re.compile(r"(?:https?:|mailto:|javascript:void\(0\);?$|(?![a-z][a-z0-9+.-]*:))", re.I)
ADDRESSES = ("href", "src", "action", "formaction", "data", "xlink:href")
#: Browsers pass over these in the scheme of an address.
IGNORED = re.compile(r"[\x00-\x20]")
HEAD = re.compile(rb"<head\b[^>]*>(?:\s*<meta charset[^>]*>)?", re.I)


def inline_scripts(tree: Any) -> list[Any]:
    """Return the scripts in a page that a browser would run."""
    found = tree.xpath("//script[not(@src)]")
    return [script for script in found if script.get("type", "").strip().lower() not in DATA]


def shared_scripts(trees: Iterable[Any]) -> set[str]:
    """Return the scripts of the renderer: those that stand between the parts of every page."""
    own = [{one.text for one in inline_scripts(tree) if one.getparent().tag in STRUCTURE} for tree in trees]
    return set.intersection(*own) if own else set()


def handlers(tree: Any) -> set[str]:
    """Return the texts of all attributes such as `onclick`."""
    return {str(value) for value in tree.xpath("//@*[starts-with(name(), 'on')]")}


def foreign(tree: Any, shared: set[str]) -> Iterator[str]:
    """Yield what could run a script on a page that neither the project nor its renderer put there.

    Parameters
    ----------
    tree : lxml element
        The page.
    shared : set of str
        From `shared_scripts`.
    """
    for script in inline_scripts(tree):
        if script.text not in shared or script.getparent().tag not in STRUCTURE:
            yield f"a script of the page itself: {(script.text or '')[:60]!r}"
    yield from (f"a script in an attribute: {text[:60]!r}" for text in handlers(tree) if not HANDLER.fullmatch(text))
    yield from (f"<{element.tag}>" for element in tree.xpath("//iframe | //object | //embed | //base"))
    for name in ADDRESSES:
        for value in tree.xpath(f"//@*[name()='{name}']"):
            image = value.getparent().tag in ("img", "image", "link") and value.startswith("data:image/")
            if not image and not ADDRESS.match(IGNORED.sub("", value)):
                yield f"an address that is neither http nor https: {value[:60]!r}"


def policies(site: Path, pages: Iterable[str]) -> dict[str, str]:
    """Return for each page of a rendered site a policy: browsers run scripts of its own files and of its renderer."""
    utf8 = parser.HTMLParser(encoding="utf-8")
    trees = {path: parser.fromstring((site / path).read_bytes(), parser=utf8) for path in pages}
    shared = shared_scripts(trees.values())
    return {
        path: _policy(shared | {text for text in handlers(tree) if HANDLER.fullmatch(text)})
        for path, tree in trees.items()
    }


def _policy(scripts: set[str]) -> str:
    hashes = " ".join(map(_hash, sorted(scripts)))
    # A page opened from the disk has no origin that 'self' could mean to every browser.
    rule = f"script-src 'self' file: 'unsafe-hashes' {hashes}; object-src 'none'; base-uri 'none'"
    return f'<meta http-equiv="Content-Security-Policy" content="{rule}">'


def add_to_head(page: Path, text: str) -> None:
    """Write more into the head of a rendered page, before what may load anything."""
    content = page.read_bytes()
    begun = HEAD.search(content)
    end = begun.end() if begun else 0
    page.write_bytes(content[:end] + text.encode() + content[end:])


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"

"""Style sheets of a site that smalldocs rendered: without the rules and icons that none of its pages can use."""

import logging
import re
from importlib.resources import files as files_of
from pathlib import Path

from helpers import files

#: One copy of Bootstrap stands before both themes; the dark one adds what has an attribute that smalldocs lacks.
SHARED, DARK = "bootstrap/bootstrap.min.css", "[data-bs-theme=dark]"
FIRST = re.compile(rb'(<link rel="stylesheet" href="[^"]*site_libs/)themes/bootstrap-light')
#: Nothing needs it before the page is read.
WAITING = re.compile(rb'(<script src="[^"]*site_libs/bootstrap/bootstrap\.bundle\.min\.js")>')
LIBRARIES = "site_libs"
ICONS = "bootstrap-icons/bootstrap-icons.min.css"
NOTICE, RULE = re.compile(r"/\*.*?\*/", re.S), re.compile(r"([^{}]+)\{([^{}]*)\}")
EMPTY = re.compile(r"@(?:media|supports)[^{}]*\{\s*\}")
CLASS, NOT = re.compile(r"\.(-?[A-Za-z_][\w-]*)"), re.compile(r":not\([^()]*\)")
WORD, CLASSES = re.compile(rb"[A-Za-z_][\w-]*"), re.compile(rb'class="([^"]*)"')
#: Letters of the font that smalldocs' own style sheet takes by their numbers.
LETTER = re.compile(r'content: ?"\\([0-9a-f]{4})"')
ICON = re.compile(r'\.(bi-[\w-]+)::before\{content:"\\([0-9a-f]+)"\}')


def _bootstrap() -> str:
    return (files_of("smalldocs") / "assets/vendor" / SHARED).read_text(encoding="utf-8")


def themes() -> dict[str, str]:
    """Return the style sheets of both themes by their names."""
    differing = (found[0].replace(DARK, ":root") for found in RULE.finditer(_bootstrap()) if DARK in found[1])
    return {"bootstrap-light.css": "/* As it is. */\n", "bootstrap-dark.css": "\n".join(differing) + "\n"}


def slim(site: Path) -> None:
    """Write the Bootstrap that the pages of a site use, and leave the icons that they show.

    A class counts as used when it stands at an element of a page or as a word in a script.
    """
    scripts = [*(site / LIBRARIES).rglob("*.js"), *site.glob("assets/*.js")]
    found = set()
    for page in site.rglob("*.html"):
        content = page.read_bytes()
        found |= {*CLASSES.findall(content)}
        lighter = FIRST.sub(rb"\1" + SHARED.encode() + rb'">\g<0>', content)
        page.write_bytes(WAITING.sub(rb"\1 defer>", lighter))
    words = WORD.findall(b" ".join([*found, *(path.read_bytes() for path in scripts)]))
    used = {word.decode() for word in words}
    files.write_text(site / LIBRARIES / SHARED, slimmed(_bootstrap(), used))
    own = LETTER.findall((site / LIBRARIES / "smalldocs.css").read_text(encoding="utf-8"))
    _slim_icons(site / LIBRARIES / ICONS, used, [int(letter, 16) for letter in own])


def slimmed(style: str, used: set[str]) -> str:
    """Return a style sheet without the rules that ask for a class that is not used; its first comment stays."""

    def kept(rule: re.Match[str]) -> str:
        selectors = [one for one in rule[1].split(",") if used >= {*CLASS.findall(NOT.sub("", one))}]
        return f"{','.join(selectors)}{{{rule[2]}}}" if selectors else ""

    notice = NOTICE.match(style)
    return (notice[0] if notice else "") + EMPTY.sub("", RULE.sub(kept, NOTICE.sub("", style)))


def _slim_icons(sheet: Path, used: set[str], letters: list[int]) -> None:
    """Leave the letters of the icons used in the font, which is kept in the one form that needs no other library."""
    from fontTools import subset

    # What it finds odd in a font that others made does not concern who builds a site.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    style, fonts = sheet.read_text(encoding="utf-8"), sheet.parent / "fonts"
    options = subset.Options(flavor="woff")
    font = subset.load_font(fonts / "bootstrap-icons.woff", options)
    chosen = subset.Subsetter(options)
    chosen.populate(unicodes=[*letters, *(int(letter, 16) for name, letter in ICON.findall(style) if name in used)])
    chosen.subset(font)
    subset.save_font(font, fonts / "bootstrap-icons.woff", options)
    (fonts / "bootstrap-icons.woff2").unlink()
    files.write_text(sheet, re.sub(r"src:url\([^)]*\.woff2[^)]*\) format\(\"woff2\"\),", "src:", slimmed(style, used)))

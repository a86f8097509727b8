"""Where the site's files lie below the project's root, and below the root of the site itself."""

from pathlib import Path

PAGES = "build/pages"
DOWNLOADS = "build/downloads"
ASSETS = "build/assets"
STAGE = "build/.stage"
STAMP = "build/site.json"
SITE = "_site"
SITE_STAMP = "build/site-stamp.txt"
HAND_WRITTEN = ("index.qmd", "methods.qmd", "data.qmd")
CONFIGURATION = "_quarto.yml"
BIBLIOGRAPHY = "references.bib"
OWN_ASSETS = "assets"
#: Class of the list that a page of links to variants holds.
VARIANTS = "variant-list"


def page_path(scenario: str, section: str, variant: str = "") -> str:
    """Return the staged notebook of a page, relative to the root; pages of variants lie below that of their section."""
    return f"{PAGES}/{scenario}/{'/'.join(filter(None, (section, variant)))}.ipynb"


def download_path(scenario: str, section: str, variant: str = "") -> str:
    """Return the folder of a page's downloads, relative to the root and to the site alike."""
    return f"{DOWNLOADS}/{scenario}/{'/'.join(filter(None, (section, variant)))}"


def write_if_changed(path: Path, content: str | bytes) -> None:
    """Write a file only when its content differs, so that renderers see no change where there is none."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)

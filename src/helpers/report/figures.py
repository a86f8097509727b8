"""Figures: the house style, saving and showing one, and the source line beneath every figure and table."""

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

from helpers.errors import InputError
from helpers.report.inline import write_for_quarto
from helpers.report.store import is_generated, metrics_only, output_path
from helpers.report.words import listing

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# Okabe and Ito's palette without its yellow, which vanishes on white.
COLOURS: tuple[str, ...] = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#4D4D4D")
NEUTRAL = "#8A8F98"
#: For letters and lines that are no data; the style sheet has the same, and others for a dark screen.
INK, MUTED, LINE, GRID = "#1F2933", "#55616D", "#9AA7B4", "#D9DFE5"
#: Colours that a dark screen needs lighter or the other way round, and the variables of the style sheet that hold both.
THEME = {
    INK: "--ink", MUTED: "--ink-muted", LINE: "--line-strong", GRID: "--line", "#FFFFFF": "--paper", "#000000": "--ink",
    "#0072B2": "--blue", "#4D4D4D": "--slate",
}  # fmt: skip

# Fixed, so that an economy keeps its colour from page to page.
ECONOMIES: dict[str, str] = {
    "KOR": "#D55E00",
    "USA": "#0072B2",
    "JPN": "#CC79A7",
    "DEU": "#4D4D4D",
    "CHN": "#009E73",
    "TWN": "#E69F00",
    "VNM": "#56B4E9",
}
#: For all others, in turn by the alphabet: readable on white and on black.
OTHERS = ("#8C6BB1", "#2A8C82", "#A6761D", "#D6337F", "#5A9216", "#7570B3", "#C0504D", "#2F7FB8", "#7F7F3F", "#B0568C")
#: How a drawing begins that pages take in, so that their colours and their search reach it.
DRAWN = '<svg class="drawn"'
#: What Vega calls its groups, which have no names: the drawing has one as a whole.
CALLED = re.compile(r' (?:role="graphics-[a-z]+"|aria-roledescription="[^"]*")')
#: What Matplotlib numbers: of two figures on a page both would have the same.
NUMBERED = re.compile(r'<g id="[a-z]+[\w.-]*_\d+">')
#: What makes a drawing heavy and shows nothing: indents, decimals beyond a screen's dots, a font told at each text.
INDENT, TAG, DECIMALS = re.compile(r">\n\s*<"), re.compile(r"<[^>]*>"), re.compile(r"\d+\.\d{3,}(?:e-?\d+)?")
FONT = re.compile(r" font-family: ([^;\"]*);")
#: Lines side by side that look the same and hide nothing where they cross.
ALIKE = re.compile(r'<path d="([^"]*)"([^>]*fill: none; stroke: (?![^>]*opacity)[^>]*)/>(?:<path d="[^"]*"\2/>)+')
PATH = re.compile(r'<path d="([^"]*)"')

# At 400 px a figure of 6.4 in is shown at about six tenths of its size, hence the large type.
SETTINGS: dict[str, object] = {
    "figure.figsize": (6.4, 4.2),
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 160,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.size": 12,
    "axes.labelsize": 12,
    "axes.titlesize": 13,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": LINE,
    "grid.color": GRID,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color"), INK),
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "svg.fonttype": "none",
    "svg.hashsalt": "reshoring",
}
#: Fonts with the letters of East Asia, which the first font lacks; those that are installed are asked in turn.
FALLBACKS = (
    "Noto Sans CJK KR", "Noto Sans CJK JP", "Noto Sans KR", "NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo",
    "Droid Sans Fallback", "WenQuanYi Zen Hei", "Arial Unicode MS",
)  # fmt: skip
GENERATED = "Generated data: no number here says anything about the world"


def setup() -> None:
    """Set the house style for all figures of this session; output depends on neither clock nor hash seed."""
    write_for_quarto()
    if metrics_only():
        return
    import seaborn
    from matplotlib import font_manager

    installed = set(font_manager.get_font_names())
    fonts = {"font.family": ["DejaVu Sans", *(name for name in FALLBACKS if name in installed)]}
    seaborn.set_theme(style="whitegrid", palette=list(COLOURS), rc=SETTINGS | fonts)


def colour(economy: str) -> str:
    """Return the fixed colour of an economy as `#RRGGBB`; a neutral grey for what is none.

    Parameters
    ----------
    economy : str
        ISO 3166 alpha-3 code or name, or any other label (medians and groups are drawn in grey).
    """
    from helpers.data import economies

    known, names = economies.known(), economies.names()
    code = next((code for code in known if names[code] == economy), economy.upper())
    others = [code for code in known if code not in ECONOMIES]
    return ECONOMIES.get(code) or (OTHERS[others.index(code) % len(OTHERS)] if code in others else NEUTRAL)


def colours(names: Iterable[str]) -> dict[str, str]:
    """Return labels with their colours, as `lines` and `dots` take them."""
    return {name: colour(name) for name in names}


def drawn(svg: str, name: str) -> str:
    """Return a drawing as one element that can stand within a page beside others.

    Parameters
    ----------
    svg : str
        What a library of drawing wrote.
    name : str
        Of the figure: identifiers within the drawing begin with it.
    """
    element = NUMBERED.sub("<g>", re.sub(r"<metadata>.*?</metadata>\s*", "", svg[svg.index("<svg") :], flags=re.S))
    element = CALLED.sub("", element)
    element = re.sub(r'(\bid="|url\(#|href="#)(?=[\w-])', rf"\g<1>{name}-", element)
    element = element.replace(' class="marks"', "", 1).replace("*{", ".drawn *{", 1)
    return _light(element).replace("<svg", DRAWN, 1)


def _light(element: str) -> str:
    """Return a drawing that looks the same and takes half the room."""
    element = TAG.sub(lambda tag: DECIMALS.sub(_rounded, " ".join(tag[0].split())), INDENT.sub("><", element))
    element = ALIKE.sub(lambda found: f'<path d="{"".join(PATH.findall(found[0]))}"{found[2]}/>', element)
    fonts = set(FONT.findall(element))
    if len(fonts) == 1:
        element = FONT.sub("", element).replace("<svg", f'<svg style="font-family: {fonts.pop()}"', 1)
    return element


def _rounded(digits: re.Match[str]) -> str:
    return f"{float(digits[0]):.2f}".rstrip("0").rstrip(".")


def write_png(picture: bytes, name: str) -> None:
    """Write a picture with 256 colours, which letters and lines need no more than: a fifth of its size."""
    from PIL import Image

    with Image.open(BytesIO(picture)) as drawing:
        few = drawing.convert("RGB").quantize(256, method=Image.Quantize.FASTOCTREE)
        few.save(output_path("figures", name, ".png"), optimize=True)


def themed(text: str) -> str:
    """Return a drawing, or the specification of a chart, whose colours follow the page's light and dark."""
    return re.sub("#[0-9A-Fa-f]{6}", lambda found: _variable(found[0]), text)


def _variable(colour: str) -> str:
    name = THEME.get(colour.upper())
    return f"var({name}, {colour})" if name else colour


def figure(
    fig: "Figure",
    name: str,
    *,
    tables: Sequence[str] = (),
    vintages: Mapping[str, str] | None = None,
    n: int | str | None = None,
    note: str | None = None,
    data: "pd.DataFrame | None" = None,
) -> None:
    """Save a figure as SVG and PNG, and its data as CSV; show it once with a source line beneath.

    Caption and alternative text are cell options (`#| fig-cap:`, `#| fig-alt:`).

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The finished figure; it is closed.
    name : str
        File name without suffix: ``results/figures/<name>.svg`` and ``.png``, ``results/tables/<name>.csv``.
    tables : sequence of str
        Catalogue names of the tables whose values are drawn.
    vintages : mapping, optional
        Table to vintage used.
    n : int or str, optional
        Number of observations drawn, alone or with a word ("35 economies").
    note : str, optional
        A sentence added to the source line.
    data : pandas.DataFrame, optional
        What is drawn; its `flag` column, when it has one, is spelt out in the source line.
    """
    from matplotlib import pyplot

    if not metrics_only():
        _save_and_show(fig, name)
        if data is not None:
            write_csv(data, name)
        show_source(source_line(tables, vintages=vintages, n=n, note=note, flags=flags_of(data)), name)
    pyplot.close(fig)


def _save_and_show(fig: "Figure", name: str) -> None:
    from IPython.display import display

    if is_generated():  # the figure keeps saying so away from its page
        fig.text(
            0.5, 0.5, "GENERATED DATA", ha="center", va="center", zorder=1000,
            fontsize=34, color="#B00020", alpha=0.28, rotation=30, weight="bold",
        )  # fmt: skip
    svg = output_path("figures", name, ".svg")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Glyph .* missing")
            # Dates and versions would make two runs of the same differ.
            fig.savefig(svg, metadata={"Date": None, "Creator": None})
    except UserWarning as error:
        advice = "Install a font that has it, such as Noto Sans CJK, or write it in other letters."
        raise InputError(f"The figure {name} would show boxes: {error} {advice}") from None
    element = drawn(svg.read_text(encoding="utf-8"), name)
    svg.write_text(element, encoding="utf-8")
    # The layout has been found; finding it again for the second file would take as long as drawing that.
    fig.set_layout_engine("none")
    picture = BytesIO()
    # Letters are wider in dots than in the drawing for which the room was found.
    fig.savefig(picture, format="png", facecolor="white", bbox_inches="tight", pad_inches=0.05)
    write_png(picture.getvalue(), name)
    display({"image/svg+xml": element, "text/plain": f"<figure {name}>"}, raw=True)


def write_csv(frame: "pd.DataFrame", name: str) -> None:
    """Write a frame in full precision to ``results/tables/<name>.csv``; a default index is left out."""
    path = output_path("tables", name, ".csv")
    frame.to_csv(path, index=has_index(frame), lineterminator="\n", encoding="utf-8")


def has_index(frame: "pd.DataFrame") -> bool:
    """Tell whether the index carries information, as opposed to counting rows."""
    import pandas as pd

    return not (isinstance(frame.index, pd.RangeIndex) and frame.index.name is None)


def source_line(
    tables: Sequence[str],
    *,
    vintages: Mapping[str, str] | None = None,
    n: int | str | None = None,
    note: str | None = None,
    flags: Iterable[str] = (),
) -> str:
    """Return the source line as plain text.

    Parameters
    ----------
    tables : sequence of str
        Catalogue names of the tables shown, or ingested data sets as `kind/name`.
    vintages : mapping, optional
        Table to vintage used; a table that is not named is listed with all the vintages it has.
    n : int or str, optional
        Number of observations ("35"), or with what they are ("35 economies").
    note : str, optional
        A sentence of its own.
    flags : iterable of str
        Flags carried by the values shown.
    """
    parts = [_sources(tables, vintages or {})]
    parts += [f"n = {n}"] if n is not None else []
    parts += [f"Flagged values (†): {'; '.join(flags)}"] if (flags := list(flags)) else []
    parts += [note[:1].upper() + note[1:]] if note else []
    parts += [GENERATED] if is_generated() else []
    return " ".join(part.rstrip(".") + "." for part in parts if part)


def _sources(tables: Sequence[str], vintages: Mapping[str, str]) -> str:
    from helpers import data, ingested

    by_producer: dict[str, list[str]] = {}
    for table in tables:
        if "/" in table:
            by_producer[ingested.describe(table)["title"]] = [f"ingested as {table.partition('/')[2]}"]
            continue
        record = data.metadata(table)
        used = vintages.get(table) or listing(data.vintages(table))
        # The data page has "(from UNESCO ...)"; here it would drown the vintage.
        entries = by_producer.setdefault(record.producer.partition(" (from ")[0], [])
        entries += [used] if used not in entries else []
    listed = "; ".join(f"{producer} ({', '.join(used)})" for producer, used in by_producer.items())
    return f"Source: {listed}" if listed else ""


def flags_of(frame: "pd.DataFrame | None") -> list[str]:
    """Return the distinct flags in a frame's `flag` column, with the economies and years that carry them."""
    if frame is None or "flag" not in frame.columns:
        return []
    from helpers.data import economies

    names = economies.names()
    flagged = frame[frame["flag"].fillna("").astype(str) != ""].reset_index()
    found: dict[str, list[str]] = {}
    for row in flagged.to_dict("records"):
        where = " ".join(names.get(row[key], str(row[key])) for key in ("iso3", "economy", "year") if key in row)
        found.setdefault(str(row["flag"]), []).append(where)
    return [
        f"{flag} ({', '.join(filter(None, dict.fromkeys(where)))})".replace(" ()", "") for flag, where in found.items()
    ]


def show_source(text: str, name: str) -> None:
    """Display the source line of what was saved under `name`; the site adds links to those files."""
    from IPython.display import HTML, display

    display(HTML(f'<p class="source-line" data-results="{escape(name)}">{escape(text)}</p>'))

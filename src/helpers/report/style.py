"""The look of every figure: theme, type sizes and colours that colour-blind readers can tell apart."""

from helpers.report.store import metrics_only

# Okabe and Ito's palette without its yellow, which vanishes on white.
COLOURS: tuple[str, ...] = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#4D4D4D")
NEUTRAL = "#8A8F98"

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

# At 400 px a figure of 6.4 in is shown at about six tenths of its size, hence the large type.
SETTINGS: dict[str, object] = {
    "figure.figsize": (6.4, 4.2),
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 160,
    "savefig.facecolor": "white",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 12,
    "axes.labelsize": 12,
    "axes.titlesize": 13,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#6B7280",
    "grid.color": "#E5E7EB",
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "svg.fonttype": "path",
    "svg.hashsalt": "reshoring",
}


def setup() -> None:
    """Set the house style for all figures of this session; output depends on neither clock nor hash seed."""
    if metrics_only():
        return
    import seaborn

    seaborn.set_theme(style="whitegrid", palette=list(COLOURS), rc=SETTINGS)


def colour(economy: str) -> str:
    """Return the fixed colour of an economy as `#RRGGBB`; a neutral grey for those without one.

    Parameters
    ----------
    economy : str
        ISO 3166 alpha-3 code, or any other label (medians and groups are drawn in grey).
    """
    return ECONOMIES.get(economy.upper(), NEUTRAL)

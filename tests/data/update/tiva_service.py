"""The indicators of Trade in Value Added as the OECD's service answers them, from given shares."""

from sdmx_service import offer_structure
from update_service import Answer

HEAD = "DATAFLOW,MEASURE,REF_AREA,ACTIVITY,COUNTERPART_AREA,UNIT_MEASURE,FREQ,TIME_PERIOD,OBS_VALUE,UNIT_MULT"
FLOW = "OECD.STI.PIE:DSD_TIVA_MAINSH@DF_MAINSH(1.1)"


def line(measure, area, activity, year, value, partner="W"):
    """Return one observation."""
    return f"{FLOW},{measure},{area},{activity},{partner},PT_EXGR,A,{year},{value},0"


def answer(shares):
    """Return shares (`iso3, year, activity, foreign`) to three digits, with what must be left out among them."""
    lines = []
    for row in shares.itertuples():
        lines.append(line("EXGR_FVA", row.iso3, row.activity, row.year, f"{row.foreign:.3f}"))
        lines.append(line("EXGR_DVA", row.iso3, row.activity, row.year, f"{100 - row.foreign:.3f}"))
    lines += [
        line("EXGR_FVA", "OECD", "_T", 2018, "17.000"),
        line("EXGR_FVA", "KOR", "C26", 2018, "40.000"),
        line("EXGR_FVA", "KOR", "_T", 2018, "4.000", partner="CHN"),
        line("EXGR_FVA", "KOR", "_T", 2019, ""),
    ]
    return "\r\n".join([HEAD, *lines]) + "\r\n"


def offer_tiva(service, text, dimensions=None):
    """Answer with a structure and these observations."""
    offer_structure(service, "tiva", dimensions)
    head = {"Last-Modified": "Thu, 29 Jan 2026 09:00:00 GMT"}
    service.routes["/tiva/data/"] = lambda path, query: Answer(text.encode(), "text/csv", headers=head)

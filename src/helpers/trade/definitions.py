"""Which goods count as intermediate, which series there are, and how windows of years are read."""

#: Definition of the goods counted, and the WITS product groups (UNCTAD stages of processing) it adds up.
STAGES = {
    "intermediate": ("Intermediate goods",),
    "raw+intermediate": ("Raw materials", "Intermediate goods"),
    "intermediate+capital": ("Intermediate goods", "Capital goods"),
    "raw+intermediate+capital": ("Raw materials", "Intermediate goods", "Capital goods"),
    "capital": ("Capital goods",),
    "all": ("All Products",),
}
STAGE_TABLE = "wits_trade_by_stage_of_processing"
END_USE_TABLE = "wiod2013_bilateral_by_end_use"

MEANS = {"arithmetic": "arithmetic mean of yearly growth rates", "compound": "compound annual growth rate (CAGR)"}
WINDOW_YEARS = {"growth": "growth rates of these years", "levels": "levels of these years"}

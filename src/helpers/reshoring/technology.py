"""Technology classes of industries by R&D intensity.

Release 2016 (ISIC Rev.4): OECD taxonomy of economic activities based on R&D intensity (Galindo-Rueda and Verger,
OECD STI Working Paper 2016/04). Release 2013 (ISIC Rev.3): OECD classification of 2011. The class names of the two
taxonomies differ, as do the industries they sort; they are not to be compared.
"""

import re

# Two-digit aggregates of the database do not always fit one class. C30 holds aircraft (high), railway (medium-high)
# and ships (medium); C31_C32 furniture (medium-low) and other manufacturing (medium, instruments medium-high);
# C25 weapons (medium-high) besides other metal products. Each goes where most of its activities belong.
CLASSES_2016 = {
    "C21": "high",
    "C26": "high",
    "C20": "medium-high",
    "C27": "medium-high",
    "C28": "medium-high",
    "C29": "medium-high",
    "C30": "medium-high",
    "C22": "medium",
    "C23": "medium",
    "C24": "medium",
    "C33": "medium",
    "C10-C12": "medium-low",
    "C13-C15": "medium-low",
    "C16": "medium-low",
    "C17": "medium-low",
    "C18": "medium-low",
    "C19": "medium-low",
    "C25": "medium-low",
    "C31_C32": "medium-low",
}

# c14 joins computers and communication equipment (high) with electrical machinery (medium-high); c9 chemicals with
# pharmaceuticals (high); c15 motor vehicles with aircraft (high) and ships (medium-low).
CLASSES_2013 = {
    "c14": "high",
    "c9": "medium-high",
    "c13": "medium-high",
    "c15": "medium-high",
    "c8": "medium-low",
    "c10": "medium-low",
    "c11": "medium-low",
    "c12": "medium-low",
    "c3": "low",
    "c4": "low",
    "c5": "low",
    "c6": "low",
    "c7": "low",
    "c16": "low",
}

CLASSES = {"2016": CLASSES_2016, "2013": CLASSES_2013}
TAXONOMY = {"2016": "ISIC Rev.4 (2016 taxonomy)", "2013": "ISIC Rev.3 (2011 classification)"}
DIVISION = re.compile(r"^C?(\d{2})")
#: Class of each division of ISIC Rev.4; an industry that joins several goes where its first division goes.
CLASSES_BY_DIVISION = {
    **dict.fromkeys((21, 26), "high"),
    **dict.fromkeys((20, 27, 28, 29, 30), "medium-high"),
    **dict.fromkeys((22, 23, 24, 33), "medium"),
    **dict.fromkeys((*range(10, 20), 25, 31, 32), "medium-low"),
}
ORDER = ("high", "medium-high", "medium", "medium-low", "low")


def division(industry: str) -> int | None:
    """Return the first division of ISIC Rev.4 that a code such as C10T12 or C17_18 names, None when it names none."""
    found = DIVISION.match(industry)
    return int(found[1]) if found and int(found[1]) in CLASSES_BY_DIVISION else None


def class_of_division(number: int) -> str:
    """Return the technology class of a division of ISIC Rev.4."""
    return CLASSES_BY_DIVISION[number]

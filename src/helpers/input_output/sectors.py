"""Which industry codes of an input-output table are manufacturing, which are goods."""

import re

# Division number as WIOD 2016 ("C10-C12", "A01") and ICIO ("C10T12", "10T12", "A01_02") write it.
DIVISION = re.compile(r"^([A-Z]?)(\d{2})(?!\d)")
LEATHER_MANUFACTURING = {"Textile_and_Leather", "Transport_Equipment"}
LEATHER_GOODS = LEATHER_MANUFACTURING | {"Agriculture"}


def _division(sector: str) -> tuple[str, int] | None:
    found = DIVISION.match(sector)
    return (found[1], int(found[2])) if found else None


def is_manufacturing(sector: str) -> bool:
    """Tell whether `sector` is an industry of ISIC Rev. 4 section C (divisions 10 to 33)."""
    found = _division(sector)
    if found is None:
        return sector in LEATHER_MANUFACTURING
    letter, number = found
    return letter in ("", "C") and 10 <= number <= 33


def is_goods(sector: str) -> bool:
    """Tell whether `sector` is agriculture, mining or manufacturing (ISIC Rev. 4 divisions 01 to 33)."""
    found = _division(sector)
    if found is None:
        return sector in LEATHER_GOODS
    letter, number = found
    return letter in ("", "A", "B", "C") and number <= 33

"""Codes of economies as other producers write them, in ISO 3166 alpha-3."""

import csv
from functools import cache
from importlib.resources import files

from helpers.data import economies
from helpers.paths import project_root

EUROSTAT = {"EL": "GRC", "UK": "GBR"}


@cache
def of_m49() -> dict[int, str]:
    """Return UN M49 numbers -> alpha-3 codes, for economies of the catalogue; from the table of country_converter."""
    known = set(economies.known())
    text = files("country_converter").joinpath("country_data.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    numbers = {row["ISO3"]: row["ISOnumeric"] for row in rows}
    return {int(float(number)): iso3 for iso3, number in numbers.items() if iso3 in known and number}


@cache
def of_two_letters() -> dict[str, str]:
    """Return alpha-2 codes, as Eurostat writes them, -> alpha-3 codes."""
    with open(project_root() / economies.FILE, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "economy" and row["iso2"]]
    iso = {row["iso2"]: row["iso3"] for row in rows}
    return {**iso, **EUROSTAT}

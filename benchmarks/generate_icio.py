"""Write seeded, balanced input-output tables in the shape of OECD ICIO, of any size, for tests and benchmarks.

No number made from them may be published: the folder is marked as generated, and the mark travels with all that is
ingested from it. Run `python -m benchmarks.generate_icio FOLDER --countries 77 --years 2018`.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from helpers import ingested

MANUFACTURING = ["C10T12", "C13T15", "C16", "C17_18", *(f"C{division}" for division in range(19, 31)), "C31T33"]
SERVICES = [*"DEFG", "H49", "H50", "H51", "H52", "H53", "I", "J58T60", "J61", "J62_63", *"KLMNOPQRST"]
INDUSTRIES = ["A01_02", "A03", "B05_06", "B07_08", "B09", *MANUFACTURING, *SERVICES]
KNOWN = ["KOR", "USA", "DEU", "JPN", "CHN", "TWN", "VNM", "IND", "FRA", "GBR", "ITA", "ESP", "NLD", "POL", "MEX"]
FINAL = ["HFCE", "NPISH", "GGFC", "GFCF", "INVNT", "DPABR"]


def country_codes(count: int) -> list[str]:
    """Return `count` three-letter codes: known economies first, then invented ones (ZAA, ZAB, ...), ROW last."""
    invented = (f"Z{chr(65 + i // 26)}{chr(65 + i % 26)}" for i in range(26 * 26))
    names = [*KNOWN, *invented][: count - 1]
    return [*names, "ROW"]


def input_coefficients(countries: int, industries: int, random: np.random.Generator) -> np.ndarray:
    """Draw input coefficients, mostly domestic; columns add up to between 0.3 and 0.7. Shape (n, n)."""
    n = countries * industries
    size = np.repeat(random.lognormal(0, 1, countries), industries)
    drawn = random.random((n, n)) ** 3 * size[:, None]
    for start in range(0, n, industries):
        block = slice(start, start + industries)
        drawn[block, block] *= 3 * countries / size[start]
    return drawn * (random.uniform(0.3, 0.7, n) / drawn.sum(axis=0))


def balanced_table(countries: int, industries: int, seed: int) -> dict[str, np.ndarray]:
    """Draw a table in which uses, output and costs balance up to rounding.

    Returns
    -------
    dict of str to ndarray
        `intermediate` (n, n), `final` (n, 6 x countries), `output`, `taxes` and `value_added` (n,), million US$.
    """
    random = np.random.default_rng(seed)
    coefficients = input_coefficients(countries, industries, random)
    wanted = random.lognormal(8, 1, countries * industries)
    output = wanted.copy()
    for _ in range(40):
        output = wanted + coefficients @ output
    intermediate = coefficients * output
    shares = random.random((len(output), len(FINAL) * countries)) ** 3
    for country in range(countries):
        rows = slice(country * industries, (country + 1) * industries)
        shares[rows, country * len(FINAL) : (country + 1) * len(FINAL)] *= 3 * countries
    final = shares * ((output - intermediate.sum(axis=1)) / shares.sum(axis=1))[:, None]
    cost = output - intermediate.sum(axis=0)
    taxes = 0.03 * cost
    return {
        "intermediate": intermediate,
        "final": final,
        "output": output,
        "taxes": taxes,
        "value_added": cost - taxes,
    }


def write_table(path: Path, countries: list[str], industries: list[str], table: dict[str, np.ndarray]) -> None:
    """Write a table in the layout of the CSV files of ICIO 2023."""
    rows = [f"{country}_{industry}" for country in countries for industry in industries]
    final = [f"{country}_{category}" for country in countries for category in FINAL]
    n, f = table["final"].shape
    numbers = np.zeros((n + 3, n + f + 1))
    numbers[:n] = np.hstack([table["intermediate"], table["final"], table["output"][:, None]])
    numbers[n, :n], numbers[n + 1, :n], numbers[n + 2, :n] = table["taxes"], table["value_added"], table["output"]
    columns: dict[str, Any] = {"V1": [*rows, "TLS", "VA", "OUT"]}
    columns |= {name: numbers[:, at] for at, name in enumerate([*rows, *final, "OUT"])}
    pa.csv.write_csv(pa.table(columns), path, pa.csv.WriteOptions(quoting_style="none", quoting_header="none"))


def generate(
    folder: Path, countries: int = 77, industries: int = 45, years: tuple[int, ...] = (2018,), seed: int = 1
) -> None:
    """Write one table a year into `folder` and mark the folder as generated."""
    folder.mkdir(parents=True, exist_ok=True)
    for year in years:
        table = balanced_table(countries, industries, seed + year)
        write_table(folder / f"{year}_SML.csv", country_codes(countries), INDUSTRIES[:industries], table)
    ingested.mark_generated(folder, {"by": "benchmarks.generate_icio", "countries": countries, "seed": seed})


def main(arguments: list[str]) -> None:
    """Read the command line and generate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--countries", type=int, default=77)
    parser.add_argument("--industries", type=int, default=45)
    parser.add_argument("--years", type=int, nargs="+", default=[2018])
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    generate(given.folder, given.countries, given.industries, tuple(given.years), given.seed)


if __name__ == "__main__":
    main(sys.argv[1:])

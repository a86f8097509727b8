"""Write seeded files in the format of CEPII BACI, of any size, for tests and benchmarks.

No number made from them may be published: the folder is marked as generated, and the mark travels with all that is
ingested from it. Run `python -m benchmarks.generate_baci FOLDER --rows 1000000 --years 2011 2012`.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from helpers import data, ingested

RELEASE = "V202401b"
# BACI's numeric codes of the economies the sections ask for; the rest of the world is invented.
KNOWN = {
    "KOR": 410, "USA": 842, "DEU": 276, "JPN": 392, "CHN": 156, "VNM": 704, "S19": 490, "IND": 699, "MEX": 484,
    "FRA": 251, "GBR": 826, "ITA": 380, "HKG": 344, "SGP": 702, "THA": 764, "MYS": 458, "IDN": 360, "PHL": 608,
}  # fmt: skip


def economies(count: int) -> dict[str, int]:
    """Return `count` economies, alpha-3 code to numeric code, ascending: known ones and invented (ZAA, ZAB, ...)."""
    invented = {f"Z{chr(65 + i // 26)}{chr(65 + i % 26)}": 1000 + i for i in range(max(count - len(KNOWN), 0))}
    return dict(sorted(list((KNOWN | invented).items())[:count], key=lambda pair: pair[1]))


def product_codes(edition: str, count: int, unmatched: int) -> list[str]:
    """Return six-digit codes of an HS edition, the last `unmatched` of them in no concordance, sorted."""
    concordance = data.load("hs6_bec4")
    known = concordance.loc[concordance["hs_edition"] == edition, "hs6"].sort_values().to_numpy()
    chosen = known[np.linspace(0, len(known) - 1, min(count - unmatched, len(known))).astype(int)]
    return sorted([*chosen, *(f"98{number:04d}" for number in range(unmatched))])


def draw_flows(rows: int, economy_count: int, product_count: int, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw `rows` different flows between two different economies, in BACI's order, with value and quantity."""
    cells = economy_count * (economy_count - 1) * product_count
    if rows > cells:
        raise ValueError(f"{rows} rows do not fit into {cells} different flows")
    # Sorted draws with repetition, each moved up by its position, are sorted draws without repetition.
    cell = np.sort(random.integers(0, cells - rows + 1, rows)) + np.arange(rows)
    pair, product = np.divmod(cell, product_count)
    exporter, importer = np.divmod(pair, economy_count - 1)
    importer += importer >= exporter
    value = np.maximum(np.round(random.lognormal(3, 2.5, rows), 3), 0.001)
    quantity = np.round(value * random.lognormal(0, 1, rows), 3)
    quantity[random.random(rows) < 0.02] = np.nan
    return {"exporter": exporter, "importer": importer, "product": product, "value": value, "quantity": quantity}


def write_year(path: Path, year: int, flows: dict[str, np.ndarray], codes: dict[str, int], products: list[str]) -> None:
    """Write one year's file with BACI's columns t, i, j, k, v, q."""
    numbers = pa.array(list(codes.values()), pa.int32())
    names = pa.array(products)
    columns = {
        "t": pa.array(np.full(len(flows["value"]), year, dtype=np.int32)),
        "i": numbers.take(pa.array(flows["exporter"])),
        "j": numbers.take(pa.array(flows["importer"])),
        "k": names.take(pa.array(flows["product"])),
        "v": pa.array(flows["value"]),
        "q": pa.array(flows["quantity"], from_pandas=True),
    }
    csv.write_csv(pa.table(columns), path, csv.WriteOptions(quoting_style="none", quoting_header="none"))


def generate(
    folder: Path,
    rows: int,
    years: tuple[int, ...],
    *,
    economy_count: int = 200,
    product_count: int = 5000,
    edition: str = "HS12",
    unmatched: int = 5,
    seed: int = 1,
) -> None:
    """Write `rows` flows spread evenly over `years`, the two code files, and the mark of generated data."""
    folder.mkdir(parents=True, exist_ok=True)
    codes = economies(economy_count)
    products = product_codes(f"HS20{edition[2:]}", product_count, unmatched)
    for position, year in enumerate(years):
        share = rows // len(years) + (position < rows % len(years))
        random = np.random.default_rng([seed, year])
        flows = draw_flows(share, len(codes), len(products), random)
        write_year(folder / f"BACI_{edition}_Y{year}_{RELEASE}.csv", year, flows, codes, products)
    lines = [f'{code},"Economy {iso3}",{iso3[:2]},{iso3}' for iso3, code in codes.items()]
    header = "country_code,country_name,country_iso2,country_iso3"
    (folder / f"country_codes_{RELEASE}.csv").write_text("\n".join([header, *lines]) + "\n")
    lines = [f'{code},"Product {code}"' for code in products]
    (folder / f"product_codes_{edition}_{RELEASE}.csv").write_text("\n".join(["code,description", *lines]) + "\n")
    ingested.mark_generated(folder, {"by": "benchmarks.generate_baci", "rows": rows, "seed": seed})


def main(arguments: list[str]) -> None:
    """Read the command line and generate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--years", type=int, nargs="+", default=[2011, 2012])
    parser.add_argument("--economies", type=int, default=200)
    parser.add_argument("--products", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    sizes = {"economy_count": given.economies, "product_count": given.products}
    generate(given.folder, given.rows, tuple(given.years), **sizes, seed=given.seed)


if __name__ == "__main__":
    main(sys.argv[1:])

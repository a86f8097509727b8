"""Panels of measures over the years of ingested tables, in the columns of the embedded tables."""

import pandas as pd

from helpers import data, ingested
from helpers.errors import InputError, require_known
from helpers.input_output.table import REST

KIND = "input_output"
COMMAND = "reshoring io ingest FOLDER --format icio"
MEASURES = (
    "manufacturing_inputs",
    "manufacturing_inputs_by_source",
    "sourcing_ratios",
    "bilateral_by_end_use",
    "exports_by_industry",
    "value_added_by_source",
    "gross_export_terms",
    "value_chain_participation",
)


def load(table: str) -> pd.DataFrame:
    """Return inputs of manufacturing: an embedded table by its name, or an ingested set called `input_output/NAME`.

    Returns
    -------
    DataFrame
        In the columns of `wiod2016_manufacturing_inputs`; the rest of the world, which is no economy, is left out.
    """
    kind, _, name = table.partition("/")
    if kind != KIND:
        return data.load(table)
    frame = panel("manufacturing_inputs", name)
    return frame[frame["iso3"] != REST].reset_index(drop=True)


def panel(measure: str = "manufacturing_inputs", name: str | None = None) -> pd.DataFrame:
    """Return one measure for all years of an ingested set of input-output tables.

    Parameters
    ----------
    measure : str
        One of `MEASURES`. `manufacturing_inputs` has the columns of the embedded table
        `wiod2016_manufacturing_inputs`, `manufacturing_inputs_by_source` and `bilateral_by_end_use` those of
        `wiod2013_manufacturing_inputs_by_source` and `wiod2013_bilateral_by_end_use`.
    name : str, optional
        Which set; may be left out when there is only one.

    Returns
    -------
    DataFrame
        Sorted by year. `attrs` holds `name`, `format`, `generated` (never publish a number when True), `fingerprint`.

    Raises
    ------
    InputError
        Unknown measure or set, nothing ingested, or several sets and no name.
    WorkError
        A file of the set was removed or damaged after it was ingested.
    """
    require_known("input-output measure", measure, MEASURES)
    name = ingested.choose(KIND, name, COMMAND)
    manifest = ingested.manifest(KIND, name)
    parent = ingested.folder(KIND, name)
    years = sorted(manifest["years"].items(), key=lambda item: int(item[0]))
    if not years:
        raise InputError(f"The set {name!r} of input-output tables holds no year. Ingest it again: {COMMAND}")
    paths = [parent / entry["folder"] / f"{measure}.parquet" for _, entry in years]
    ingested.require_whole(paths)
    frames = [pd.read_parquet(path) for path in paths]
    frame = pd.concat(frames, ignore_index=True)
    frame.attrs |= {key: manifest[key] for key in ("name", "format", "generated")}
    frame.attrs["fingerprint"] = ingested.fingerprint(KIND, name)
    return frame

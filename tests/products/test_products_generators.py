"""The generators: seeded, in the published formats, balanced, marked."""

import json

import numpy as np

from benchmarks.generate_baci import draw_flows, generate
from benchmarks.generate_icio import balanced_table, country_codes
from helpers import ingested


def test_the_same_seed_writes_the_same_files(tmp_path, root):
    for name in ("one", "two"):
        generate(tmp_path / name, 500, (2011, 2012), economy_count=10, product_count=40)
    generate(tmp_path / "other", 500, (2011, 2012), economy_count=10, product_count=40, seed=2)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 5
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert any((tmp_path / "one" / name).read_bytes() != (tmp_path / "other" / name).read_bytes() for name in names)
    assert json.loads((tmp_path / "one" / ingested.MARKER).read_text())["rows"] == 500
    first = (tmp_path / "one" / names[0]).read_text().splitlines()
    assert first[0] == "t,i,j,k,v,q"
    assert len(first) == 251


def test_drawn_flows_are_different_flows_between_different_economies():
    flows = draw_flows(2000, 12, 30, np.random.default_rng(3))
    keys = set(zip(flows["exporter"], flows["importer"], flows["product"], strict=True))
    assert len(keys) == 2000
    assert (flows["exporter"] != flows["importer"]).all()
    assert flows["importer"].max() == 11
    assert (flows["value"] >= 0.001).all()


def test_a_drawn_table_balances_at_any_size():
    for countries, industries in ((2, 3), (9, 45)):
        table = balanced_table(countries, industries, seed=5)
        uses = table["intermediate"].sum(axis=1) + table["final"].sum(axis=1)
        inputs = table["intermediate"].sum(axis=0) + table["taxes"] + table["value_added"]
        np.testing.assert_allclose(uses, table["output"], rtol=1e-12)
        np.testing.assert_allclose(inputs, table["output"], rtol=1e-12)
        assert min(table["final"].min(), table["value_added"].min()) > 0
        assert table["final"].shape == (countries * industries, 6 * countries)


def test_countries_are_known_ones_first_and_the_rest_of_the_world_last():
    codes = country_codes(40)
    assert codes[:2] == ["KOR", "USA"]
    assert codes[-1] == "ROW"
    assert len(set(codes)) == 40

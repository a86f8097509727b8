"""Every measure again, written from the published definitions country by country, with an explicit inverse."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pytest

from helpers.input_output.measures import measures
from helpers.input_output.table import InterCountryTable

COUNTRIES, SECTORS = 5, ("A01", "C10", "C26", "D")


def name(country):
    return f"Z{chr(65 + country)}Z"


@dataclass(frozen=True)
class World:
    """A small world in the letters of the papers: A, B, V, Y, E by country, as matrices and vectors."""

    seed: int

    @cached_property
    def table(self):
        output = np.linalg.inv(np.eye(self.n) - self.A) @ self.final.sum(axis=1)
        pairs = [(name(country), sector) for country in range(COUNTRIES) for sector in SECTORS]
        labels = pd.DataFrame(pairs, columns=["iso3", "sector"])
        labels["label"] = labels["iso3"] + "_" + labels["sector"]
        used = self.A * output
        costs = output - used.sum(axis=0)
        buyers = np.repeat([name(country) for country in range(COUNTRIES)], 2)
        return InterCountryTable(2018, "drawn", used, self.final, output, 0.9 * costs, costs, labels, buyers)

    @property
    def n(self):
        return COUNTRIES * len(SECTORS)

    @cached_property
    def A(self):
        random = np.random.default_rng([self.seed, 1])
        drawn = random.random((self.n, self.n)) ** 2
        return drawn * random.uniform(0.3, 0.7, self.n) / drawn.sum(axis=0)

    @cached_property
    def final(self):
        """Two categories of final demand a country; the second holds changes of stocks, some of them negative."""
        drawn = np.random.default_rng([self.seed, 2]).random((self.n, COUNTRIES, 2)) * 10
        drawn[1::7, :, 1] = -0.2
        return drawn.reshape(self.n, -1)

    @cached_property
    def inverse(self):
        return np.linalg.inv(np.eye(self.n) - self.A)

    def at(self, country):
        return slice(country * len(SECTORS), (country + 1) * len(SECTORS))

    def a(self, s, r):
        return self.A[self.at(s), self.at(r)]

    def b(self, s, r):
        return self.inverse[self.at(s), self.at(r)]

    def v(self, s):
        return (1 - self.A.sum(axis=0))[self.at(s)]

    def y(self, s, r):
        return self.final[self.at(s), 2 * r : 2 * r + 2].sum(axis=1)

    def local(self, s):
        return np.linalg.inv(np.eye(len(SECTORS)) - self.a(s, s))

    def e(self, s):
        used = self.table.intermediate[self.at(s)]
        return sum(used[:, self.at(r)].sum(axis=1) + self.y(s, r) for r in self.others(s))

    def others(self, *but):
        return [r for r in range(COUNTRIES) if r not in but]


@pytest.fixture(scope="module")
def world():
    return World(1)


@pytest.fixture(scope="module")
def ours(world):
    return measures(world.table)


def nine_terms(w, s):
    """Koopman, Wang and Wei (2014), equation 36, term by term."""
    R = w.others(s)
    home = [w.v(s) @ w.b(s, r) @ w.a(r, s) @ w.local(s) for r in R]
    foreign = sum(w.v(t) @ w.b(t, s) for t in R)
    return {
        "DVA_FIN": sum(w.v(s) @ w.b(s, s) @ w.y(s, r) for r in R),
        "DVA_INT": sum(w.v(s) @ w.b(s, r) @ w.y(r, r) for r in R),
        "DVA_INTrex": sum(w.v(s) @ w.b(s, r) @ w.y(r, t) for r in R for t in w.others(s, r)),
        "RDV_FIN": sum(w.v(s) @ w.b(s, r) @ w.y(r, s) for r in R),
        "RDV_INT": sum(part @ w.y(s, s) for part in home),
        "DDC": sum(part @ w.e(s) for part in home),
        "FVA_FIN": sum(foreign @ w.y(s, r) for r in R),
        "FVA_INT": sum(foreign @ w.a(s, r) @ w.local(r) @ w.y(r, r) for r in R),
        "FDC": sum(foreign @ w.a(s, r) @ w.local(r) @ w.e(r) for r in R),
    }


def test_the_nine_terms_are_those_of_the_paper_and_add_up_to_exports(world, ours):
    terms = ours["gross_export_terms"].set_index("iso3")
    for s in range(COUNTRIES):
        expected = nine_terms(world, s)
        assert terms.loc[name(s), list(expected)].to_dict() == pytest.approx(expected, rel=1e-10)
        assert sum(expected.values()) == pytest.approx(world.e(s).sum(), rel=1e-10)


def test_whose_value_added_is_in_exports(world, ours):
    by_source = ours["value_added_by_source"].set_index(["source_iso3", "iso3", "sector"])["value_added"]
    by_industry = ours["exports_by_industry"].set_index(["iso3", "sector"])
    for s in range(COUNTRIES):
        held = {t: world.v(t) @ world.b(t, s) * world.e(s) for t in range(COUNTRIES)}
        for t, flows in held.items():
            assert by_source[name(t), name(s)].loc[list(SECTORS)].to_numpy() == pytest.approx(flows, rel=1e-10)
        rows = by_industry.loc[name(s)].loc[list(SECTORS)]
        assert rows["exports"].to_numpy() == pytest.approx(world.e(s), rel=1e-12)
        assert rows["domestic_value_added"].to_numpy() == pytest.approx(held[s], rel=1e-10)
        abroad = sum(held[t] for t in world.others(s))
        assert rows["foreign_value_added"].to_numpy() == pytest.approx(abroad, rel=1e-10)


def hummels_koopman(w, s):
    backward = sum(w.v(t) @ w.b(t, s) @ w.e(s) for t in w.others(s))
    forward = sum(w.v(s) @ w.b(s, r) @ w.e(r) for r in w.others(s))
    return backward, forward


def koopman_wang_wei(w, s):
    terms = nine_terms(w, s)
    return terms["FVA_FIN"] + terms["FVA_INT"], terms["DVA_INTrex"] + terms["RDV_FIN"] + terms["RDV_INT"]


def borin_mancini(w, s):
    first = w.v(s) @ w.local(s)
    forward = sum(first @ w.a(s, r) @ w.local(r) @ w.e(r) for r in w.others(s))
    return w.e(s).sum() - first @ w.e(s), forward


def absorbed_by_the_importer(w, s):
    """Domestic value added that leaves the country once and stays where it arrives (Borin and Mancini 2019)."""
    first = w.v(s) @ w.local(s)
    return sum(first @ (w.y(s, r) + w.a(s, r) @ w.local(r) @ w.y(r, r)) for r in w.others(s))


@pytest.mark.parametrize("definition", [hummels_koopman, koopman_wang_wei, borin_mancini])
def test_participation_by_each_definition(world, ours, definition):
    found = ours["value_chain_participation"].set_index(["definition", "iso3"])
    for s in range(COUNTRIES):
        row, exports = found.loc[definition.__name__.replace("_", "-"), name(s)], world.e(s).sum()
        backward, forward = definition(world, s)
        assert row[["backward", "forward"]].to_numpy() == pytest.approx([backward, forward], rel=1e-10)
        assert row["participation"] == pytest.approx((backward + forward) / exports, rel=1e-10)
        if definition is borin_mancini:
            assert backward + forward == pytest.approx(exports - absorbed_by_the_importer(world, s), rel=1e-10)


def test_sourcing_of_an_industry_by_hand(world, ours):
    found = ours["sourcing_ratios"].set_index(["iso3", "sector", "scope"])
    scopes = {"all": SECTORS, "manufactured": ("C10", "C26"), "own_sector": ("C26",)}
    for s in range(COUNTRIES):
        bought = world.table.intermediate[:, s * len(SECTORS) + SECTORS.index("C26")].reshape(COUNTRIES, -1)
        for scope, sold in scopes.items():
            by_source = bought[:, [SECTORS.index(sector) for sector in sold]].sum(axis=1)
            domestic, foreign = by_source[s], by_source.sum() - by_source[s]
            row = found.loc[name(s), "C26", scope]
            assert row["ratio"] == pytest.approx(domestic / foreign, rel=1e-12)
            assert row["foreign_share"] == pytest.approx(foreign / (domestic + foreign), rel=1e-12)

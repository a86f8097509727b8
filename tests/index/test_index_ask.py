"""The reader's browser computes what the engine does."""

import json
import random
from pathlib import Path

import pytest

from helpers import data
from helpers.errors import InputError
from helpers.index import ask, rankings, select, specification
from helpers.index.parameters import InnovationIndexParameters

ROOT = Path(__file__).parents[2]
SETTINGS = 50
#: The tables and the index of all years are read once.
pytestmark = pytest.mark.xdist_group("index-ask")
LATEST = {"year": 2022, "maximum_age": 2, "minimum_patents": 100}
LATEST |= dict.fromkeys(("rd_gdp_vintage", "hightech_exports_share_vintage", "ict_edition"), "latest")


@pytest.fixture(scope="module")
def page():
    """Parameters, tables, population and base index of the page with the newest data."""
    chosen = InnovationIndexParameters(**LATEST)
    tables, population = select.read_tables(data.load, chosen), data.load("population")
    return chosen, tables, population, engine(chosen, tables, population)


@pytest.fixture(scope="module")
def table(page):
    return json.loads(json.dumps(ask.table(*page) | {"scenario": "latest"}))


@pytest.fixture(scope="module")
def shown(browser):
    """A page of a browser that has loaded nothing but the script."""
    opened = browser.new_page()
    opened.set_content("<main></main>")
    opened.add_script_tag(path=ROOT / "assets" / "ask.js")
    yield opened
    opened.close()


VALUES = {}


def engine(chosen, tables, population):
    year = chosen.reference_year()
    if year not in VALUES:
        VALUES[year] = select.select(tables, chosen, data.economies.group("all"), population).values
    values = VALUES[year].reindex(data.economies.group(chosen.group)).dropna(how="all")
    ranked = values[select.covered(values, chosen.minimum_coverage)]
    rankings.require_indicators(ranked, chosen.minimum_indicator_coverage)
    return specification.composite(ranked, specification.Specification.of(chosen))


def drawn(table):
    """Settings drawn at random, some with weights of zero."""
    chance = random.Random(2021)
    for _ in range(SETTINGS):
        yield {
            "year": chance.choice(sorted(table["values"])),
            "group": chance.choice(sorted(table["groups"])),
            "normalisation": chance.choice(table["normalisations"]),
            "weights": [
                chance.choice([0, chance.randint(1, 100), chance.randint(1, 100)]) for _ in table["indicators"]
            ],
        }


COMPUTE = """([table, states]) => states.map((state) => {
  try { return askYourself.compute(table, state); } catch (error) { return error.message; }
})"""


def test_shown_and_engine_agree_on_fifty_settings_drawn_at_random(page, table, shown):
    chosen, tables, population, _ = page
    compared = 0
    states = [table["base"], *drawn(table)]
    for state, found in zip(states, shown.evaluate(COMPUTE, [table, states]), strict=True):
        weights = dict(zip(chosen.indicators, state["weights"], strict=True))
        changed = {"year": int(state["year"]), "normalisation": state["normalisation"], "weights": weights}
        try:
            other = InnovationIndexParameters.model_validate(chosen.model_dump() | changed | {"group": state["group"]})
            index = engine(other, tables, population)
        except (InputError, ValueError):
            assert isinstance(found, str), state
            continue
        assert not isinstance(found, str), (state, found)
        assert {one["code"]: one["rank"] for one in found} == index.ranks.dropna().astype(int).to_dict()
        scores = {one["code"]: one["score"] for one in found}
        assert scores == pytest.approx(index.scores.dropna().to_dict(), rel=1e-9, abs=1e-9)
        compared += 1
    assert compared > SETTINGS / 2


def test_an_address_keeps_the_state_and_one_of_another_edition_is_told(table, shown):
    state = table["base"] | {"weights": [0, 100, 3, 7], "group": "oecd"}
    read = "([table, hash]) => askYourself.readState(table, hash)"
    assert shown.evaluate(read, [table, shown.evaluate("(state) => askYourself.written(state)", state)]) == state
    assert shown.evaluate(read, [table, "#fig-x"]) is None
    for wrong in ("#ask=0.2018.oecd.minmax.1-1-1-1", "#ask=1.1800.oecd.minmax.1-1-1-1", "#ask=1", "#ask=%"):
        assert "another edition" in shown.evaluate(read, [table, wrong])


def test_the_sliders_move_the_ranks_and_the_address(table, shown):
    shown.evaluate(
        """(table) => {
          document.querySelector("main").innerHTML = '<div class="ask"></div>';
          document.querySelector(".ask").dataset.table = JSON.stringify(table);
        }""",
        table,
    )
    shown.add_script_tag(path=ROOT / "assets" / "ask.js")
    base = shown.locator(".ask-ranks tbody").inner_text()
    shown.locator(".ask-weight input").nth(1).fill("100")
    assert shown.locator(".ask-ranks tbody").inner_text() != base
    assert "25-100-25-25" in shown.evaluate("location.hash")
    assert "weights={rd_gdp: 25, hightech_exports_share: 100" in shown.locator(".ask-command code").inner_text()
    for slider in shown.locator(".ask-weight input").all():
        slider.fill("0")
    assert shown.locator(".ask-outcome").inner_text().startswith("All weights are zero.")
    assert shown.locator(".ask-ranks").is_hidden()
    shown.get_by_role("button", name="Base choices").click()
    assert shown.locator(".ask-ranks tbody").inner_text() == base


def test_only_choices_that_the_shown_knows_are_offered(page):
    chosen = page[0]
    assert ask.fits(chosen)
    assert not ask.fits(chosen.model_copy(update={"imputation": "mean"}))
    assert not ask.fits(chosen.model_copy(update={"aggregation": "copeland"}))

"""Links from one section to another, on pages of the site."""

import re
from pathlib import Path
from types import SimpleNamespace

from helpers.site.section_links import link_sections, published

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SHOWN = [{"output_type": "display_data"}]


def page(section, *cells, scenario="base", variant=""):
    made = [{"cell_type": "code", "source": f"#| label: {label}\nx", "outputs": outputs} for label, outputs in cells]
    return SimpleNamespace(scenario=scenario, section=section, variant=variant, notebook={"cells": made})


def test_a_link_to_a_figure_that_is_not_shown_leads_to_its_page():
    known = published([page("drivers", ("fig-curve", []), ("tbl-models", SHOWN)), page("economy", variant="KOR")])
    assert known == {("base", "drivers"): {"fig-curve"}}
    text = "[Figure](drivers.ipynb#fig-curve), [Table](drivers.ipynb#tbl-models), [Figure](drivers.ipynb#fig-typo)"
    assert link_sections(text, "base", known) == (
        "[Figure](drivers.ipynb), [Table](drivers.ipynb#tbl-models), [Figure](drivers.ipynb#fig-typo)"
    )


def test_a_section_of_another_scenario_only_is_linked_there():
    curve = page("curve", ("fig-curve", SHOWN), scenario="old")
    known = published([curve, page("drivers"), page("drivers", scenario="old")])
    text = "[Page](curve.ipynb), [Figure](curve.ipynb#fig-curve), [here](drivers.ipynb), [none](none.ipynb)"
    assert link_sections(text, "old", known) == text
    assert link_sections(text, "base", known) == (
        "[Page](../old/curve.ipynb), [Figure](../old/curve.ipynb#fig-curve), [here](drivers.ipynb), [none](none.ipynb)"
    )


def test_shipped_notebooks_link_only_to_sections_there_are():
    texts = [path.read_text(encoding="utf-8") for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
    linked = {name for text in texts for name in re.findall(r"\]\((?:\.\./)*([\w-]+)\.ipynb", text)}
    assert linked
    assert linked <= {path.stem for path in NOTEBOOKS.glob("*.ipynb")}

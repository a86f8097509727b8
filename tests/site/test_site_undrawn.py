"""Links to figures that a page does not show under its parameters."""

from types import SimpleNamespace

from helpers.site.undrawn import undrawn, without_undrawn


def page(section, *cells, variant=""):
    made = [{"cell_type": "code", "source": f"#| label: {label}\nx", "outputs": outputs} for label, outputs in cells]
    return SimpleNamespace(scenario="base", section=section, variant=variant, notebook={"cells": made})


def test_a_link_to_a_figure_that_is_not_shown_leads_to_its_page():
    shown = [{"output_type": "display_data"}]
    known = undrawn([page("drivers", ("fig-curve", []), ("tbl-models", shown)), page("economy", variant="KOR")])
    assert known == {("base", "drivers"): {"fig-curve"}}
    text = "[Figure](drivers.ipynb#fig-curve), [Table](drivers.ipynb#tbl-models), [Figure](drivers.ipynb#fig-typo)"
    assert without_undrawn(text, "base", known) == (
        "[Figure](drivers.ipynb), [Table](drivers.ipynb#tbl-models), [Figure](drivers.ipynb#fig-typo)"
    )
    assert without_undrawn(text, "other", known) == text

"""Source notebooks as they are committed: valid, without outputs, with named cells, the same for everybody."""

import ast
import importlib
import json
import re
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

from helpers.runner import executed, notebooks

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def read(name):
    return json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))


def parsed(code):
    """Code as Python reads it, without the commands that a notebook hands to the shell."""
    return ast.parse("\n".join(line for line in code.splitlines() if not line.startswith("!")))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_are_valid_and_hold_no_outputs(name):
    notebook = read(name)
    nbformat.validate(notebook)
    kept = [cell["id"] for cell in notebook["cells"] if cell.get("outputs") or cell.get("execution_count")]
    assert kept == [], "clear the outputs before committing: nbstripout --keep-id notebooks/*.ipynb"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_differs_between_machines_is_not_committed(name):
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    assert read(name)["metadata"] == {"kernelspec": kernel, "language_info": {"name": "python"}}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_cells_have_names_that_errors_can_tell(name):
    ids = [cell["id"] for cell in read(name)["cells"]]
    assert not any(name.isdigit() for name in ids)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_figure_and_table_of_a_notebook_has_label_caption_and_alternative_text(name):
    from helpers.site.notebook_page import cell_options, text

    for cell in read(name)["cells"]:
        options, code = cell_options(text(cell)) if cell["cell_type"] == "code" else ({}, "")
        if "report.figure(" in code:
            assert {"label", "fig-cap", "fig-alt"} <= set(options), cell["id"]
        if "report.table(" in code:
            assert {"label", "tbl-cap"} <= set(options), cell["id"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_figure_hands_over_the_values_it_draws(name):
    for cell in read(name)["cells"]:
        if cell["cell_type"] != "code":
            continue
        calls = [node for node in ast.walk(parsed("".join(cell["source"]))) if isinstance(node, ast.Call)]
        figures = [call for call in calls if ast.unparse(call.func) == "report.figure"]
        assert all("data" in {word.arg for word in call.keywords} for call in figures), cell["id"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_parameters_cell_sets_every_parameter_to_its_default(name):
    model = notebooks.read_section(ROOT / "notebooks" / f"{name}.ipynb").parameters
    tagged = [cell for cell in read(name)["cells"] if "parameters" in cell["metadata"].get("tags", [])]
    (tree,) = (ast.parse("".join(cell["source"])) for cell in tagged)
    assigned = {node.targets[0].id: ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)}
    assert json.loads(json.dumps(assigned)) == model().model_dump(mode="json")
    assert [field for field, told in model.model_fields.items() if not told.description] == []


def code_cells(name):
    return [(cell["id"], "".join(cell["source"])) for cell in read(name)["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_cells_are_short_and_define_no_function(name):
    for cell_id, code in code_cells(name):
        # the list of parameters computes nothing and is as long as there are parameters
        short = len(code.splitlines()) <= 20 or cell_id == "parameters"
        assert short, f"{cell_id}: move what it computes to a function that is tested"
        kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        assert not any(isinstance(node, kinds) for node in ast.walk(parsed(code))), cell_id
        assigned = [node.value for node in ast.walk(parsed(code)) if isinstance(node, ast.Assign | ast.NamedExpr)]
        assert not any(isinstance(value, ast.Lambda) for value in assigned), cell_id


def imported(tree):
    """What a notebook calls the modules of `helpers`, as name -> module; a name that is missing fails here."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "helpers":
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")
                found[alias.asname or alias.name] = getattr(module, alias.name)
    return {name: what for name, what in found.items() if isinstance(what, ModuleType)}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_code_and_inline_expressions_take_from_the_helpers_is_there(name):
    written = parsed("\n".join(code for _, code in code_cells(name)))
    modules = imported(written)
    inline = [expression for cell in read(name)["cells"] for expression in executed.expressions_of(cell)]
    used = {
        (node.value.id, node.attr)
        for tree in (written, *map(ast.parse, inline))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules
    }
    assert modules, name
    assert sorted(f"{module}.{what}" for module, what in used if not hasattr(modules[module], what)) == []


def main_text(cells):
    """The lines of text that stand open on the page: those outside of callouts that are folded."""
    folded = depth = 0
    for line in (
        line for cell in cells if cell["cell_type"] == "markdown" for line in "".join(cell["source"]).split("\n")
    ):
        fence = re.match(r":::+(.*)", line)
        if fence is None:
            if not folded:
                yield line
            continue
        depth += 1 if fence[1].strip() else -1
        folded = folded if 0 < folded <= depth else depth if 'collapse="true"' in fence[1] else 0


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_main_texts_are_no_longer_than_the_notebook_says(name):
    limit = notebooks.read_section(ROOT / "notebooks" / f"{name}.ipynb").words
    # A number in prose stands for some three words: "2.2 points (95% interval -6.5 to 2.2)", "Korea and Japan".
    text = re.sub(r"`\{python\}[^`]*`", "one two three", "\n".join(main_text(read(name)["cells"])))
    assert len(text.split()) <= limit


def test_what_is_folded_does_not_count():
    fold = 'a b\n\n::: {.callout-note collapse="true"}\nc\n::: {.x}\nd\n:::\ne\n:::\nf'
    cells = [{"cell_type": "markdown", "source": fold}, {"cell_type": "code", "source": "g"}]
    assert " ".join(main_text(cells)).split() == ["a", "b", "f"]

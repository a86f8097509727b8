"""What is said at the terminal: control characters of data are shown and never carried out."""

import pytest

from helpers.terminal import say, visible

#: Colours, moves the cursor, sets the title of the window, rings, goes back, turns the direction of text.
EVIL = "a\x1b[31mb\x1b[2Jc\x1b]0;title\x07d\x9b1Ae\rf\x08g\u202eh"
PLAIN = "ab\\x1b[2Jc\\x1b]0;title\\x07d\\x9b1Ae\\rf\\x08g\\u202eh"


def test_control_characters_are_written_as_escapes():
    assert visible(EVIL) == PLAIN
    assert visible("Résumé, 한국\n\t1") == "Résumé, 한국\n\t1"
    assert visible(3) == "3"


def test_what_is_said_is_visible_on_either_stream(capsys):
    say(EVIL)
    say(EVIL, error=True, end="")
    assert capsys.readouterr() == (PLAIN + "\n", PLAIN)


@pytest.fixture
def app():
    import typer

    from helpers import cli

    if not cli.app.registered_commands:
        cli.register()
    return typer.main.get_command(cli.app)


@pytest.mark.parametrize(
    "command", [["scenarios"], ["data", "show", "rd_gdp"], ["data", "list"], ["claims", "--digests"]]
)
def test_no_command_hands_control_characters_of_names_and_data_to_the_terminal(command, app, monkeypatch, capsys):
    from helpers.claims import reading
    from helpers.data import catalogue
    from helpers.runner import notebooks

    record, claims = catalogue.metadata("rd_gdp"), reading.read_claims()
    evil = record.model_copy(update={"title": EVIL, "unit": EVIL, "licence": EVIL, "name": EVIL})
    monkeypatch.setattr(catalogue, "metadata", lambda name: evil)
    monkeypatch.setattr(catalogue, "tables", lambda: ["rd_gdp"])
    monkeypatch.setattr(notebooks, "scenarios", lambda: [notebooks.Scenario(EVIL, EVIL, EVIL)])
    monkeypatch.setattr(reading, "read_claims", lambda: [claims[0].model_copy(update={"id": EVIL})])
    app(command, standalone_mode=False)
    told = capsys.readouterr().out
    assert "\\x1b[2J" in "".join(told.split())
    assert not {"\x1b", "\x07", "\x9b", "\r", "\x08", "\u202e"} & set(told)


def test_bars_show_control_characters_too(capsys):
    from helpers.runner.progress import Bars

    bars = Bars()
    bars.started(EVIL, EVIL)
    bars.cell(EVIL, 1, 2, EVIL)
    (task,) = bars.bars.tasks
    assert (task.description, task.fields["cell"]) == (PLAIN, PLAIN[:40])
    bars.note(EVIL)
    told = "".join(capsys.readouterr().out.split())
    assert told == PLAIN

"""Running programs, telling people what to do, stamps."""

import pytest

from setup import shell
from setup.shell import SetupError


def test_an_error_says_what_is_missing_and_what_to_do():
    assert str(SetupError("No bread.", "Buy some.")) == "No bread.\n  What to do: Buy some."


def test_a_missing_program_is_named():
    with pytest.raises(SetupError, match=r"“no-such-program” is not installed[\s\S]*Install no-such-program"):
        shell.run(["no-such-program"])


def test_a_failing_program_is_shown_with_its_output_and_its_code(capsys):
    with pytest.raises(SetupError, match=r"The oven is cold\. \(exit code 3: .*\)\n  What to do: Light it\."):
        shell.run(["sh", "-c", "echo smoke >&2; exit 3"], capture=True, failure="The oven is cold.", todo="Light it.")
    assert "smoke" in capsys.readouterr().out


def test_captured_output_is_returned():
    assert shell.run(["echo", "bread"], capture=True) == "bread\n"


def test_a_command_that_cannot_run_does_not_succeed():
    assert shell.succeeds(["true"])
    assert not shell.succeeds(["false"])
    assert not shell.succeeds(["no-such-program"])


def test_a_variable_can_be_set_and_left_out(monkeypatch):
    monkeypatch.setenv("OVEN", "hot")
    assert shell.environ({"BREAD": "rye"})["BREAD"] == "rye"
    assert shell.environ()["OVEN"] == "hot"
    assert "OVEN" not in shell.environ({"OVEN": None})


def test_a_digest_tells_apart_where_one_part_ends_and_the_next_begins(tmp_path):
    file = tmp_path / "file"
    file.write_text("ab")
    assert shell.digest("ab", "c") != shell.digest("a", "bc")
    assert shell.digest(file) == shell.digest("ab") == shell.digest(b"ab")


def test_a_stamp_holds_the_key_it_was_given(tmp_path, monkeypatch):
    monkeypatch.setattr(shell, "STAMPS", tmp_path / "stamps")
    assert shell.read_stamp("bake") is None
    shell.stamp("bake", "k1")
    assert shell.read_stamp("bake") == "k1"

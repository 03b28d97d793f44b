"""Background programs: none is left behind, a failing one is explained."""

import os
import time

import pytest

from setup import process as background
from setup.ports import free_port, is_free
from setup.shell import SetupError

STUBBORN = "trap '' TERM; sleep 300 & echo $! > {pid}; while :; do sleep 0.1; done"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Keep logs and PID files out of the checkout."""
    monkeypatch.setattr(background, "RUN", tmp_path)
    monkeypatch.setattr(background, "STOP_SECONDS", 1)
    return tmp_path


def start_stubborn(folder):
    """Start a program that ignores SIGTERM and has a child; return it and the child's id."""
    process = background.Process("stubborn", ["sh", "-c", STUBBORN.format(pid=folder / "child")])
    process.start()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not ((folder / "child").exists() and (folder / "child").read_text()):
        time.sleep(0.02)
    return process, int((folder / "child").read_text())


def is_running(pid):
    """Whether a process runs, zombies not counted."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_stopping_ends_the_whole_group_even_if_it_resists(folder):
    stubborn, child = start_stubborn(folder)
    stubborn.stop()
    assert not is_running(stubborn.pid)
    assert not is_running(child)


def test_a_new_start_ends_what_a_killed_run_left_behind(folder):
    first, child = start_stubborn(folder)
    program, _starter = (folder / "stubborn.pid").read_text().split()
    (folder / "stubborn.pid").write_text(f"{program} 1@1")  # its starter is gone
    second = background.Process("stubborn", ["sleep", "300"])
    second.start()
    try:
        assert not is_running(child)
        assert second.is_alive
    finally:
        second.stop()
        first.kill()


def test_a_second_run_does_not_take_over_the_first(folder):
    first, child = start_stubborn(folder)
    try:
        with pytest.raises(SetupError, match="stubborn is running already"):
            background.Process("stubborn", ["sleep", "300"]).start()
        assert is_running(child)
    finally:
        first.stop()


def test_everything_can_be_ended(folder):
    first, child = start_stubborn(folder)
    background.end_all()
    assert not is_running(child)
    first.stop()


def test_a_pid_that_another_program_has_got_since_is_left_alone(folder):
    pid_file = folder / "old.pid"
    pid_file.write_text(f"{os.getpid()}@1 1@1")
    background.end_all()
    assert not pid_file.exists()


def test_a_program_that_ends_while_starting_is_explained_by_its_log():
    process = background.Process("brief", ["sh", "-c", "echo the cellar is flooded; exit 1"])
    process.start()
    with pytest.raises(SetupError, match="brief ended while starting:\nthe cellar is flooded"):
        process.wait_for(f"http://127.0.0.1:{free_port()}/")


def test_a_program_that_never_answers_is_not_waited_for_forever():
    process = background.Process("mute", ["sleep", "300"])
    process.start()
    try:
        with pytest.raises(SetupError, match="mute did not answer"):
            process.wait_for(f"http://127.0.0.1:{free_port()}/", seconds=0.5)
    finally:
        process.stop()


def test_a_free_port_is_free():
    assert is_free(free_port())

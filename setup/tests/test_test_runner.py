"""When a test run counts as passed."""

import pytest

from setup.test_runner import Part, count, shares, verdict

PASSED = Part("plain", 0, passed=3)
FAILED = Part("addons", 1, failed=1)
EMPTY = Part("server", 5)
BROKEN = Part("addons", 2)


@pytest.mark.parametrize(
    ("parts", "keyword", "code"),
    [
        ([PASSED], "", 0),
        ([PASSED, PASSED], "", 0),
        ([PASSED, FAILED], "", 1),
        ([PASSED, BROKEN], "", 1),
        ([PASSED, EMPTY], "", 1),
        ([PASSED, EMPTY], "gateway", 0),
        ([EMPTY, EMPTY], "gateway", 1),
        ([FAILED, EMPTY], "gateway", 1),
        ([PASSED, FAILED, EMPTY], "gateway", 1),
        ([], "", 1),
    ],
)
def test_green_means_every_part_passed_and_none_was_empty_by_accident(parts, keyword, code):
    assert verdict(parts, keyword) == code


def test_the_counts_come_from_pytests_report(tmp_path):
    report = tmp_path / "junit.xml"
    suite = '<testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" />'
    report.write_text(f"<testsuites>{suite}</testsuites>")
    assert count(report) == (4, 3, 3)


def test_a_run_that_wrote_no_report_counts_nothing(tmp_path):
    assert count(tmp_path / "none.xml") == (0, 0, 0)


def test_the_closing_line_is_plain():
    assert str(Part("all", 0, 12, 1, 2)) == "12 passed, 1 failed, 2 skipped"


def test_files_are_split_evenly_and_each_is_in_one_share(tmp_path):
    files = []
    for number, size in enumerate((90, 50, 40, 10, 5, 5)):
        path = tmp_path / f"test_{number}.py"
        path.write_text("#" * size)
        files.append(path)
    found = shares(files, 2)
    assert sorted(path for share in found for path in share) == files
    assert [sum(path.stat().st_size for path in share) for share in found] == [100, 100]


def test_there_are_never_more_shares_than_files(tmp_path):
    path = tmp_path / "test_one.py"
    path.touch()
    assert shares([path], 2) == [[path]]

"""Files cut into lines: any chunks give the same lines, and what is held is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.retail_integration_base.engine import jsonl


def read(chunks, offset=0):
    reader = jsonl.Lines(offset)
    pages = list(reader.pages(chunks))
    return [line for page in pages for line in page.lines], pages


@given(st.binary(max_size=200), st.integers(1, 20))
def test_any_chunks_give_the_lines_of_the_file(content, size):
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    lines, pages = read(chunks)
    assert lines == content.split(b"\n")[: len(lines)]
    assert b"\n".join(lines) + (b"" if not lines or pages[-1].is_tail else b"\n") == content
    assert not pages or pages[-1].end == len(content)


@given(st.lists(st.binary(max_size=5).filter(lambda line: b"\n" not in line), max_size=30), st.integers(0, 29))
def test_whoever_goes_on_at_the_end_of_a_page_gets_the_rest(lines, cut):
    content = b"".join(line + b"\n" for line in lines)
    start = sum(len(line) + 1 for line in lines[:cut])
    rest, pages = read([content[start:]], start)
    assert rest == lines[cut:]
    assert not pages or pages[-1].end == len(content)


def test_what_is_held_is_bounded_by_a_page_and_a_line_whatever_the_file():
    reader, most, count = jsonl.Lines(), 0, 0

    def chunks():
        nonlocal most
        for number in range(3000):
            yield b'{"id":"%d","padding":"' % number + b"x" * 3000 + b'"}\n' * 40
            most = max(most, reader.held)

    for page in reader.pages(chunks()):
        count += len(page.lines)
        assert len(page.lines) <= jsonl.PAGE_LINES
    assert count == 3000 * 40
    assert most <= jsonl.PAGE_BYTES + jsonl.MAX_LINE_BYTES


def test_a_line_that_does_not_end_is_given_up_and_the_next_one_is_read():
    reader, most = jsonl.Lines(), 0

    def chunks():
        nonlocal most
        yield b"first\n"
        for _number in range(200):
            yield b"x" * 65536
            most = max(most, reader.held)
        yield b"\nlast\n"

    pages = list(reader.pages(chunks()))
    assert [line for page in pages for line in page.lines] == [b"first", None, b"last"]
    assert pages[-1].end == 6 + 200 * 65536 + 6
    assert most <= jsonl.MAX_LINE_BYTES + len(b"first")


def test_the_end_of_a_file_without_a_lines_end_is_told_apart():
    _lines, pages = read([b"one\ntw"])
    assert [(page.lines, page.is_tail) for page in pages] == [([b"one"], False), ([b"tw"], True)]

"""Cuts a file that comes in chunks into lines, page by page. What is held is one page, and of a line never more than
:data:`MAX_LINE_BYTES`: a line that does not end costs no memory.
"""

from dataclasses import dataclass, field

#: A longer line is not read: an order of Shopify's has some kilobytes, each of its lines is a line of its own.
MAX_LINE_BYTES = 1024 * 1024
PAGE_LINES = 500
PAGE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Page:
    """Some lines of a file.

    :param list lines: bytes without the line's end; ``None`` for a line that is too long to be read
    :param int end: the byte after the last of them
    :param bool is_tail: the file ended in it, without a line's end: either its last line, or a part of one
    """

    lines: list = field(repr=False)
    end: int
    is_tail: bool = False


class Lines:
    """The lines of one file from a byte on.

    :param int offset: where the chunks begin; a line begins there
    :ivar int held: bytes held at the moment
    """

    def __init__(self, offset=0):
        self.end = offset
        self._lines = []
        self._page_bytes = 0
        self._begun = bytearray()
        #: bytes of the line that has begun; more than are kept of one that is too long
        self._begun_size = 0

    @property
    def held(self):
        return self._page_bytes + len(self._begun)

    def pages(self, chunks):
        """Yield the :class:`Page` s of ``chunks`` (iterable of bytes), first to last."""
        for chunk in chunks:
            start = 0
            while True:
                stop = chunk.find(b"\n", start)
                if stop < 0:
                    self._take(chunk[start:])
                    break
                self._take(chunk[start:stop])
                self._end_line(len(b"\n"))
                start = stop + 1
                if len(self._lines) >= PAGE_LINES or self._page_bytes >= PAGE_BYTES:
                    yield self._page()
        if self._lines:
            yield self._page()
        if self._begun_size:
            self._end_line(0)
            yield self._page(is_tail=True)

    def _take(self, piece):
        self._begun_size += len(piece)
        if self._begun_size > MAX_LINE_BYTES:
            self._begun.clear()
        else:
            self._begun += piece

    def _end_line(self, terminator):
        line = None if self._begun_size > MAX_LINE_BYTES else bytes(self._begun)
        self._lines.append(line)
        self._page_bytes += len(line or b"")
        self.end += self._begun_size + terminator
        self._begun.clear()
        self._begun_size = 0

    def _page(self, is_tail=False):
        page = Page(self._lines, self.end, is_tail)
        self._lines, self._page_bytes = [], 0
        return page

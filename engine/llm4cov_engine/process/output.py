"""What is kept of what a program prints."""

from __future__ import annotations

from collections import deque


class Output:
    """Bounded memory of what a program printed: its beginning and its end."""

    def __init__(self, kept: int) -> None:
        self.total = 0
        self._half = max(1, kept // 2)
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0

    def add(self, data: bytes) -> None:
        """Take in what was just printed."""
        self.total += len(data)
        room = self._half - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if data:
            self._tail.append(data)
            self._tail_size += len(data)
            while self._tail_size - len(self._tail[0]) >= self._half:
                self._tail_size -= len(self._tail.popleft())

    @property
    def truncated(self) -> bool:
        """Whether its middle is not kept."""
        return self.total > len(self._head) + min(self._tail_size, self._half)

    def text(self) -> str:
        """What is kept; bytes that are no text are replaced."""
        tail = b"".join(self._tail)
        if not self.truncated:
            return (bytes(self._head) + tail).decode("utf-8", "replace")
        tail = tail[-self._half :]
        missing = self.total - len(self._head) - len(tail)
        head_text, tail_text = self._head.decode("utf-8", "replace"), tail.decode("utf-8", "replace")
        return f"{head_text}\n[... {missing} bytes left out ...]\n{tail_text}"

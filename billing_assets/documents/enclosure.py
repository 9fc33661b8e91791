"""The enclosure: where templates of a company are rendered, in a process that can do no harm.

Belongs here: starting that process, its time by the clock, and what its end means. Does not belong here: what
goes on inside (``enclosed``).

What comes back is read as JSON and bytes, never as objects: even a process that a template had taken over
could not reach the program through its answers.
"""

import json
import os
import pickle
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Lock
from types import MappingProxyType
from typing import Any

from billing_assets.documents.enclosed import HEAD, Limits, Task
from billing_assets.domain.errors import BillingError

_START_SECONDS = 30.0
_PIECE = 1 << 16

# Each thread reserves memory that it may never use: on a machine of many cores all that there is.
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "RAYON_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
_TOO_LONG = (signal.SIGPROF, signal.SIGXCPU)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a template made of a document, in the forms that were asked for; the others are empty.

    ``pdf`` holds the picture of the first page (a PNG) where that was asked for.
    """

    number: str = ""
    language: str = ""
    title: str = ""
    subject: str = ""
    text: str = ""
    mail_html: str = ""
    html: str = ""
    pdf: bytes = b""
    missing_characters: tuple[str, ...] = ()
    missing_labels: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))


class Enclosure:
    """One process that renders one document at a time; it is started when needed, and again after an end.

    Threads that share one take turns.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        """Render within ``limits``."""
        self.limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = Lock()

    def start(self) -> None:
        """Start the process, where there is none."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        # It gets none of the program's environment: a template has no business with its passwords.
        paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from billing_assets.documents.enclosed import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**_ENVIRONMENT, **paths},
            cwd="/",
            start_new_session=True,
        )
        self._give(self.limits)
        self._take(replace(self.limits, wall_seconds=_START_SECONDS))

    def render(self, task: Task) -> Rendered:
        """Return what the template makes of the document.

        Raises:
            BillingError: ``template_too_slow``, ``template_too_large``, ``template_process_ended``; what the
                renderers raise, with file and line where they are known.
        """
        limits = self.limits.for_lines(task.line_count)
        with self._turn:
            self.start()
            self._give(task)
            said, pdf = self._take(limits)
        if "error" in said:
            raise _error_of(*said["error"], limits=self.limits)
        missing = tuple(said.pop("missing", ()))
        return Rendered(**said, pdf=pdf, missing_characters=missing)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _give(self, value: object) -> None:
        process = self._running()
        assert process.stdin is not None  # noqa: S101 - it was opened with a pipe
        try:
            process.stdin.write(pickle.dumps(value))
            process.stdin.flush()
        except OSError as error:
            raise self._ended() from error

    def _take(self, limits: Limits) -> tuple[dict[str, Any], bytes]:
        ends_at = time.monotonic() + limits.wall_seconds
        text_size, pdf_size = HEAD.unpack(self._read(HEAD.size, ends_at))
        if text_size + pdf_size > 4 * limits.output_bytes:
            self.close()
            raise _too_large(limits)
        said = json.loads(self._read(text_size, ends_at))
        return said, self._read(pdf_size, ends_at)

    def _read(self, size: int, ends_at: float) -> bytes:
        process = self._running()
        assert process.stdout is not None  # noqa: S101 - it was opened with a pipe
        pipe, parts = process.stdout.fileno(), []
        while size:
            left = ends_at - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                self.close()
                raise _too_slow()
            piece = os.read(pipe, min(size, _PIECE))
            if not piece:
                raise self._ended()
            parts.append(piece)
            size -= len(piece)
        return b"".join(parts)

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise _process_ended()
        return self._process

    def _ended(self) -> BillingError:
        """Return what the end of the process means: its limits end it by signals."""
        code = -self._running().wait()
        self.close()
        if code in _TOO_LONG:
            return _too_slow()
        # A compiler that gets no more memory aborts, or runs over the end of its stack.
        return _too_large(self.limits) if code in {signal.SIGABRT, signal.SIGSEGV} else _process_ended()


def _error_of(code: str, found: str, todo: str, *, limits: Limits) -> BillingError:
    return _too_large(limits) if code == "template_too_large" else BillingError(code, found, todo)


def _too_slow() -> BillingError:
    return BillingError(
        "template_too_slow",
        "the template took more time for a document than it may have",
        "look for a loop that does not end, or for pages without end",
    )


def _too_large(limits: Limits) -> BillingError:
    return BillingError(
        "template_too_large",
        f"the template took more than {limits.memory_bytes >> 20} MiB of memory, or made more than "
        f"{limits.output_bytes >> 20} MiB",
        "look for a loop that repeats a text or a picture, and make pictures smaller",
    )


def _process_ended() -> BillingError:
    return BillingError(
        "template_process_ended",
        "the process that renders the template ended by itself",
        "try it again; if it comes back, look for a font or a picture that is damaged",
    )

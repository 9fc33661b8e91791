"""What a program makes once, for whoever it works: its templates, its press, its worker processes.

Belongs here: making each when it is first asked for, and ending it with the program. Does not belong here:
whom the program works for (``acting``), what is done with the tools (``build``).
"""

from contextlib import ExitStack
from functools import cached_property

from billing_assets.documents.press import TemplatePress
from billing_assets.steps.run_ports import Clock
from billing_assets.store.connection import Database
from billing_assets.wiring.settings import Settings
from billing_assets.wiring.template_shelf import TemplateShelf
from billing_assets.wiring.worker_processes import WorkerPool, worker_home


class Tools:
    """The tools of one program; who works with it for somebody else has the same ones."""

    def __init__(self, settings: Settings, database: Database, stack: ExitStack, clock: Clock) -> None:
        """Make nothing yet; ``stack`` ends what is made."""
        self._settings = settings
        self._database = database
        self._stack = stack
        self._clock = clock

    @cached_property
    def shelf(self) -> TemplateShelf:
        """The templates of this program and of its companies."""
        return TemplateShelf(self._database, self._settings.home, self._clock, self._settings.templates_dir)

    @cached_property
    def press(self) -> TemplatePress:
        """The press; its workers end with the program."""
        press = TemplatePress(
            self.shelf.archive,
            self.shelf.cache_dir,
            self._settings.print_workers,
            newer_fonts=lambda: self.shelf.fonts,
            is_own=self.shelf.is_own,
        )
        self._stack.callback(press.close)
        return press

    @cached_property
    def pool(self) -> WorkerPool:
        """The worker processes for large books; they end with the program."""
        home = worker_home(self._database, self._clock, self._settings.home / "cache")
        pool = WorkerPool(home, self._settings.run_workers)
        self._stack.callback(pool.close)
        return pool

"""How many calls a key may make: a bucket of tokens for each, in this process.

Belongs here: the bucket. Does not belong here: who calls (``callers``).

Several processes have a bucket each: the limit protects a process, it is no quota.
"""

import threading
import time
from collections.abc import Callable

_MOST_KEYS = 10_000


class RateLimiter:
    """Buckets that hold the tokens of one second and fill as fast.

    >>> limiter = RateLimiter(1, clock=lambda: 7.0)
    >>> limiter.wait_of("key"), limiter.wait_of("key")
    (0.0, 1.0)
    """

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Let each key make ``per_second`` calls a second, and as many at once; ``clock`` counts seconds."""
        self.per_second = per_second
        self._clock = clock
        self._turn = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_of(self, key: str) -> float:
        """Take a token of a key and return 0, or return the seconds until there is one."""
        now = self._clock()
        with self._turn:
            if len(self._buckets) > _MOST_KEYS:
                self._buckets.clear()
            tokens, at = self._buckets.get(key, (float(self.per_second), now))
            tokens = min(self.per_second, tokens + (now - at) * self.per_second)
            is_free = tokens >= 1
            self._buckets[key] = (tokens - 1 if is_free else tokens, now)
        return 0.0 if is_free else (1 - tokens) / self.per_second

"""Time zones in which business dates live.

Belongs here: telling a name of the IANA data base from any other text, the instant of a clock time, read or
given.
Does not belong here: what time it is (``wiring``).
"""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def is_time_zone(name: str) -> bool:
    """Tell whether ``name`` is an IANA time zone.

    >>> is_time_zone("Europe/Madrid"), is_time_zone("Europe/Madird"), is_time_zone("../../etc/passwd")
    (True, False, False)
    """
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True


def instant_of(day: date, at_time: time, time_zone: str) -> datetime:
    """Return the instant (UTC) at which a clock of the zone shows a time of a day.

    A time that the clock skips in spring is as far after the gap; of one that it shows twice in autumn it is
    the first.

    >>> [str(instant_of(date(2025, 3, 30), time(hour, 30), "Europe/Madrid")) for hour in (1, 2, 3)]
    ['2025-03-30 00:30:00+00:00', '2025-03-30 01:30:00+00:00', '2025-03-30 01:30:00+00:00']
    """
    return datetime.combine(day, at_time, ZoneInfo(time_zone)).astimezone(UTC)


def read_instant(text: str, time_zone: str) -> datetime:
    """Return the instant (UTC) of a text such as ``2025-01-31 18:00``, by the zone's clock if it names none.

    Raises:
        ValueError: It is no time.

    >>> [str(read_instant(text, "Europe/Madrid")) for text in ("2025-01-31T18:00", "2025-01-31 18:00Z")]
    ['2025-01-31 17:00:00+00:00', '2025-01-31 18:00:00+00:00']
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(time_zone))
    return moment.astimezone(UTC)

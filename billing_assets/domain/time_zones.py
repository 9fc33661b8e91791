"""Time zones in which business dates live.

Belongs here: telling a name of the IANA data base from any other text.
Does not belong here: what time it is (``wiring``).
"""

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

"""The way out to HTTP endpoints that other people name: checked, pinned, bounded.

Belongs here: which URLs and addresses may be spoken to (``addresses``), the connection to the address that
was checked (``wire``), and one POST with an exact account of how far it came (``exchange``).
Does not belong here: what is said, how it is signed, and what an answer means to a delivery: that is the
channel's own.
"""

from billing_assets.channels.outbound.addresses import Target, is_public_address, read_url
from billing_assets.channels.outbound.exchange import Exchange, Outbound, OutboundSettings, Reach

__all__ = [
    "Exchange",
    "Outbound",
    "OutboundSettings",
    "Reach",
    "Target",
    "is_public_address",
    "read_url",
]

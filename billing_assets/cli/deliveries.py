"""What became of a message, in words.

Belongs here: the reason of a state as people read it. Does not belong here: sending (``deliver``).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing_assets.store.listings import DeliveryRow

_OWN_REASONS = {
    "no_address": "no e-mail address; send it another way",
    "sender_died": "the sender died in the middle; ask whether it arrived, it is never sent again by itself",
}


def reason_words(row: "DeliveryRow") -> str:
    """Return why a delivery is in its state: the other side's reply code, the reason in words."""
    from billing_assets.channels.email.replies import REASON_MEANINGS

    if row.state == "sent" or not row.reason_code:
        return f"{row.reply_code} {row.reply_text}".strip("0 ")
    words = _OWN_REASONS.get(row.reason_code) or REASON_MEANINGS.get(row.reason_code, row.reason_code)
    return f"{row.reply_code}: {words}" if row.reply_code else words

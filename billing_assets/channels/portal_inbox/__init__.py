"""Portal inbox: a document put where its payer finds it after signing in, and what came of it.

Belongs here: what each answer of the keeper of inboxes means, and one attempt (``channel``).
Does not belong here: the inbox itself (``store.portal_documents``), its pages (``portal.payer``), notices.
"""

from billing_assets.channels.portal_inbox.channel import (
    REASON_MEANINGS,
    InboxEntry,
    PortalInboxChannel,
)

__all__ = ["REASON_MEANINGS", "InboxEntry", "PortalInboxChannel"]

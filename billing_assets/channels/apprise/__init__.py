"""Apprise: one message to whatever service an Apprise URL names, and the exact outcome of one attempt.

Belongs here: asking the service in a program of its own (``program``), what came of it (``channel``).
Does not belong here: when to try again, what becomes of an ``unknown``, the wording of a message, any clock.
"""

from billing_assets.channels.apprise.channel import HTTP_SCHEMES, AppriseChannel

__all__ = ["HTTP_SCHEMES", "AppriseChannel"]

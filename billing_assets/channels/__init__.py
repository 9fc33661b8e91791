"""Channels: how a delivery leaves the house, one module for each way out.

Belongs here: the dialogue with the other side and the exact outcome of one attempt, as
``domain.deliveries.SendResult``. Channels are strangers to one another; those that speak HTTP to endpoints of
others share ``outbound``, the checked way to them.
Does not belong here: which deliveries are due, their states in the database and when to try again
(``store`` and ``steps``); the wording of a message (``documents``).
"""

"""Channels: how a delivery leaves the house, one module for each way out.

Belongs here: the dialogue with the other side (SMTP today) and the exact outcome of one attempt, as
``domain.deliveries.SendResult``. Channels are strangers to one another.
Does not belong here: which deliveries are due, their states in the database and when to try again
(``store`` and ``steps``); the wording of a message (``documents``).
"""

"""Proofs of sending, as people ask for them.

Belongs here: the proof of one delivery of a company. Does not belong here: what is proof
(``domain.delivery_proofs``), how it is shown (``cli``, ``portal``).
"""

from billing_assets.domain.delivery_proofs import DeliveryProof
from billing_assets.store.delivery_proofs import read_proof
from billing_assets.wiring.desk import Desk


class ProofDesk:
    """The proofs of the company of ``desk``."""

    def __init__(self, desk: Desk) -> None:
        """Use the store and the company of ``desk``."""
        self._desk = desk

    def proof(self, delivery_id: int) -> DeliveryProof:
        """Return what proves that a delivery was sent, or raise ``delivery_unknown``."""
        with self._desk.database.transaction() as connection:
            return read_proof(connection, self._desk.company_id, delivery_id)

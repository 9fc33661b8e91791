"""The portal of payers: their own face of the app, below ``/my``.

Belongs here: its addresses, pages, words. Does not belong here: what a payer may see (``wiring.payer_desk``,
the store's own rules), the office's pages.
"""

"""Which lines of invoices stand: those of an invoice that was replaced do not count as billed any more.

Belongs here: the condition, for every query that asks what is billed of a term by now. Whether an installment
was ever billed is another question: that stays true.
Does not belong here: replacing (``replacements``), what was given back of a line (``credits``).
"""


def standing(line: str) -> str:
    """Return the condition that a line of table ``invoice_line`` stands on an invoice that nothing replaces.

    >>> standing("l").split()[-3:]
    ['=', 'l.invoice_id', ')']
    """
    return f"""not exists (
        select from invoice replacing where replacing.replaced_invoice_id = {line}.invoice_id )"""

"""Documents: a numbered invoice in, a page or a message out.

Belongs here: template versions, the view model, and one renderer per form (PDF, HTML, e-mail).
Does not belong here: amounts (they arrive computed), numbers, sending, storing. No database, no
clock, no network; the same invoice and the same template give the same bytes.
"""

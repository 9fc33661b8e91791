"""Why a credit note of a change was issued, in the reader's language.

Belongs here: the words for the reason that a run gives. Does not belong here: what a person wrote, which is
shown as it is; the form in which a run keeps it (``domain.policy_changes``).
"""

from billing_assets.documents import formats
from billing_assets.documents.labels import Catalogue, fill_in
from billing_assets.domain.policy_changes import change_of_reason


def reason_words(reason: str, words: Catalogue, locale_code: str) -> str:
    """Return the reason of a credit note as it is shown; labels that have no words for it leave it as it is.

    >>> from billing_assets.documents.labels import choose, load_catalogues
    >>> from billing_assets.documents.templates import default_templates_dir, load_template
    >>> words = choose(load_catalogues(load_template(default_templates_dir())), "es")
    >>> reason_words("cancellation 2024-07-01 (1)", words, "es_ES")
    'Anulación del seguro desde el 1 de julio de 2024.'
    >>> reason_words("the car was sold", words, "es_ES")
    'the car was sold'
    """
    found = change_of_reason(reason)
    pattern = words.names.get("change_reasons", {}).get(found[0].value) if found else None
    if found is None or pattern is None:
        return reason
    return fill_in(pattern, {"date": formats.long_date(found[1], locale_code)})

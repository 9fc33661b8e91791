"""Invented payers, one for each language: to whom the samples of the templates are written.

Belongs here: names and addresses that belong to nobody.
Does not belong here: what the samples say (``templates``).
"""

from collections.abc import Mapping

from billing_assets.domain.invoices import Payer


def _payer(language: str, country_code: str, name: str, *address_lines: str) -> Payer:
    return Payer(
        payer_key="C-104-882",
        name=name,
        address_lines=address_lines,
        country_code=country_code,
        email=f"{name.split(maxsplit=1)[0].lower()}@example.org",
        language=language,
    )


SAMPLE_PAYERS: Mapping[str, Payer] = {
    "de": _payer("de", "DE", "Hannelore Grünwald", "Lindenallee 24", "04109 Leipzig"),
    "en": _payer("en", "GB", "Eleanor Whitcombe", "18 Rosebery Crescent", "Newcastle upon Tyne", "NE2 1EX"),
    "es": _payer("es", "ES", "Carmen Íñiguez Peña", "Calle del Ángel 7, 3.º izquierda", "41004 Sevilla"),
    "fr": _payer("fr", "FR", "Françoise Lemoine", "12 bis, rue des Tilleuls", "69003 Lyon"),
}

"""The portal of payers: how long links and sessions live, how often may be asked, and who is signed in.

Belongs here: these figures and values. Does not belong here: cookies and pages (``portal.payer``), the rows
(``store.payer_sessions``), signed links to documents (``document_links``).
"""

from dataclasses import dataclass
from datetime import timedelta

from billing_assets.domain.access import Actor, ActorKind
from billing_assets.domain.errors import BillingError

PORTAL_LANGUAGES = ("en", "es", "de", "fr")
"""Languages of the portal and of what it mails; the first is for whoever has none of them."""

LINK_LIFE = timedelta(minutes=30)
"""So long a link to sign in works, once."""

LINKS_OF_ADDRESS = 4
"""So many times links are mailed to an address within the window of attempts."""

LINKS_OF_CLIENT = 20
"""So many times a client may ask for links within the window of attempts."""

MOST_PAYERS_OF_ADDRESS = 10
"""To so many payers with one address a mail has links, one for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressedPayer:
    """A payer whom an e-mail address is of, by the newest that is known; it holds personal data."""

    payer_id: int
    payer_key: str
    name: str
    email: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInPayer:
    """Whoever is signed in to the portal: one payer of one company."""

    company_id: int
    payer_id: int
    payer_key: str

    @property
    def actor(self) -> Actor:
        """The payer as the audit log names them: by their key.

        >>> SignedInPayer(company_id=1, payer_id=7, payer_key="K7").actor.name
        'K7'
        """
        return Actor(kind=ActorKind.PAYER, name=self.payer_key)


def portal_language(*wanted: str) -> str:
    """Return the first of the languages that are wanted which the portal has, or its own first.

    >>> portal_language("it", "es-MX"), portal_language("")
    ('es', 'en')
    """
    asked = (tag.replace("_", "-").split("-")[0].strip().lower() for tag in wanted)
    return next((code for code in asked if code in PORTAL_LANGUAGES), PORTAL_LANGUAGES[0])


def link_used() -> BillingError:
    """Return the error for a link to sign in that is over, was used, or never was.

    >>> link_used().code
    'payer_link_over'
    """
    return BillingError(
        "payer_link_over",
        "this link was used already, or is too old",
        "ask for another one with your e-mail address",
    )


def not_yours() -> BillingError:
    """Return the error for what is not there, or is somebody else's: nobody is told which.

    >>> not_yours().code
    'not_yours'
    """
    return BillingError("not_yours", "there is nothing of yours here", "go back to what you owe")

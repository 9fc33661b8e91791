"""The bounce mailbox of the settings.

Belongs here: bringing mailbox, reader and store together. Does not belong here: the order of work
(``steps.read_bounces``).
"""

from billing_assets.channels.email import read_bounce
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.mail_folder import MailFolder
from billing_assets.steps.read_bounces import read_bounces
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.store.bounces import SqlBounceStore
from billing_assets.wiring.build import Billing, utc_now


class BounceDesk:
    """What came back, over the store of ``billing``."""

    def __init__(self, billing: Billing) -> None:
        """Use the store, the company and the settings of ``billing``."""
        self.billing = billing

    @property
    def is_set(self) -> bool:
        """Whether the settings name a bounce mailbox."""
        return self.billing.settings.bounce_folder is not None

    def waiting_count(self) -> int:
        """Return how many mails wait to be read."""
        return self._folder().count()

    def to_read(self) -> list[str]:
        """Return the names of the mails that a person should read; none where the mailbox is not at hand."""
        folder = self.billing.settings.bounce_folder
        return MailFolder(folder).to_read() if folder is not None and folder.is_dir() else []

    def read(self, *, progress: Progress = silent) -> StepResult:
        """Read what waits; see :func:`read_bounces`."""
        return read_bounces(
            self.billing.company_code(),
            mailbox=self._folder(),
            read=read_bounce,
            store=SqlBounceStore(self.billing.database, utc_now),
            progress=progress,
        )

    def _folder(self) -> MailFolder:
        folder = self.billing.settings.bounce_folder
        if folder is None:
            raise BillingError(
                "bounce_folder_unset",
                "no bounce mailbox is set",
                "set BILLING_BOUNCE_FOLDER to the folder or Maildir that gets the bounces",
            )
        return MailFolder(folder)

"""Read bounces: each mail of the bounce mailbox is taken once, and its delivery no longer counts as sent.

Belongs here: the order of work. Does not belong here: the bytes of a mail (``channels``), what a report does
to a delivery (``domain.bounces``), the rows (``store``).

A mail is kept before it is moved away: a program that dies in between reads it again and finds it known.
"""

import time
from collections import Counter
from collections.abc import Callable

from billing_assets.domain.bounces import BounceEffect, BounceMail
from billing_assets.steps.bounce_ports import BounceMailbox, BounceStore
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent


def read_bounces(
    company_code: str,
    *,
    mailbox: BounceMailbox,
    read: Callable[[bytes], BounceMail],
    store: BounceStore,
    progress: Progress = silent,
) -> StepResult:
    """Take every mail that waits; return how many, by what came of them (``<effect>_count``)."""
    started = time.perf_counter()
    company_id = store.issuer(company_code).company_id
    effects: Counter[BounceEffect] = Counter()
    total = mailbox.count()
    for path, content in mailbox.mails():
        mail = read(content)
        effects[store.take(company_id, mail)] += 1
        # By what the mail is, not by its effect: after a program that died here it is known.
        mailbox.put_away(path, is_for_person=mail.is_for_person)
        progress("reading bounces", effects.total(), max(total, effects.total()))
    facts: dict[str, int | str] = {f"{effect.value}_count": effects[effect] for effect in BounceEffect}
    return StepResult(step="read_bounces", facts=facts, seconds={"read": time.perf_counter() - started})

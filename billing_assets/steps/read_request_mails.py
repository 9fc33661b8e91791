"""Read mails in which payers ask for documents: each is taken once, as a request or for a person to read.

Belongs here: the order of work. Does not belong here: the bytes of a mail (``channels``), what a subject asks
for (``domain.request_mails``), the rows (``store``).

A mail is kept as a request before it is moved away: a program that dies in between reads it again and finds
its request by the hash of the mail.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice

from billing_assets.domain.document_requests import NewRequest, RequestChannel, RequestSource
from billing_assets.domain.request_mails import RequestMail, is_request, wanted_in
from billing_assets.steps.request_ports import RequestDoor, RequestMailbox
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent

BATCH = 50
"""So many mails are looked up at once: whose addresses they are from is one question."""


def read_request_mails(
    *,
    mailbox: RequestMailbox,
    read: Callable[[bytes], RequestMail],
    door: RequestDoor,
    progress: Progress = silent,
) -> StepResult:
    """Take every mail that waits; return how many, by what came of them.

    ``asked_count`` are new requests, ``unclear_count`` those of them that wait for a person, ``person_count``
    mails that are no request and that a person should read, ``automatic_count`` mails that a program wrote.
    """
    started = time.perf_counter()
    counts: Counter[str] = Counter()
    total = mailbox.count()
    mails = ((path, read(content)) for path, content in mailbox.mails())
    done = 0
    while batch := list(islice(mails, BATCH)):
        senders = door.senders([mail.from_email for _path, mail in batch if not mail.is_automatic])
        for path, mail in batch:
            found = _taken(mail, senders.get(mail.from_email, ()), door)
            counts.update(found)
            # Of a request its subject alone is kept: what is not clear from that, a person reads whole.
            mailbox.put_away(path, is_for_person=bool({"person", "unclear"} & set(found)))
            done += 1
            progress("reading requests", done, max(total, done))
    names = ("asked", "unclear", "repeated", "person", "automatic")
    facts = {f"{name}_count": counts[name] for name in names}
    return StepResult(step="read_request_mails", facts=facts, seconds={"read": time.perf_counter() - started})


def _taken(mail: RequestMail, payer_keys: Sequence[str], door: RequestDoor) -> list[str]:
    """Take one mail in; return what it counts as."""
    if mail.is_automatic:
        return ["automatic"]
    if len(payer_keys) != 1 or not is_request(mail.subject):
        # Whoever shares an address with another payer is told apart by a person.
        return ["person"]
    wanted = wanted_in(mail.subject)
    request = NewRequest(
        request_key=f"mail:{mail.content_sha256}",
        source_kind=RequestSource.MAIL,
        wanted=wanted,
        asked_by="mail",
        payer_key=payer_keys[0],
        channel=RequestChannel.EMAIL,
        message_text=mail.subject,
    )
    is_new = door.ask(request)[1]
    if not is_new:
        return ["repeated"]
    return ["asked", "unclear"] if wanted.document_kind is None else ["asked"]

"""Mails as mail systems write them, on a message of ours."""

OURS = "853fd8152b1c317e1a1cf3bae289153d@billing.example"

_REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: bounces@billing.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"
Message-Id: <20250131120000.ABCDEF@mx.example.net>

--b1
Content-Description: Notification
Content-Type: text/plain; charset=utf-8

This is the mail system at host mx.example.net.
I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Fri, 31 Jan 2025 12:00:00 +0000 (UTC)

Final-Recipient: rfc822; jane.roe@example.com
Original-Recipient: rfc822;jane.roe@example.com
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 {status} <jane.roe@example.com>: no such user

--b1
Content-Description: Undelivered Message
Content-Type: {third}

{inner}
--b1--
"""
_INNER = """\
From: Alondra <billing@billing.example>
To: jane.roe@example.com
Subject: Invoice INV-1
Message-ID: <{message_id}>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Pay.
"""


def report(
    message_id: str = OURS, action: str = "failed", status: str = "5.1.1", third: str = "message/rfc822"
) -> bytes:
    """Return a report as Postfix writes it; ``third`` is how the message comes back."""
    inner = _INNER.format(message_id=message_id)
    text = _REPORT.format(action=action, status=status, third=third, inner=inner)
    return text.replace("\n", "\r\n").encode()


def without_report(message_id: str = OURS, sender: str = "MAILER-DAEMON@mx.example.net") -> bytes:
    """Return a bounce without a machine-readable part, as older systems write it (qmail)."""
    inner = _INNER.format(message_id=message_id)
    text = f"""\
From: {sender}
To: bounces@billing.example
Subject: failure notice
Content-Type: text/plain; charset=us-ascii

Hi. This is the qmail-send program at mx.example.net.
<jane.roe@example.com>:
192.0.2.7 failed after I sent the message.
Remote host said: 552 5.2.2 jane.roe@example.com: mailbox full

--- Below this line is a copy of the message.

{inner}"""
    return text.encode()


def away(message_id: str = OURS) -> bytes:
    """Return an out-of-office answer, which names our message and is no report on it."""
    return f"""\
From: Jane Roe <jane.roe@example.com>
To: bounces@billing.example
Subject: I am away
Auto-Submitted: auto-replied
In-Reply-To: <{message_id}>
References: <{message_id}>

I am back on 5.2.2025.
""".encode()


def person(words: str = "Is this bill really for me?") -> bytes:
    """Return what a payer wrote by hand, to the address that gets the bounces."""
    return f"""\
From: Jane Roe <jane.roe@example.com>
To: bounces@billing.example
Subject: Re: Invoice INV-1
In-Reply-To: <{OURS}>

{words}
""".encode()

"""``billing deliveries proof``: what proves that a document was sent.

Belongs here: the command. Does not belong here: what is proof (``domain.delivery_proofs``), the history of a
delivery with what people decided (``deliveries``).
"""

from typing import Annotated

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.deliveries import code_words
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.output import Screen, instant, state_cell, styled
from billing_assets.domain.delivery_channels import DeliveryChannel
from billing_assets.domain.delivery_proofs import DeliveryProof

EPILOG = "billing deliveries proof 7\n\nbilling deliveries proof 7 --json"


def show_proof(
    delivery_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the delivery, as listed.")],
    as_json: Json = False,
) -> None:
    """Print the proof that a document was sent: what, when, by which way, to whom, and the answer.

    The hashes are SHA-256 of the PDF, as it was handed over and as it is kept, and of the mail's own words.
    The proof holds the address of the payer. Where nothing is proven it says so, and ends with exit code 4.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        from billing_assets.wiring.proof_desk import ProofDesk

        proof = ProofDesk(desk).proof(delivery_id)
    screen.document({"proof": proof, "proven_at": proof.proven_at})
    _show(screen, proof)
    if proof.proven_at is None:
        raise typer.Exit(ExitCode.ATTENTION)


_FORMS = {
    "attached": "attached to the mail",
    "linked": "opened by a link in the mail",
    "bare": "not in the mail",
}


def _show(screen: Screen, proof: DeliveryProof) -> None:
    at = proof.proven_at
    taken = "in the folder for the print shop" if proof.channel == DeliveryChannel.PRINT_POST else "accepted"
    told = f"{taken} on {at:%Y-%m-%d} at {at:%H:%M:%S} UTC" if at else "nothing is proven"
    screen.say(styled("[bold]{}[/bold]  {}  {}", proof.document_number, state_cell(proof.state), told))
    kept = {
        True: ", and the PDF that is kept is the same",
        False: ": the PDF that is kept is ANOTHER",
        None: "",
    }
    facts = {
        "document": f"{proof.document_kind.replace('_', ' ')} {proof.document_number}",
        "channel": proof.channel,
        "to": proof.recipient,
        "message": proof.message_key,
        "SHA-256 of the PDF": f"{proof.pdf_sha256}{kept[proof.is_pdf_intact]}",
        "SHA-256 of the mail": proof.mail_sha256,
        "the document": _FORMS.get(proof.mail_form, ""),
        "last answer": proof.reply_text,
    }
    screen.facts([(name, value) for name, value in facts.items() if value])
    if proof.attempts:
        screen.heading("Handed over")
        screen.table(
            [">attempt", "begun (UTC)", "answered (UTC)", "came to", ">reply", "reason"],
            [
                [
                    each.attempt_number,
                    instant(each.started_at),
                    instant(each.ended_at),
                    state_cell(each.state),
                    each.reply_code or "",
                    code_words(each.reason_code),
                ]
                for each in proof.attempts
            ],
            wrap=["reason"],
        )

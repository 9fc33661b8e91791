"""Problems: bad rows, kept beside the good ones until a person has dealt with them.

Belongs here: the codes of every problem, what each means and what to do about it.
Does not belong here: finding them (``frames.policy_book``), keeping them (``store.problems``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from billing_assets.domain.payments import PAYMENT_PROBLEMS
from billing_assets.domain.policies import HoldCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemCode:
    """A kind of fault in one row, with the advice that every entrance shows."""

    problem_code: str
    meaning: str
    todo: str


_TEXT = """
key_empty | the policy number is empty | give the row its policy number and import the corrected file
key_too_long | the policy number is longer than 100 characters | correct the policy number
key_has_control_characters | the policy number holds control or invisible characters | \
remove them in the source system
key_conflict | the same policy term stands in the file twice with different content; no copy is taken | \
keep the right row and import the corrected file
amount_empty | the premium is empty | give the premium of the term
amount_not_a_number | the premium is not a plain number in the declared decimal style | \
correct the amount, or the decimal style of the mapping; grouping marks are never guessed; \
a file of changes takes 123.45 alone
amount_too_fine | the premium has digits below the minor unit of its currency | \
correct the amount; nothing is rounded at intake
amount_negative | the premium is below zero | \
correct the amount: what is to be given back is a credit note, and a discount is taken off what it is on
amount_out_of_range | the premium is beyond any credible amount | correct the amount
currency_unknown | the currency is not an ISO 4217 code | correct the code or add a value map to the mapping
date_empty | a date that billing needs is empty | give the date
date_invalid | a date does not exist or is not in the declared format | \
correct the date, or the format of the mapping; a file of changes takes 2025-06-01 alone
date_out_of_range | a date lies outside 1950 to 2199 | correct the date; leave 'no end' empty
end_before_start | the term does not end after it starts | correct the dates of the term
cover_starts_after_term | the contract starts after the term that is to be billed has begun | \
say which is right: the start of the contract or the start of the term
period_overlap | the term overlaps another term of the same policy | correct the dates; cover is billed once
payer_conflict | rows with the same payer key say different things of the payer: the name, the address, the \
e-mail or the language; none of them is taken | where it is one payer, say the same in every row; where they \
are two, give each a key of its own; then import the corrected file (the value of the problem names the \
fields that differ and the rows)
payer_key_empty | the payer has no key | give the payer its key
payer_name_empty | the payer has no name | give the payer a name; an invoice needs one
text_too_long | a text is longer than 500 characters | shorten it
plan_unknown | the payment plan is not known | \
correct it to one that 'billing rules plans list' shows, map the value under columns.plan_code.map of the \
mapping, or add the plan ('billing rules plans add')
place_unknown | the place is not known | correct it or add a value map to the mapping
line_unknown | the line of business is not known | correct it or add a value map to the mapping
value_unmapped | the value is not in the value map of the mapping | \
add the value to the map, or correct the row
channels_unknown | \
 the channels of the payer are not email, api_push, print_post, pull or portal, each once at most | \
correct them; leave them empty for e-mail
endpoint_code_invalid | the code of the payer's endpoint is not made of a-z, 0-9, _ and -, a letter first | \
correct it, as 'billing endpoints' lists it
language_unknown | the language is not a language tag | correct it; leave it empty for the default
row_shape | the row has another number of columns than the header | correct the row; a quote may be unclosed
encoding_invalid | the row is not valid in the declared encoding | \
correct the row, or the encoding of the mapping
email_undeliverable | the e-mail is not one address that can be delivered to; the row is taken, billed as \
ever, and the address that is known of the payer stays | correct the e-mail, or leave it empty for a payer \
who has none, and import the corrected file; the problem then closes by itself
term_unknown | no term of the policy begins on that day | \
correct the policy number or the first day of the term, or import the policy book first and then this file \
again
change_number_invalid | the number of the change is no whole number from 1 to 32767 | correct the number
change_kind_unknown | the kind is not endorsement, cancellation or reinstatement | correct the kind
change_outside_term | the change does not take effect inside its term | \
correct the date, or name the right term
several_charges | the term has several charge lines, and a change does not say which of them it is of; the \
term is held | bill or credit the difference by hand, and close the problem to bill the term on as before
several_payers | the term has several payers, and a change does not say whose it is; the term is held | \
bill or credit the difference by hand, and close the problem to bill the term on as before
payer_shares_invalid | the share of a further payer is no percentage from 0 with at most four decimals, or \
the shares leave nothing to the payer of the row | \
correct the share, a number such as 40 or 33.3333: what all further payers bear stays below 100, and the \
payer of the row bears the rest; 'billing problems show' says which of these it is
payer_doubled | the same payer stands twice in a row | give each share a payer of its own, or add the shares \
together
charge_sum_differs | the charge lines do not add up to the premium of the term | \
correct the premium or the charge lines; the sum has to be the premium to the last digit; bring policies \
whose premium is not told apart with a mapping of their own, without 'charges'
method_unknown | the method of the cancellation is missing, or not known on its day | \
choose one that 'billing quote cancellation' lists
field_unexpected | a premium stands beside a change that is no endorsement, or a method beside one that \
is no cancellation | leave the cell empty, or correct the kind
change_conflict | the same change of a term stands in the file, or in the store, with other content | \
a change is never rewritten: keep the right row, or add another change that corrects it
event_key_reused | an event came under a key that an event with other content has | \
give each event a key of its own, and send what it says again under a new one with a later version
event_version_reused | an event says something else of a term or a change than one with the same version | \
send it again under a new key with a later version
event_malformed | an event has a field that its kind does not have, one that is no text and no number, or an \
unseen character at an end of what names its term | \
send it again under a new key with a later version, with the fields that the how-to page lists
missing_from_book | a full book does not name a term that is in force; it is billed on | \
give its cover_to_date if cover ended, or the row that was left out; the problem then closes by itself
cover_ended_inside_billed_period | cover ended within a period that was billed before | \
a person decides what is returned
changed_after_billing | the book changed a term that was billed before; the term is held and nothing more \
of it is billed | a person decides what is owed; the problem closes if the book says again what was billed
billed_under_another_term | the term begins inside a period that was billed under an earlier term of the \
policy; it is held and nothing of it is billed | a person decides what is owed
month_away | invoices of the term are in a detached month: it was closed for good, and nothing of it changes \
any more | leave the row out or as it was; where the change has to be, bring the month back ('billing months \
attach', 'billing months list' shows what is away) and import the file again
billed_elsewhere | more of a changed term is to be given back than was billed here: it was billed before the \
cut-over | give it back where it was billed, and close the problem with a note; it is not given back here
"""


def _read(text: str) -> dict[str, ProblemCode]:
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return {code: ProblemCode(problem_code=code, meaning=meaning, todo=todo) for code, meaning, todo in rows}


LEFT_OUT = "missing_from_book"
"""A term in force that a full book does not name; no row says so."""

COVER_ENDED = "cover_ended_inside_billed_period"
"""What no book answers: the row was taken, and a person decides what is returned."""

BILLED_ELSEWHERE = "billed_elsewhere"
"""What only a run finds: a change gives back more than was billed here."""

SEVERAL_CHARGES = "several_charges"
"""A change of a term that has charge lines: refused when it comes, and held where the lines come later."""

SEVERAL_PAYERS = "several_payers"
"""A change of a term that has several payers: refused when it comes, and held where they come later."""

EMAIL_UNDELIVERABLE = "email_undeliverable"
"""An address of a row that was taken without it."""

ROW_TAKEN_CODES = (COVER_ENDED, EMAIL_UNDELIVERABLE, BILLED_ELSEWHERE, *HoldCode.of_changes())
"""Problems of rows that were taken nonetheless: they hold nothing, and do not count as bad rows."""

_OF_PAYMENTS = {
    code: ProblemCode(problem_code=code, meaning=meaning, todo=todo)
    for code, (meaning, todo) in PAYMENT_PROBLEMS.items()
}
PROBLEM_CODES: Mapping[str, ProblemCode] = MappingProxyType({**_read(_TEXT), **_OF_PAYMENTS})
"""``problem_code`` -> :class:`ProblemCode`; those of payments are told in ``payments``.

>>> PROBLEM_CODES["amount_too_fine"].todo
'correct the amount; nothing is rounded at intake'
"""


NEGATIVE = "amount_negative"
"""An amount that can be read, and is below zero."""

CHARGE_FAULTS = ("amount_not_a_number", "amount_too_fine", "amount_out_of_range", NEGATIVE)
"""Faults of an amount that a charge line may have as the premium has them."""


def meaning_of(problem_code: str, field_name: str = "") -> str:
    """Return what a problem means; of the amount of a charge line, with the field that the line has.

    >>> meaning_of("amount_negative", "premium"), meaning_of("amount_negative", "charges.legal")
    ('the premium is below zero', "the amount of 'charges.legal' is below zero")
    >>> meaning_of("amount_negative")
    'the premium or the amount of a charge is below zero'
    """
    if problem_code not in PROBLEM_CODES:
        return problem_code
    meaning = PROBLEM_CODES[problem_code].meaning
    if problem_code not in CHARGE_FAULTS or field_name == "premium":
        return meaning
    amount = f"the amount of '{field_name}'" if field_name else "the premium or the amount of a charge"
    return meaning.replace("the premium", amount)

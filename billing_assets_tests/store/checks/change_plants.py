"""Violations of changes in the middle of terms to plant, in the form of `plants`."""

CHANGE_PLANTS: list[tuple[str, str, set[str], str]] = [
    (
        "I07",
        (
            "update invoice_line set charge_kind = 'premium_change', revision = 9, installment_number = 1 "
            "where invoice_id = (select invoice_id from invoice where invoice_number = 2)"
        ),
        {"I09", "I17"},
        ": change 9 is billed, and there is no such change",
    ),
    (
        "I07",
        (
            "update invoice_line set charge_kind = 'premium_change', installment_number = 3 "
            "where invoice_id = (select invoice_id from invoice where invoice_number = 2)"
        ),
        {"I09", "I17"},
        ": change 0 is billed by lines that are not numbered from 1",
    ),
    (
        "I17",
        (
            "update due_charge set outcome = 'credited' where invoice_id = "
            "(select invoice_id from invoice where invoice_number = 2)"
        ),
        {"I26"},
        ": it counts as given back, and there is no such line",
    ),
    (
        "I18",
        "update intake_batch set new_count = 2, row_count = 2 where batch_kind = 'changes'",
        set(),
        ": it counts 2 new changes over 0, and 1 over 0 are there",
    ),
    (
        "I18",
        "update policy_change set premium_minor = 7, change_kind = 'endorsement'",
        set(),
        ": it counts 1 new changes over 0, and 1 over 7 are there",
    ),
    (
        "I18",
        "update intake_batch set batch_kind = 'book' where batch_kind = 'changes'",
        {"I20"},
        ": it is of another kind, and brought 1 changes",
    ),
    (
        "I20",
        "update policy_change set policy_id = policy_id + 1",
        set(),
        "policy change 1: it refers to a row that is missing or of another company or policy",
    ),
    ("I20", "update policy_change set company_id = 2", set(), "policy change 1: it refers"),
]

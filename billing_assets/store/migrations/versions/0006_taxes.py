"""Tax rows of every kind: what they fall on, fixed amounts, rounding, prices that contain tax.

Rows that are there already are rates on the net amount, rounded once per document, on top of the price: the
new columns say so. Invoices that were issued before keep their record and its format.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# A rule row is never edited by the application; here its new columns are filled, once.
RULES = """
alter table tax_rule
    add column charge_kinds text not null default 'premium policy_fee installment_fee'
        check (charge_kinds ~ '^[a-z_]+( [a-z_]+)*$'),
    add column basis text not null default 'net'
        check (basis in ('net', 'net_and_taxes', 'term', 'document')),
    add column basis_tax_codes text not null default '',
    add column amount_minor bigint not null default 0,
    add column currency text not null default '' check (currency ~ '^([A-Z]{3})?$'),
    add column rounding_scope text not null default 'group'
        check (rounding_scope in ('group', 'policy', 'line')),
    add column rounding_minor bigint not null default 1 check (rounding_minor > 0),
    add column is_inclusive boolean not null default false,
    add column tax_point text not null default 'period' check (tax_point in ('period', 'term')),
    add check (category_code in ('S', 'E', 'X')),
    add check ((basis in ('term', 'document')) = (currency <> '')
        and (basis in ('term', 'document')) = (amount_minor <> 0)),
    add check (rate_ppm = 0 or (category_code = 'S' and basis in ('net', 'net_and_taxes'))),
    add check ((basis = 'net_and_taxes') = (basis_tax_codes <> '')),
    add check (not is_inclusive or basis in ('net', 'net_and_taxes'));
alter table tax_rule alter column charge_kinds set default 'premium';
alter table tax_rule disable trigger only_end_once;
update tax_rule set charge_kinds = 'premium' where tax_code = 'ES-CCS';
alter table tax_rule enable trigger only_end_once;
"""

INVOICES = """
alter table invoice_line add column contained_tax_minor bigint not null default 0;
alter table invoice drop constraint invoice_record_format_check;
alter table invoice add constraint invoice_record_format_check check (record_format in (1, 2, 3));
"""


def upgrade() -> None:
    """Add what the new kinds of tax rows need, and what format 3 of the frozen record says of them."""
    for part in (RULES, INVOICES):
        op.execute(part)

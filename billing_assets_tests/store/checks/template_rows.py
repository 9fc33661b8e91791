"""A row of each table of a company's own templates, for tests that ask who may change it.

Belongs here: statements that insert one row. Does not belong here: the tests (``test_guards``).
"""

_NEW = "overriding system value values (1, 1,"
_TEMPLATE = f"insert into company_template {_NEW} 'invoice', 1, sha256(''), '', '', 'ana', now())"
_ACT = f"insert into company_template_act {_NEW} 'approve', 'luis', now())"

TEMPLATE_ROWS = {
    "company_template": _TEMPLATE,
    "company_template_act": f"with t as ({_TEMPLATE}) {_ACT}",
}

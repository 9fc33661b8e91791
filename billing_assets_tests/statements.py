"""Statements of a bank for tests, in both versions of camt.053.

Belongs here: making the XML of plain values. Does not belong here: any judgement on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Booked:
    """An entry; ``parts`` are the amounts of its transactions, the whole where there are none."""

    amount: str
    is_credit: bool = True
    reference: str = ""
    text: str = ""
    structured: str = ""
    name: str = "Ana Prueba"
    end_to_end: str = "NOTPROVIDED"
    reason: str = ""
    status: str = "BOOK"
    day: str = "2024-03-01"
    charge: str = ""
    parts: tuple[str, ...] = ()
    currency: str = "EUR"


def statement(
    entries: Sequence[Booked],
    *,
    version: str = "08",
    first: str = "0.00",
    last: str = "0.00",
    ident: str = "S1",
) -> bytes:
    """Return a statement with these balances."""
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{amount.lstrip('-')}</Amt>"
        f"<CdtDbtInd>{'DBIT' if amount.startswith('-') else 'CRDT'}</CdtDbtInd>"
        "<Dt><Dt>2024-03-01</Dt></Dt></Bal>"
        for code, amount in (("OPBD", first), ("CLBD", last))
    )
    body = "".join(_entry(entry, version) for entry in entries)
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>"
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}'><BkToCstmrStmt><GrpHdr>"
        f"<MsgId>M1</MsgId></GrpHdr><Stmt><Id>{ident}</Id><Acct><Id><IBAN>ES9121000418450200051332</IBAN></Id>"
        f"</Acct>{balances}{body}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _entry(entry: Booked, version: str) -> str:
    status = f"<Sts><Cd>{entry.status}</Cd></Sts>" if version == "08" else f"<Sts>{entry.status}</Sts>"
    reference = f"<AcctSvcrRef>{entry.reference}</AcctSvcrRef>" if entry.reference else ""
    details = "".join(_details(entry, amount, version) for amount in entry.parts or ("",))
    return (
        f"<Ntry><Amt Ccy='{entry.currency}'>{entry.amount}</Amt>"
        f"<CdtDbtInd>{'CRDT' if entry.is_credit else 'DBIT'}</CdtDbtInd>{status}"
        f"<BookgDt><Dt>{entry.day}</Dt></BookgDt><ValDt><Dt>{entry.day}</Dt></ValDt>{reference}"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def _details(entry: Booked, amount: str, version: str) -> str:
    name = f"<Pty><Nm>{entry.name}</Nm></Pty>" if version == "08" else f"<Nm>{entry.name}</Nm>"
    whole = f"<Amt Ccy='{entry.currency}'>{amount}</Amt>"
    part = (whole if version == "08" else f"<AmtDtls><TxAmt>{whole}</TxAmt></AmtDtls>") if amount else ""
    charge = (
        f"<Chrgs><Rcrd><Amt Ccy='EUR'>{entry.charge}</Amt><CdtDbtInd>DBIT</CdtDbtInd>"
        f"<ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>"
        if entry.charge
        else ""
    )
    strd = f"<Strd><CdtrRefInf><Ref>{entry.structured}</Ref></CdtrRefInf></Strd>" if entry.structured else ""
    ustrd = f"<Ustrd>{entry.text}</Ustrd>" if entry.text else ""
    reason = f"<RtrInf><Rsn><Cd>{entry.reason}</Cd></Rsn></RtrInf>" if entry.reason else ""
    return (
        f"<TxDtls><Refs><EndToEndId>{entry.end_to_end}</EndToEndId></Refs>{part}{charge}"
        f"<RltdPties><Dbtr>{name}</Dbtr></RltdPties><RmtInf>{ustrd}{strd}</RmtInf>{reason}</TxDtls>"
    )

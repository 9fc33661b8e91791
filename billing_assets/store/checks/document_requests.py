"""Queries over requests for documents.

Belongs here: I30. Does not belong here: who may change what was answered (``guards``).
"""

REQUESTS = """
select concat('request ', r.document_request_id, ': ', case
    when (r.state = 'answered') <> exists (select from answered_document a
        where a.document_request_id = r.document_request_id)
        then 'answered is what has documents, and nothing else'
    when l.letter_id is null and r.document_kind <> 'invoice_copy' then 'it is answered without its letter'
    when l.payer_id <> r.payer_id or l.company_id <> r.company_id then 'its letter is of somebody else'
    when l.letter_kind <> r.document_kind then 'its letter is of another kind'
    else 'a document that answers it is of somebody else' end)
from document_request r left join letter l using (document_request_id)
where :is_everything and (
    (r.state = 'answered') <> exists (select from answered_document a
        where a.document_request_id = r.document_request_id)
    or (r.state = 'answered' and r.document_kind <> 'invoice_copy' and l.letter_id is null)
    or l.payer_id <> r.payer_id or l.company_id <> r.company_id or l.letter_kind <> r.document_kind
    or exists (select from answered_document a join invoice i using (invoice_id)
        where a.document_request_id = r.document_request_id
            and (i.payer_id, a.company_id) <> (r.payer_id, r.company_id)))
union all
select concat('letter ', l.letter_id, ': its record or its PDF is not what its hash says')
from letter l
where :is_everything and (l.record_sha256 <> sha256(convert_to(l.record, 'UTF8'))
    or l.pdf_sha256 <> sha256(l.pdf)
    or not exists (select from answered_document a
        where a.letter_id = l.letter_id and a.pdf_sha256 = l.pdf_sha256))
"""

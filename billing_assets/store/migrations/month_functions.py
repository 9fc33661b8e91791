"""The functions that detach months and attach them again, as migration 0029 makes them.

Belongs here: their texts. What they do never changes: a store that was upgraded before has them as they
were. Does not belong here: tables, guards and rights (the migration), who calls them
(``store.detached_months``).
"""

# A charge is found by the line that bills it or gives it back, key by key ('offset 0'): it has no index by
# its document, and of seven columns that go together the planner thinks that hardly a row has them all.
ROWS = """
create function month_document(of_company smallint, of_month date) returns table (invoice_id bigint)
language sql stable as $$
    select i.invoice_id from billing_run r join invoice i using (run_id)
    where r.company_id = of_company and r.billing_date >= of_month
        and r.billing_date < of_month + interval '1 month' and i.document_kind = 'invoice'
    union all
    select n.invoice_id from billing_run r join invoice i using (run_id)
    join invoice n on n.credited_invoice_id = i.invoice_id
    where r.company_id = of_company and r.billing_date >= of_month
        and r.billing_date < of_month + interval '1 month' and i.document_kind = 'invoice'
$$;
create function month_rows(of_table text) returns text language sql immutable as $$
    select case
        when of_table in ('invoice', 'invoice_line', 'invoice_tax', 'document')
            then format('m join %I t on t.invoice_id = m.invoice_id', of_table)
        when of_table in ('ledger_entry', 'ledger_posting')
            then format('m join %I t on t.ledger_entry_id = m.invoice_id', of_table)
        when of_table = 'due_charge'
            then 'm join invoice i on i.invoice_id = m.invoice_id
                join invoice_line l on l.invoice_id = i.invoice_id
                cross join lateral (
                    select c.ctid, c.* from due_charge c
                    where c.run_id = i.run_id and c.policy_term_id = l.policy_term_id
                        and c.installment_number = l.installment_number and c.charge_kind = l.charge_kind
                        and c.revision = l.revision and c.charge_number = l.charge_number
                        and c.payer_id = l.payer_id and c.invoice_id = l.invoice_id offset 0) t'
        when of_table = 'delivery'
            then 'm join document d on d.invoice_id = m.invoice_id
                join delivery t on t.document_id = d.document_id'
        when of_table in ('delivery_attempt', 'delivery_decision')
            then format('m join document d on d.invoice_id = m.invoice_id
                join delivery v on v.document_id = d.document_id
                join %I t on t.delivery_id = v.delivery_id', of_table)
    end
$$;
create function rows_sha256(source text, names text[], of_company smallint, of_month date,
    out row_count bigint, out sha256 bytea)
language plpgsql stable set datestyle = 'ISO' set timezone = 'UTC' set bytea_output = 'hex' as $$
begin
    execute format('select count(*), sha256(coalesce(string_agg(h, null order by h), '''')) from (
        select sha256(convert_to(row(%s)::text, ''UTF8'')) as h from %s) r',
        (select string_agg(format('t.%I', name), ', ' order by place)
         from unnest(names) with ordinality as n (name, place)), source)
    into row_count, sha256 using of_company, of_month;
end $$;
"""

# A run that settles, of an open day, has answered for every charge that its book had until then.
OBSTACLES = """
create function month_obstacles(of_company smallint, of_month date, of_bound integer)
returns table (obstacle_code text, obstacle_count bigint) language sql stable as $$
with settled as materialized (
    select run_id, billing_date, book_batch_id from billing_run
    where company_id = of_company and state = 'finalised' and run_kind = 'billing' and is_open_day
        and held_until is null
    order by billing_date desc, run_id desc limit 1
), document_of_month as materialized (
    select invoice_id from month_document(of_company, of_month)
), term as materialized (
    select distinct l.policy_term_id from document_of_month m join invoice_line l using (invoice_id)
), version as materialized (
    select v.* from term join policy_term_version v using (policy_term_id)
), last_outcome as materialized (
    select d.policy_term_id from settled s
    join billing_run r on r.company_id = of_company and r.billing_date = s.billing_date
    join due_charge d on d.run_id = r.run_id and d.outcome in ('held', 'failed')
), held as (
    select policy_term_id from version where superseded_batch_id is null and hold_code is not null
    union
    select h.policy_term_id
    from problem_hold h join problem q using (problem_id) join term using (policy_term_id)
    where h.company_id = of_company and q.is_open and h.released_batch_id is null
), unread as (
    select v.policy_term_id from version v, settled s
    where greatest(v.batch_id, v.superseded_batch_id) > s.book_batch_id
    union
    select c.policy_term_id from term join policy_change c using (policy_term_id), settled s
    where c.batch_id > s.book_batch_id
), found (obstacle_code, obstacle_count) as (
    select 'nothing_billed', (not exists (select from document_of_month))::int
    union all
    select 'no_finished_run', (not exists (select from settled))::int
    union all
    select 'run_unfinished', count(*) from billing_run
    where company_id = of_company and state in ('planned', 'held', 'running')
    union all
    select 'month_recent', count(*) from settled
    where billing_date < of_month + make_interval(months => of_bound + 1)
    union all
    select 'term_recent', count(distinct v.policy_term_id) from version v, settled s
    where s.billing_date < v.expiration_date + make_interval(months => of_bound)
    union all
    select 'book_unread', count(*) from unread
    union all
    select 'term_held', count(*) from held
    union all
    select 'charge_open', count(*) from term where policy_term_id in (select policy_term_id from last_outcome)
    union all
    select 'problem_open', count(distinct q.problem_id) from problem q
    join policy p on p.company_id = q.company_id and p.policy_number = q.policy_number
    join version v on v.policy_id = p.policy_id
    where q.company_id = of_company and q.is_open
        and coalesce(q.effective_date, v.effective_date) = v.effective_date
    union all
    select 'delivery_open', count(*) from document_of_month m join document d using (invoice_id)
    join delivery v using (document_id)
    where v.state in ('queued', 'sending', 'unknown') or (v.state = 'failed' and v.reason_code <> 'given_up')
)
select f.obstacle_code, f.obstacle_count::bigint from found f where f.obstacle_count > 0
$$;
"""

SUMS = """
create function require_rows_of_month(of_company smallint, of_month date, content text) returns void
language plpgsql set search_path = billing, pg_temp as $$
declare
    part record;
    found record;
begin
    for part in
        select * from jsonb_to_recordset(content::jsonb -> 'tables')
            as t (table_name text, columns text[], row_count bigint, rows_sha256 text)
    loop
        select * into found from rows_sha256(
            'month_document($1, $2) ' || month_rows(part.table_name), part.columns, of_company, of_month);
        if (found.row_count, encode(found.sha256, 'hex'))
            is distinct from (part.row_count, part.rows_sha256) then
            raise exception 'table %: its rows of the month are not those that were written', part.table_name
                using errcode = 'integrity_constraint_violation', constraint = 'month_as_written';
        end if;
    end loop;
end $$;
create function keep_sums_of_month(of_company smallint, of_month date, of_id integer) returns void
language plpgsql set search_path = billing, pg_temp as $$
begin
    insert into detached_document
    select of_id, i.run_id, i.document_kind, i.currency, count(*), sum(i.net_minor), sum(i.tax_minor),
        sum(i.total_minor)
    from month_document(of_company, of_month) m join invoice i using (invoice_id)
    group by i.run_id, i.document_kind, i.currency;
    execute format('insert into detached_charge
        select $3, t.run_id, t.outcome, t.currency, count(*), sum(t.net_minor)
        from month_document($1, $2) %s group by t.run_id, t.outcome, t.currency', month_rows('due_charge'))
    using of_company, of_month, of_id;
    insert into detached_number
    select of_id, number_series_id, min(invoice_number), max(invoice_number), issue_date
    from (
        select i.number_series_id, i.invoice_number, i.issue_date, i.invoice_number - row_number() over (
            partition by i.number_series_id, i.issue_date order by i.invoice_number) as island
        from month_document(of_company, of_month) m join invoice i using (invoice_id)
    ) n
    group by number_series_id, issue_date, island;
    insert into detached_posting
    select of_id, e.posting_date, p.account_number, p.currency,
        coalesce(sum(p.amount_minor) filter (where p.amount_minor > 0), 0),
        coalesce(-sum(p.amount_minor) filter (where p.amount_minor < 0), 0)
    from month_document(of_company, of_month) m
    join ledger_entry e on e.ledger_entry_id = m.invoice_id
    join ledger_posting p on p.ledger_entry_id = e.ledger_entry_id
    group by e.posting_date, p.account_number, p.currency;
end $$;
"""

# The snapshot of the transaction holds still: what was written, what is hashed and what is deleted are one.
DETACH = """
create function detach_month(of_company smallint, of_month date, of_bound integer, content text,
    at timestamptz) returns integer language plpgsql security definer
set search_path = billing, pg_temp as $$
declare
    tables constant text[] := array['delivery_decision', 'delivery_attempt', 'delivery', 'document',
        'ledger_posting', 'ledger_entry', 'due_charge', 'invoice_tax', 'invoice_line', 'invoice'];
    obstacles text;
    each text;
    new_id integer;
begin
    if current_setting('transaction_isolation') not in ('repeatable read', 'serializable') then
        raise exception 'a month is detached by a transaction whose snapshot holds still';
    end if;
    if of_bound < 30 then
        raise exception 'terms of the last 30 months may still change';
    end if;
    select string_agg(concat(obstacle_code, ' ', obstacle_count), ', ') into obstacles
    from month_obstacles(of_company, of_month, of_bound);
    if obstacles is not null then
        raise exception 'the month cannot be detached: %', obstacles
            using errcode = 'integrity_constraint_violation', constraint = 'month_is_closed';
    end if;
    perform require_rows_of_month(of_company, of_month, content);
    if (select array_agg(t.table_name order by t.table_name) from jsonb_to_recordset(
            content::jsonb -> 'tables') as t (table_name text)) is distinct from (
            select array_agg(name order by name) from unnest(tables) as name)
        or exists (
            select from pg_attribute a where a.attrelid = any (tables::regclass[]) and a.attnum > 0
                and not a.attisdropped and not exists (
                    select from jsonb_to_recordset(content::jsonb -> 'tables') as t (table_name text,
                        columns text[])
                    where t.table_name::regclass = a.attrelid and a.attname = any (t.columns))) then
        raise exception 'what was written leaves out a table or a column'
            using errcode = 'integrity_constraint_violation', constraint = 'month_as_written';
    end if;
    insert into detached_month (company_id, month, content, content_sha256, detached_at, detached_in)
    values (of_company, of_month, content, sha256(convert_to(content, 'UTF8')), at, pg_current_xact_id())
    returning detached_month_id into new_id;
    perform keep_sums_of_month(of_company, of_month, new_id);
    update policy_term_version v set away_months = away_months || of_month
    where v.policy_term_id in (
        select l.policy_term_id from month_document(of_company, of_month) m
        join invoice_line l using (invoice_id));
    foreach each in array tables loop
        execute format('delete from %I where ctid = any (array(
            select t.ctid from month_document($1, $2) %s))', each, month_rows(each))
        using of_company, of_month;
    end loop;
    return new_id;
end $$;
"""

# Marks first: the rows come after them, and a trigger proves at the end that they are the very rows.
ATTACH = """
create function attach_month(of_id integer, at timestamptz) returns void language plpgsql security definer
set search_path = billing, pg_temp as $$
declare
    away detached_month;
begin
    update detached_month set attached_at = greatest(at, detached_at), attached_in = pg_current_xact_id()
    where detached_month_id = of_id and attached_at is null returning * into away;
    if not found then
        raise exception 'month % is not away', of_id
            using errcode = 'integrity_constraint_violation', constraint = 'month_is_away';
    end if;
    update policy_term_version set away_months = array_remove(away_months, away.month)
    where away_months <> '{}' and company_id = away.company_id and away.month = any (away_months);
end $$;
create function prove_attached() returns trigger language plpgsql as $$
begin
    perform require_rows_of_month(new.company_id, new.month, new.content);
    return null;
exception when integrity_constraint_violation then
    raise exception 'month %: the rows that were brought back are not those that were detached', new.month
        using errcode = 'integrity_constraint_violation', constraint = 'month_as_detached';
end $$;
create constraint trigger prove_attached after update on detached_month deferrable initially deferred
    for each row execute function prove_attached();
"""

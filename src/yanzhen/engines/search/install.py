"""The database's part of the search, put in place after every `migrate` from what is declared.

Each text goes to `search_entry` in its normal form. An inverted index holds a number for every pair of neighbouring
characters in it and for every audience key of its row, so that one look answers "these words, in my reach". Row-level
security lets an index serve only operators that can not leak, which `@>` over arrays is not: so the index is read by
functions that run as the owner of the tables and put the connection's reach in by themselves. Whatever they find is
then read through both walls of its own table.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.db import connections

from yanzhen.engines.search.declare import SEARCHABLES, Searchable
from yanzhen.foundation.letters import simplified
from yanzhen.foundation.walls import POLICY, REACH

NEWEST = 1000
"""Entries that tell whether words are frequent of late: then a page of them is soon read, the newest first."""
WINDOWS, WINDOW = 20, 50
"""Stretches of neighbouring entries, and how long each is, that tell how many there are in all."""
OFTEN, ENOUGH = 3, 7
"""How many of the newest, and of these and the stretches together, make words so frequent that a page of them costs less to read
than all that have them to gather."""
AT_WORST = 50_000
"""Rows that are gathered where words were frequent once but are no more: reading backwards would not end."""
NEAR = 400
"""Texts that are ranked one by one when no text has the very words; all of them differ from it in one place."""
PART_BITS = 17
"""The index is in parts of 2^17 neighbouring ids: what comes in touches the pages of the newest part alone, which are few and
stay in memory. That halves the cost of a row; a search asks every part."""
PENDING = 2048
"""kB that wait to be sorted into the index: every search reads through them, and one of many rows sorts them in."""
RAREST = 3
"""Pairs of a word that the index is asked for at once; more of them narrow little and cost a look each."""
CHOICE = 8
"""The rarest pairs of a word with a wrong character, among which those to ask for are chosen."""
READ = 500
"""What reading a text costs, in numbers of the index that are passed over."""

FUNCTIONS = """
create or replace function search_normal(given text) returns text
language plpgsql immutable parallel safe strict as $$
declare
    plain text := lower(normalize(given, NFKC));
    odd text;
begin
    if plain ~ '[{traditional}]' then
        odd := (select string_agg(distinct m[1], '') from regexp_matches(plain, '[{traditional}]', 'g') m);
        return translate(plain, odd, translate(odd, '{traditional}', '{simplified}'));
    end if;
    return plain;
end $$;

create or replace function search_pairs(given text) returns int8[]
language plpgsql immutable parallel safe strict as $$
declare
    c text[] := string_to_array(given, null);
begin
    return array(select ((ascii(a)::int8 & 65535) << 16) | (ascii(b) & 65535) from unnest(c, c[2:]) as pair(a, b)
                 where b is not null);
end $$;

create or replace function search_audience(keys text[]) returns int8[]
language sql immutable parallel safe strict as $$
    -- under the codes of lone surrogates, which no text has, so that no pair of characters is one
    select array(select 3623878656 + (hashtextextended(key, 0) & 134217727) from unnest(keys) key)
$$;

create or replace function search_keys(given text, audience text[], id int8) returns int8[]
language plpgsql immutable parallel safe strict as $$
declare
    part int8 := (id >> {part}) << 32;
begin
    -- with the schema: indexes are built and analysed under a search path that has none of ours
    return array(select part | key from unnest(public.search_pairs(given) || public.search_audience(audience)) key);
end $$;

create or replace function search_wide(reach text[]) returns boolean
language sql immutable parallel safe strict as $$
    -- A whole province, or everything: nearly every row is in it.
    select exists (select from unnest(reach) key where length(split_part(key, ':', 2)) <= 2)
$$;

create or replace function search_look(keys int8[], reach text[], first int8, last int8) returns text
language sql immutable as $$
    -- The condition that the index answers, one arm for each part of it. A wide reach it need not know.
    select string_agg(format('search_keys(text, audience, subject_id) @> %L::int8[]%s', array(select part << 32 | key from unnest(keys) key),
        case when not search_wide(reach)
             then format(' and search_keys(text, audience, subject_id) && %L::int8[]',
                         array(select part << 32 | key from unnest(search_audience(reach)) key)) end), ' or ')
    from generate_series(first >> {part}, last >> {part}) part
$$;

create or replace function search_fits(needles text[]) returns text
language sql immutable as $$
    select string_agg(format('strpos(text, %L) > 0', needle), ' and ') from unnest(needles) needle
$$;

create or replace function search_seen(subject text, fits text, reach text[], out first int8, out last int8, out newest int, out spread int8)
language plpgsql stable
set search_path = public, pg_temp set enable_seqscan = off set enable_indexscan = on set enable_bitmapscan = off set jit = off
as $$
-- The first and last entry, how many of the newest {newest} fit, and how many of {windows} times {window} over all times.
begin
    select min(subject_id), max(subject_id) into first, last from search_entry where kind = subject;
    execute 'select count(*) from (select audience, text from search_entry where kind = $1 order by subject_id desc'
         || ' limit {newest}) entry where audience && $2 and ' || fits into newest using subject, reach;
    execute 'select count(*) from generate_series(0, {windows} - 1) part, lateral'
         || ' (select audience, text from search_entry where kind = $1 and subject_id >= $3 + ($4 - $3) * part / {windows}'
         || ' order by subject_id limit {window}) entry where audience && $2 and ' || fits
       into spread using subject, reach, first, last;
end $$;

create or replace function search_find(subject text, words text[], most int) returns bigint[]
language plpgsql security definer
set search_path = public, pg_temp set enable_seqscan = off set enable_indexscan = off set work_mem = '64MB' set max_parallel_workers_per_gather = 0 set jit = off
as $$
-- All subjects in the connection's reach whose text has every one of `words`; null where they are more than `most`, and
-- frequent enough among the newest for these to be looked through one by one.
declare
    reach text[] := coalesce(yanzhen_reach(), '{{}}');
    needles text[] := array(select distinct search_normal(word) from unnest(words) word);
    fits text := search_fits(needles);
    keys int8[] := array(select distinct key from unnest(needles) needle, unnest(search_pairs(needle)) key);
    seen record;
    found bigint[];
begin
    if keys = '{{}}' or reach = '{{}}' then
        return '{{}}';
    end if;
    select * into seen from search_seen(subject, fits, reach);
    if seen.first is null then
        return '{{}}';
    end if;
    if seen.newest >= {often} and seen.newest + seen.spread >= {enough}
       and seen.spread * (seen.last - seen.first + 1) / ({windows} * {window}) >= most / 2 then
        return null;
    end if;
    if seen.newest < {often} then
        most := {at_worst};
    end if;
    execute format('select array(select subject_id from search_entry where (%s) and kind || '''' = $1 and audience && $2'
         || ' and %s limit $3)', search_look(keys, reach, seen.first, seen.last), fits)
       into found using subject, reach, most + 1;
    return case when cardinality(found) <= most then found end;
end $$;

create or replace function search_nearly(subject text, needle text, reach text[]) returns text
language plpgsql stable
set search_path = public, pg_temp set enable_seqscan = off set enable_indexscan = on set enable_bitmapscan = off set jit = off
as $$
-- The condition that the index answers for `needle` but for one character: wherever the wrong one is, at most three pairs that
-- it can not touch. Which ones, a sample of all times tells: those that fewest texts have together, for the pairs of one word
-- come together always. Null where there are no entries.
declare
    first int8;
    last int8;
    places int[];
    letters text[];
    hits varbit[];
    often float8[];
    wrong int;
    chosen int[];
    together varbit;
    chance float8;
    asked float8;
    cost float8;
    least float8;
    best int;
    sets text[] := '{{}}';
begin
    select min(subject_id), max(subject_id) into first, last from search_entry where kind = subject;
    if first is null then
        return null;
    end if;
    -- half of each stretch: it is looked through for each pair
    with sampled as materialized (
        select entry.text from generate_series(0, {windows} - 1) part, lateral (
            select text from search_entry where kind = subject and subject_id >= first + (last - first) * part / {windows}
            order by subject_id limit {window} / 2) entry
    ), pair as (
        select place, substr(needle, place, 2) as pair,
               (select string_agg(case when strpos(sampled.text, substr(needle, place, 2)) > 0 then '1' else '0' end, '')
                from sampled)::varbit as bits
        from generate_series(1, length(needle) - 1) place
    )
    select array_agg(place), array_agg(pair), array_agg(bits), array_agg(bit_count(bits)) into places, letters, hits, often
    from (select * from pair order by bit_count(bits), place limit {choice}) rarest;
    -- 0 stands for all places that touch none of them
    for wrong in select distinct case when places && array[place - 1, place] then place else 0 end
                 from generate_series(1, length(needle)) place loop
        chosen := '{{}}';
        together := repeat('1', length(hits[1]))::varbit;
        chance := length(hits[1]);
        asked := 0;
        least := 'infinity';
        loop
            best := null;
            for n in 1 .. cardinality(places) loop
                continue when places[n] in (wrong - 1, wrong) or n = any(chosen);
                cost := {read} * greatest(bit_count(together & hits[n]), chance * (often[n] + 0.5) / length(hits[n])) + asked + often[n];
                if cost < least then
                    best := n;
                    least := cost;
                end if;
            end loop;
            exit when best is null;
            chosen := array_append(chosen, best);
            together := together & hits[best];
            chance := chance * (often[best] + 0.5) / length(hits[best]);
            asked := asked + often[best];
            exit when cardinality(chosen) = {rarest};
        end loop;
        sets := array_append(sets, search_look(array(select key from unnest(chosen) n, unnest(search_pairs(letters[n])) key order by key),
                                               reach, first, last));
    end loop;
    return (select string_agg(distinct arm, ' or ') from unnest(sets) arm);
end $$;

create or replace function search_near(subject text, word text, others text[], most int)
returns table (subject_id int8, text text)
language plpgsql security definer
set search_path = public, pg_temp set enable_seqscan = off set enable_indexscan = off set work_mem = '64MB' set max_parallel_workers_per_gather = 0 set jit = off
as $$
-- Texts in reach that have `word` but for one character, and every one of `others`.
declare
    reach text[] := coalesce(yanzhen_reach(), '{{}}');
    needle text := search_normal(word);
    fits text := coalesce(search_fits(array(select search_normal(other) from unnest(others) other)), 'true');
    arms text := search_nearly(subject, needle, reach);
    either text;
begin
    if arms is null or reach = '{{}}' then
        return;
    end if;
    select string_agg(format('strpos(text, %L) > 0 and strpos(text, %L) > 0', left(needle, wrong - 1), substr(needle, wrong + 1)), ' or ')
    into either from generate_series(1, length(needle)) wrong;
    return query execute format('select subject_id, text from search_entry where (%s) and kind || '''' = $1 and audience && $2'
         || ' and %s and (%s) limit $3', arms, fits, either)
       using subject, reach, most;
end $$;
"""

INDEX = f"""
create index if not exists search_entry_keys on search_entry using gin (search_keys(text, audience, subject_id))
with (gin_pending_list_limit = {PENDING});
"""

TRIGGERS = """
create or replace function {name}_fresh() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into search_entry (kind, subject_id, audience, text)
    select '{kind}', id, audience, search_normal({text}) from fresh;
    return null;
end $$;

create or replace function {name}_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'DELETE' then
        delete from search_entry where kind = '{kind}' and subject_id = old.id;
    else
        update search_entry set audience = new.audience, text = search_normal({new_text})
        where kind = '{kind}' and subject_id = new.id;
    end if;
    return null;
end $$;

create or replace trigger search_fresh after insert on {table}
    referencing new table as fresh for each statement execute function {name}_fresh();
create or replace trigger search_changed after update of {columns}, region_id, line_id, shared_with on {table}
    for each row when ((old.audience, {old_columns}) is distinct from (new.audience, {new_columns}))
    execute function {name}_changed();
create or replace trigger search_gone after delete on {table}
    for each row execute function {name}_changed();
"""

FILL = """
insert into search_entry (kind, subject_id, audience, text)
select '{kind}', id, audience, search_normal({text}) from {table}
where id > %s and id <= %s
on conflict (kind, subject_id) do update set audience = excluded.audience, text = excluded.text
"""
BATCH = 5000
"""Rows brought in at once when a table is filled."""
PART = "E'\\x1f'"
"""Stands between two fields: nobody types it, so no word reaches over it."""
LEAD = "search_find(text, text[], int)"


def install(using: str = "default", **_: Any) -> None:
    """Create functions, index, walls and triggers; fill the entries of a table that is new to the search.

    Does nothing where all of it stands as declared: the digest is kept with the database.
    """
    sql = {searchable.code: triggers(searchable) for searchable in SEARCHABLES}
    functions = _functions()
    digest = hashlib.sha256("".join([functions, INDEX, *sql.values()]).encode()).hexdigest()
    with connections[using].cursor() as cursor:
        cursor.execute(f"select obj_description(to_regprocedure('{LEAD}'), 'pg_proc')")
        if cursor.fetchone() == (digest,):
            return
        cursor.execute(functions)
        role = settings.WEB_ROLE
        cursor.execute(POLICY.format(table="search_entry", role=role, condition=REACH))
        for searchable in SEARCHABLES:
            cursor.execute(sql[searchable.code])
            if not _filled(cursor, searchable):
                rebuild(searchable, using=using)
        # last: made of many rows at once it takes a fraction of the time that they take one by one
        cursor.execute(INDEX)
        cursor.execute(f"comment on function {LEAD} is '{digest}'")


def rebuild(searchable: Searchable, *, using: str = "default") -> int:
    """Make the entries of every row anew, by batches of ids; return how many rows there are. Run as the owner."""
    made = 0
    with connections[using].cursor() as cursor:
        cursor.execute(f"select min(id), max(id) from {searchable.table}")  # noqa: S608  # program text
        (first, last) = cursor.fetchone()
        fill = FILL.format(kind=searchable.code, table=searchable.table, text=_text(searchable))
        for start in range(first - 1, last, BATCH) if last else ():
            cursor.execute(fill, [start, start + BATCH])
            made += cursor.rowcount
    return made


def triggers(searchable: Searchable) -> str:
    columns = searchable.columns
    return TRIGGERS.format(
        name=f"search_{searchable.table}",
        kind=searchable.code,
        table=searchable.table,
        text=_text(searchable),
        new_text=_text(searchable, "new."),
        columns=", ".join(columns),
        old_columns=", ".join(f"old.{c}" for c in columns),
        new_columns=", ".join(f"new.{c}" for c in columns),
    )


def _functions() -> str:
    forms = simplified()
    return FUNCTIONS.format(
        traditional="".join(forms),
        simplified="".join(forms.values()),
        newest=NEWEST,
        windows=WINDOWS,
        window=WINDOW,
        often=OFTEN,
        enough=ENOUGH,
        at_worst=AT_WORST,
        part=PART_BITS,
        rarest=RAREST,
        choice=CHOICE,
        read=READ,
    )


def _text(searchable: Searchable, of: str = "") -> str:
    return f"concat_ws({PART}, {', '.join(of + column for column in searchable.columns)})"


def _filled(cursor: Any, searchable: Searchable) -> bool:
    """Tell whether the table has entries, or no rows that could have any."""
    cursor.execute(
        f"select exists (select from search_entry where kind = %s) or not exists (select from {searchable.table})",  # noqa: S608  # program text
        [searchable.code],
    )
    (filled,) = cursor.fetchone()
    return bool(filled)

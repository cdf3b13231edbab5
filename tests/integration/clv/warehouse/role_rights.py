"""The expected rights of each role, written independently of the migrations that grant them, and how each right is
tried."""

from __future__ import annotations

import psycopg

from clv.warehouse import db, roles
from clv.warehouse.roles import ANALYST, EXPORTER, LOADER, MODELLER, PUBLISHER, TRANSFORMER

OWNER = "shop_owner"
ROLES = (*roles.PIPELINE, ANALYST)
ALL = "select insert update delete truncate drop"
MADE_BY_DBT = ("staging", "intermediate", "features", "analytics_runs")

OF_KINDS = [
    f"raw.{name}"
    for name in (
        "external_forecasts",
        "products",
        "payments",
        "shipments",
        "returns",
        "customer_profiles",
        "merges",
        "rates",
    )
]

# Everything that each role may do to each table. All other acts are tried too, and must be refused.
MAY = {
    LOADER: {
        "raw.batches": "select insert",
        "raw.batch_warnings": "select insert",
        "raw.order_lines": "select insert",
        "raw.channel_spend": "select insert",
        **dict.fromkeys(OF_KINDS, "select insert"),
        "raw.withdrawals": "select insert delete",
        "pii.customers": "select insert",
        "pii.addresses": "select insert",
        "pii.unreadable_texts": "select insert",
        "quarantine.unreadable_rows": "select insert",
        "ops.settings": "select insert update",
        "ops.identity_links": "select insert delete",
        "ops.identity_decisions": "select",
    },
    TRANSFORMER: {
        **dict.fromkeys(
            ["raw.batches", "raw.kinds", "raw.order_lines", "raw.channel_spend", "raw.withdrawals"], "select"
        ),
        **dict.fromkeys([f"{schema}.*" for schema in MADE_BY_DBT], ALL),
        "quarantine.set_aside_lines": ALL,
        "predictions.customer_predictions": "select",
        "predictions.new_customers": "select",
        "predictions.reference_predictions": "select",
        "ops.settings": "select",
        "ops.builds": "select insert delete",
        "ops.touched_customers": "select insert delete",
        "ops.identity_links": "select",
        "ops.person_keys": "select insert delete",
        "ops.exports": "select",
        **dict.fromkeys(
            ["ops.model_decisions", "ops.model_backtest", "ops.clv_scorecard", "ops.gate_results"], "select"
        ),
        **dict.fromkeys([*OF_KINDS, "ops.external_scorecard", "ops.list_approvals"], "select"),
        **dict.fromkeys(["ops.saved_lists", "ops.runs", "ops.customer_uplift"], "select"),
        **dict.fromkeys(["ops.experiments", "ops.experiment_assignments", "ops.experiment_results"], "select"),
        "ops.list_earnings": "select",
        "analytics.publications": "select",
        "analytics.*": "select drop",
    },
    MODELLER: {
        **dict.fromkeys(["intermediate.*", "features.*", "analytics.*"], "select"),
        "predictions.customer_predictions": "select insert delete",
        "predictions.baseline_predictions": "select insert delete",
        "predictions.new_customers": "select insert delete",
        "predictions.reference_predictions": "select insert delete",
        "ops.model_decisions": "select insert delete",
        "ops.model_checks": "select insert delete",
        "ops.model_backtest": "select insert delete",
    },
    PUBLISHER: {
        **dict.fromkeys(
            ["raw.*", "staging.*", "intermediate.*", "features.*", "analytics_runs.*", "analytics.*"], "select"
        ),
        "quarantine.set_aside_lines": "select",
        "predictions.customer_predictions": "select",
        "predictions.new_customers": "select",
        "ops.runs": "select insert",
        "ops.task_log": "select insert",
        "ops.gate_results": "select insert delete",
        "ops.model_decisions": "select",
        "ops.clv_scorecard": "select insert delete",
        "ops.external_scorecard": "select insert update delete",
        "ops.experiments": "select insert",
        "ops.experiment_assignments": "select insert",
        "ops.experiment_results": "select insert delete",
        "ops.customer_uplift": "select insert delete",
        "ops.list_entries": "select",
        "ops.list_earnings": "select insert delete",
        "ops.customers_of_address": "select",
        "ops.list_approvals": "select",
        "ops.person_keys": "select",
        "ops.alerts": "select insert update",
        "ops.acts": "select insert",
        "ops.saved_lists": "select",
        "ops.exports": "select",
        "analytics.publications": "select insert",
    },
    EXPORTER: {"ops.exports": "select insert update", "analytics.publications": "select"},
    ANALYST: {"analytics.*": "select"},
}

MAY_CREATE = {TRANSFORMER: {*MADE_BY_DBT, "quarantine", "analytics"}}

# Acts on databases, schemas and roles rather than tables: the act, and the roles that may do it.
ACTS = {
    "select batch_id, line, reason from quarantine.unreadable_rows": {LOADER, PUBLISHER},
    "select raw_text from quarantine.unreadable_rows": {LOADER},
    "update pii.customers set email = email, name = name": {LOADER},
    "update pii.customers set customer_key = customer_key": set(),
    "update ops.settings set name = name": set(),
    "update ops.experiments set stopped_on = stopped_on": {PUBLISHER},
    "update ops.experiments set definition = definition": set(),
    "update ops.exports set customer_key = customer_key": set(),
    "update ops.exports set channel = channel": set(),
    "update ops.exports set state = state, batch = batch, added_at = added_at": {EXPORTER},
    **{
        f"do $$ begin assert has_function_privilege('ops.{function}', 'execute'); end $$": {EXPORTER}
        for function in (
            "list_is_approved(text, date)",
            "listed_addresses(text, date, text)",
            "arm_addresses(text, text)",
            "enter_listed(text, date, text)",
        )
    },
    "select * from ops.addresses_of(array[]::uuid[])": set(),
    "select ops.take_statistics('raw.order_lines')": {TRANSFORMER},
    "select ops.take_statistics('predictions.customer_predictions')": {TRANSFORMER, MODELLER},
    "call ops.hand_over()": set(),
    "create temporary table mine ()": set(ROLES),
    "create schema mine": set(),
    "create table public.mine ()": set(),
    "create role mine": set(),
    "alter role clv_loader superuser": set(),
    "alter default privileges for role clv_transformer grant select on tables to public": {TRANSFORMER},
    # PostgreSQL only warns if nothing could be granted.
    """do $$ begin
        grant select on pii.customers to clv_analyst;
        assert has_table_privilege('clv_analyst', 'pii.customers', 'select');
    end $$""": set(),
    "grant clv_loader to clv_analyst": set(),
    f"set role {OWNER}": set(),
    f"set session authorization {OWNER}": set(),
    **{f"set role {roles.name(role)}": {role} for role in ROLES},
    "select rolpassword from pg_authid": set(),
    "select pg_read_file('PG_VERSION')": set(),
    "copy raw.batches to program 'true'": set(),
}

# Tables that a role may insert into without reading them, or whose first column is an identity.
INSERTED_BLINDLY = {"raw.batches", "analytics.publications"}

# The role that connects in each step. The publisher records all steps of the run. Steps that read intermediate for a
# date ask as the transformer whether its persons are those of the date.
TAKES = {
    "ingest": {LOADER},
    "build_staging": {TRANSFORMER},
    "gate_staging": {TRANSFORMER},
    "build_intermediate": {TRANSFORMER},
    "build_features": {TRANSFORMER},
    "gate_features": {TRANSFORMER},
    "train": {MODELLER, TRANSFORMER},
    "score": {MODELLER, TRANSFORMER},
    "build_analytics": {TRANSFORMER},
    "scorecard": {TRANSFORMER},
}


def may(role: str, table: str) -> set[str]:
    schema = table.partition(".")[0]
    return set(MAY[role].get(table, MAY[role].get(f"{schema}.*", "")).split())


def acts(table: str, kind: str, column: str) -> dict[str, str]:
    """The statements that are tried on a table or view. None of them would change a row."""
    tried = {"select": f"select * from {table} limit 0", "drop": f"drop {kind} {table} cascade"}
    if kind == "table":
        tried |= {
            "insert": f"insert into {table} select * from {table} where false",
            "update": f"update {table} set {column} = {column} where false",
            "delete": f"delete from {table} where false",
            "truncate": f"truncate {table} cascade",
        }
        if table in INSERTED_BLINDLY:
            tried["insert"] = f"insert into {table} default values"
    return tried


def done(connection: psycopg.Connection, statement: str) -> bool:
    """Whether the role may execute the statement. Its effects are rolled back."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)  # type: ignore[arg-type]
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.AssertFailure):
        return False
    except psycopg.errors.NotNullViolation:  # the role has the right, and only the row is refused
        return True
    return True


def tables_of(url: str) -> dict[str, tuple[str, str]]:
    """Every table and view, with its kind and its last column that is not generated."""
    return {
        name: (kind, column)
        for name, kind, column in db.rows(
            """
            select c.oid::regclass::text, case relkind when 'v' then 'view' else 'table' end, (
                select quote_ident(attname) from pg_attribute
                where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = ''
                order by attnum desc limit 1
            )
            from pg_class as c
            where relkind in ('r', 'v') and relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
            order by 1
            """,
            url=url,
        )
    }

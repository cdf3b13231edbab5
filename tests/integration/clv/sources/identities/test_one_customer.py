"""One customer behind several ids, from the shop's files to the features of a date, erasure and rotation."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from clv import cli, sources
from clv.catalog import tables
from clv.core import settings
from clv.core.settings import Settings
from clv.privacy import erasing, persons, rotation
from clv.sources.identities import linking
from clv.sources.kinds import raw_tables
from clv.transform import comparing, dbt, notes
from clv.transform.notes import FROM_RAW
from clv.warehouse import db, pseudonyms
from clv.warehouse.roles import TRANSFORMER

pytestmark = pytest.mark.set_up

MAPPING = """
customer: customer
order: order
time: time
amount: amount
person: {email: email, name: name, phone: phone, consent: consent}
"""
HEADER = "customer,order,time,amount,email,name,phone,consent"
ORDERS = """
anna,1,2024-01-05,10,Anna@shop.example,Anna M,,yes
guest7,2,2024-02-05,20,anna@shop.example,,,
bert,3,2024-01-07,30,bert@shop.example,Bert K,020 7946 0958,yes
bert-old,4,2024-01-02,40,,Bert K,+44 20 7946 0958,no
carl,5,2024-01-03,50,carl@shop.example,,,
dora,6,2024-01-04,60,dora@shop.example,,,
guest7,7,2024-03-05,5,,,,no
bert-old,10,2024-01-07,0,,,,no
"""


@pytest.fixture(scope="module")
def shop(module_home: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A shop that links ids by address, telephone number and a list: carl and dora were merged on 2024-02-10."""
    rules = {"identities": ["email", "phone", "merges"], "calling_code": "44"}
    module_home.shop_file.write_text(json.dumps(rules))
    (module_home.home / "sources").mkdir()
    (module_home.home / "sources" / "shop.yml").write_text(MAPPING)
    home, folder = settings.load(), tmp_path_factory.mktemp("files")
    raw_tables.make(home)
    load("shop", folder / "orders.csv", HEADER, ORDERS, home)
    load("merges", folder / "merges.csv", "customer_id,same_as,day", "dora,carl,2024-02-10", home)
    linking.link(home)
    return home


def load(source: str, path: Path, header: str, rows: str, home: Settings) -> None:
    path.write_text(f"{header}\n{rows.strip()}\n")
    sources.load(source, path, home)


def ids(home: Settings) -> dict:
    secret = pseudonyms.secret(home)
    with db.connect() as connection:
        return {one.key: one.customer_id for one in persons.known(connection, home, secret)}


def customers(home: Settings, day: str) -> dict[str, tuple[int, int]]:
    """The orders and the net revenue of each customer before a date, by the id whose key the customer has."""
    for layer in FROM_RAW:
        dbt.build(layer, {}, home)
    query = f"""
        select customer_key, sum(orders), sum(net_revenue) from {tables.INT_CUSTOMER_DAYS}
        where day < %s group by customer_key
    """
    names = ids(home)
    with dbt.persons_of(date.fromisoformat(day), home):
        return {names[key]: (int(orders), int(revenue)) for key, orders, revenue in db.rows(query, (day,))}


def invoked(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["identities", *arguments])


def called(*arguments: str) -> str:
    done = invoked(*arguments)
    assert done.exit_code == 0, done.exception
    return done.stdout


def assert_equal_to_whole_build(home: Settings) -> None:
    with db.connect(home.url_as(TRANSFORMER)) as connection:
        compiled = {layer: notes.compiled(layer, connection) for layer in FROM_RAW}
        assert comparing.differences(connection, {name: one for name, one in compiled.items() if one}) == {}
        connection.rollback()


def test_a_person_has_one_key_as_of_each_date(shop: Settings):
    assert customers(shop, "2024-04-01") == {"anna": (3, 35), "bert-old": (2, 70), "carl": (2, 110)}
    assert_equal_to_whole_build(shop)
    # carl and dora are merged on 10 February, so a run for an earlier date knows both.
    before = {"anna": (2, 30), "bert-old": (2, 70), "carl": (1, 50), "dora": (1, 60)}
    assert customers(shop, "2024-02-10") == before
    assert_equal_to_whole_build(shop)
    assert customers(shop, "2024-02-11")["carl"] == (2, 110)
    # On 4 January, bert had not ordered yet.
    assert customers(shop, "2024-01-05") == {"bert-old": (1, 40), "carl": (1, 50), "dora": (1, 60)}


def test_the_features_of_a_date_are_those_of_its_persons(shop: Settings):
    customers(shop, "2024-04-01")
    dbt.build("features", {"as_of_date": "2024-02-10", "run_id": "2024-02-10.1"}, shop)
    found, names = db.rows(f"select customer_key, orders_count from {tables.CUSTOMER_FEATURES}"), ids(shop)
    assert {names[key]: orders for key, orders in found} == {"anna": 2, "bert-old": 2, "carl": 1, "dora": 1}
    # Six ids with one paid order each; two customers have two ids each, and so two orders.
    query = "select counted_by, customers, joined, repeat_rate from analytics_runs.identity_summary order by 1"
    assert db.rows(query) == [("customer", 4, 2, Decimal("0.5")), ("id", 6, 4, 0)]


def test_orders_keep_their_keys_and_counts_of_rows_stay(shop: Settings):
    customers(shop, "2024-04-01")
    keys = "select count(*), count(distinct order_key), count(distinct customer_key) from intermediate.int_orders"
    assert db.rows(keys) == [(8, 8, 3)]
    assert db.rows(f"select sum(rows_accepted) from {tables.STG_BATCH_COUNTS}") == [(9,)]


def test_a_refusal_of_any_id_wins_on_its_day_and_the_newest_answer_holds(shop: Settings):
    customers(shop, "2024-04-01")
    names = ids(shop)
    found = db.rows("select customer_key, day, may_contact from intermediate.int_consents order by day")
    assert [(names[key], str(day), answer) for key, day, answer in found] == [
        ("bert-old", "2024-01-02", False), ("anna", "2024-01-05", True), ("bert-old", "2024-01-07", False),
        ("anna", "2024-03-05", False),
    ]  # fmt: skip


def test_no_address_leaves_pii_and_none_is_kept_in_clear_but_those_of_customers(shop: Settings):
    assert db.rows(f"select count(*), count(distinct digest) from {tables.ADDRESSES}") == [(7, 5)]
    with db.connect() as connection:
        texts = connection.execute(f"select string_agg(links::text, ' ') from {tables.IDENTITY_LINKS} as links")
        assert "shop.example" not in texts.fetchall()[0][0]
    with pytest.raises(Exception, match="permission denied"):
        db.rows(f"select from {tables.ADDRESSES}", url=shop.url_as(TRANSFORMER))


def test_new_orders_of_a_second_id_change_only_the_persons_rows(shop: Settings, tmp_path: Path):
    customers(shop, "2024-04-01")
    load("shop", tmp_path / "more.csv", HEADER, "emil,8,2024-03-20,7,bert@shop.example,Bert K,,", shop)
    linking.link(shop)
    assert customers(shop, "2024-04-01")["bert-old"] == (3, 77)
    assert_equal_to_whole_build(shop)
    other = "fred,9,2024-03-21,9,bert@shop.example,Fred K,,"
    load("shop", tmp_path / "family.csv", HEADER, other, shop)
    linking.link(shop)
    assert customers(shop, "2024-04-01")["fred"] == (1, 9)
    assert customers(shop, "2024-04-01")["bert-old"] == (3, 77)


def test_an_id_is_split_off_and_a_proposal_accepted_as_of_the_day_of_the_decision(shop: Settings):
    assert customers(shop, "2024-04-01")["bert-old"] == (3, 77)
    called("split", "emil", "--source", "shop", "--day", "2024-03-25")
    linking.link(shop)
    found = customers(shop, "2024-04-01")
    assert (found["bert-old"], found["emil"]) == ((2, 70), (1, 7))
    assert_equal_to_whole_build(shop)
    assert customers(shop, "2024-03-25")["bert-old"] == (3, 77)  # not known yet
    assert "joined with no other" in str(invoked("split", "emil", "--source", "shop").exception)

    assert json.loads(called("review", "--json")) == []


def test_a_proposal_joins_nobody_until_it_is_accepted(shop: Settings, tmp_path: Path):
    rows = "gina,11,2024-03-01,3,gina.holm@x.example,Gina Holm,,\ngina2,12,2024-03-02,4,gina.hlm@x.example,Gina Holm,,"
    load("shop", tmp_path / "gina.csv", HEADER, rows, shop)
    linking.link(shop)
    assert customers(shop, "2024-04-01")["gina2"] == (1, 4)
    (proposal,) = json.loads(called("review", "--json"))
    assert {proposal["id"], proposal["other id"]} == {"gina", "gina2"}
    assert proposal["reasons"] == "the same name; e-mail addresses that are alike"
    assert "holm" not in str(proposal).lower()
    called("review", "--accept", proposal["code"], "--day", "2024-03-10")
    linking.link(shop)
    assert customers(shop, "2024-04-01")["gina"] == (2, 7)
    assert customers(shop, "2024-03-10")["gina"] == (1, 3)
    assert json.loads(called("review", "--json")) == []
    assert "no proposal" in str(invoked("review", "--refuse", proposal["code"]).exception)


def test_an_erasure_finds_an_id_that_no_run_has_linked_yet(shop: Settings, tmp_path: Path):
    load("shop", tmp_path / "gina3.csv", HEADER, "gina3,15,2024-03-03,5,Gina.Holm@x.example,,,", shop)
    found = erasing.find("gina3", "shop", None, shop)
    assert {one.customer_id for one in found} == {"gina", "gina2", "gina3"}
    erasing.erase([one for one in found if one.customer_id == "gina3"], shop)


def test_a_new_key_keeps_the_persons(shop: Settings):
    before = customers(shop, "2024-04-01")
    rotation.rotate(shop)
    assert customers(shop, "2024-04-01") == before
    linking.link(shop)
    assert customers(shop, "2024-04-01") == before


def test_erasing_one_id_erases_the_person(shop: Settings):
    customers(shop, "2024-04-01")
    found = erasing.find("guest7", "shop", None, shop)
    assert {one.customer_id for one in found} == {"anna", "guest7"}
    erasing.erase(found, shop)
    gone = {one.key for one in found}
    with db.connect() as connection:
        for table in persons.tables_of_customers(connection):
            keys = connection.execute(f"select customer_key from {table} where customer_key is not null").fetchall()  # type: ignore[arg-type]
            assert gone.isdisjoint(key for (key,) in keys), table
    assert_equal_to_whole_build(shop)
    assert "anna" not in customers(shop, "2024-04-01")
    erasing.erase(erasing.find("carl", "merges", None, shop), shop)
    assert set(customers(shop, "2024-04-01")) == {"bert-old", "emil", "fred", "gina"}
    assert db.rows(f"select count(*) from {tables.MERGES} where _rule = 'erased' and same_as is null") == [(1,)]


def test_a_shop_without_rules_links_nothing_and_keeps_no_digest(shop: Settings, tmp_path: Path):
    kept = f"select count(*) from {tables.ADDRESSES}"
    before = db.rows(kept)
    shop.shop_file.write_text("{}")
    home = settings.load()
    with db.connect() as connection:
        connection.execute(f"delete from {tables.IDENTITY_DECISIONS}")
    load("shop", tmp_path / "hans.csv", HEADER, "hans,13,2024-03-03,8,fred@x.example,Hans K,,", home)
    load("shop", tmp_path / "hans2.csv", HEADER, "hans2,14,2024-03-04,8,Fred@x.example,,,", home)
    assert linking.link(home) == 0
    assert db.rows(kept) == before
    alone = {"bert": (1, 30), "bert-old": (1, 40), "emil": (1, 7), "fred": (1, 9), "gina": (1, 3), "gina2": (1, 4)}
    assert customers(home, "2024-04-01") == {**alone, "hans": (1, 8), "hans2": (1, 8)}
    assert_equal_to_whole_build(home)
    # A rule that is set later finds the newest address of customers that were loaded before.
    shop.shop_file.write_text(json.dumps({"identities": ["email"]}))
    home = settings.load()
    linking.link(home)
    names = ids(home)
    pairs = db.rows(f"select customer_key, other_key from {tables.IDENTITY_LINKS}")
    assert {"hans", "hans2"} in [{names[key], names[other]} for key, other in pairs]

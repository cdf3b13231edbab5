from clv import warehouse


def test_migrations_apply_once(home):
    assert warehouse.migrate() == []
    assert warehouse.rows("select count(*) from ops.migrations")[0][0] >= 1


def test_a_received_row_is_loaded_or_unreadable(home):
    query = "select conname from pg_constraint where conrelid = 'raw.batches'::regclass and contype = 'c'"
    assert len(warehouse.rows(query)) == 1

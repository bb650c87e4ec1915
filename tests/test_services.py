"""The test bed itself: fresh databases that are durable, and a browser that draws."""

import pytest
import sqlalchemy as sa


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_database_of_its_own(blank_database_url, turn):
    engine = sa.create_engine(blank_database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE batch (id TEXT)"))
        connection.execute(sa.text("INSERT INTO batch VALUES ('CT-1')"))
        assert connection.execute(sa.text("SELECT count(*) FROM batch")).scalar_one() == 1
    engine.dispose()


def test_postgresql_is_as_durable_as_in_production(postgres_server):
    engine = sa.create_engine(postgres_server.url())
    with engine.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(sa.text(f"SHOW {setting}")).scalar_one() == "on"
    engine.dispose()


def test_the_browser_draws_and_runs_scripts(page):
    page.goto("data:text/html;charset=utf-8,<button onclick=\"document.title='signed'\">Sign 7,2 × 10⁶</button>")
    page.get_by_role("button", name="Sign 7,2 × 10⁶").click()
    assert page.title() == "signed"
    assert len(page.screenshot()) > 1000


def test_a_site_database_has_every_table_and_no_row(database_url):
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        assert "journal" in sa.inspect(connection).get_table_names()
        assert connection.execute(sa.text("SELECT count(*) FROM journal")).scalar_one() == 0
    engine.dispose()

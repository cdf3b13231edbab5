"""Definitions of experiments: what they say by default, and one line for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.experiments import definitions


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    (tmp_path / "experiments").mkdir()
    return Settings(tmp_path, {})


def load(home: Settings, text: str) -> definitions.Definition:
    (home.home / "experiments" / "mail.yml").write_text(text)
    return definitions.load("mail", home)


def test_everything_has_a_default(home: Settings) -> None:
    found = load(home, "outcome: revenue")
    assert (found.population, found.arms, found.outcome, found.contact) == (
        "true", {"act": 50, "control": 50}, "revenue", True,
    )  # fmt: skip
    assert (found.treated, found.alpha, found.shares("act")) == (["act"], 0.05, (0.5, 0.5))


def test_a_channel_is_read_as_lists_have_it(home: Settings) -> None:
    assert load(home, "channel: ' Email '").channel == "email"


def test_a_channel_that_no_list_has_is_refused() -> None:
    known = ["email", "offers"]
    for channel in (None, "Offers"):
        definitions.require_channel("spring", definitions.Definition(channel=channel), known)
    with pytest.raises(
        ClvError, match="^spring.yml: no list has the channel 'mail', .* write one of email, offers, or"
    ):
        definitions.require_channel("spring", definitions.Definition(channel="mail"), known)


def test_several_comparisons_share_the_false_alarms(home: Settings) -> None:
    found = load(home, "arms: {men: 40, women: 40, none: 20}\ncontrol: none")
    assert (found.treated, found.alpha, found.shares("men")) == (["men", "women"], 0.025, (0.4, 0.2))


@pytest.mark.parametrize("condition", ["segment = 'it''s; --'", "(orders_count > 1) and country is null", "a like '%'"])
def test_a_condition_may_have_texts_of_any_kind(home: Settings, condition: str) -> None:
    assert load(home, f'population: "{condition}"').population == condition


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("population: 'true; drop table x'", "'population': write one condition over the columns of customer_clv, "
         "without `;`"),
        ("population: 'x in (Select 1)'", "without `Select`"),
        ("population: 'true) or (true'", "close every bracket and quote of the condition"),
        ("population: '(true'", "close every bracket and quote"),
        ('population: "segment = \'loyal"', "close every bracket and quote"),
        ("outcome: clicks", "'outcome': is one of revenue, profit, orders, repeat; not 'clicks'"),
        ("guards: [clicks]", "'guards.0': is one of revenue, profit, orders, repeat, refunds, discount, opt_outs; not"),
        ("arms: {mail: 50, none: 50}", "`control` names one of the arms, mail, none; not 'control'"),
        ("arms: {mail: 50, control: 40}", "the shares of `arms` add up to 90; write percentages of 100"),
        ("window: 30", "'window': is not a key of this part; remove it"),
        ("window_days: soon", "'window_days': Input should be a valid integer"),
        ("just text", "declares nothing; write it as in `outcome: revenue`"),
        ("a: [", "is not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(home: Settings, text: str, message: str) -> None:
    with pytest.raises(ClvError) as error:
        load(home, text)
    assert str(error.value).startswith("mail.yml")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_says_something_else_has_changed(home: Settings) -> None:
    started = load(home, "window_days: 30")
    assert not definitions.has_changed("mail", started, home)
    load(home, "# as before\nwindow_days: 30\noutcome: revenue")
    assert not definitions.has_changed("mail", started, home)
    load(home, "window_days: 31")
    assert definitions.has_changed("mail", started, home)
    definitions.path_of("mail", home).write_text("window_days: soon")
    assert definitions.has_changed("mail", started, home)
    definitions.path_of("mail", home).unlink()
    assert not definitions.has_changed("mail", started, home)


def test_a_name_without_a_file_says_which_there_are(home: Settings) -> None:
    load(home, "outcome: orders")
    with pytest.raises(ClvError, match="there is no experiment 'letter': write .*letter.yml .*there are mail"):
        definitions.load("letter", home)
    with pytest.raises(ClvError, match="'Spring mail' cannot name an experiment"):
        definitions.load("Spring mail", home)

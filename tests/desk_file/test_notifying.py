"""Who hears of what stands in the desk file: notification settings, message types, pagers."""

import pytest

from desk_file.conftest import GOOD, Complaints, Loader
from mailcall.desk_file.dumping import dump
from mailcall.outbound.models import NotificationSettings, OccasionSetting, PersonNotices

TELLING = GOOD.replace(
    "    address: support@desk.example\npeople",
    """    address: support@desk.example
    notifications:
      internal: true
      most_notices: 5
    message_types: {"1013": false, "1014": true}
people""",
).replace("    analyst: true\n", "    analyst: true\n    pager: 0170@pager.example\n")


def test_all_of_it_is_loaded(load_text: Loader) -> None:
    load_text(TELLING)
    row = NotificationSettings.objects.get()
    assert (row.email, row.internal, row.most_notices, row.email_at_update) == (True, True, 5, True)
    assert dict(OccasionSetting.objects.values_list("type_code", "active")) == {1013: False, 1014: True}
    assert PersonNotices.objects.get().pager == "0170@pager.example"


def test_loading_it_twice_and_loading_what_was_dumped_changes_nothing(load_text: Loader) -> None:
    load_text(TELLING)
    assert {change.what for change in load_text(TELLING).changes} == {"unchanged"}
    dumped = dump()
    assert "most_notices: 5" in dumped
    assert {change.what for change in load_text(dumped).changes} == {"unchanged"}
    assert dump() == dumped


def test_email_off_takes_email_at_update_along(load_text: Loader) -> None:
    load_text(TELLING.replace("internal: true", "email: false"))
    row = NotificationSettings.objects.get()
    assert (row.email, row.email_at_update) == (False, False)
    assert {change.what for change in load_text(dump()).changes} == {"unchanged"}


def test_a_desk_file_without_them_has_the_defaults(load_text: Loader) -> None:
    load_text(GOOD)
    assert not NotificationSettings.objects.exists()
    assert "notifications: {}" in dump()


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("internal: true", "internal: yes please", "`notifications.internal` must be"),
        ("internal: true", "intern: true", "intern"),
        ("most_notices: 5", "within_minutes: 0", "must be greater than or equal to 1"),
        ('"1013": false', '"1001": false', "“1001” is no message type that can be switched"),
        ('"1013": false', '"x": false', "“x” is no message type that can be switched"),
        ("internal: true", "email_at_update: false", "`email_at_update` is as `email` is"),
        ("pager: 0170@pager.example", "pager: 0170 12345", "must be an email address"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_loaded(
    complaints: Complaints, right: str, wrong: str, sentence: str
) -> None:
    text = TELLING.replace(right, wrong)
    assert text != TELLING
    assert sentence in str(complaints(text))
    assert not NotificationSettings.objects.exists()

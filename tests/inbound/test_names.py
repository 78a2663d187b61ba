"""Names of call templates and request types: none that a subject of mail means already."""

import pytest
from django.core.exceptions import ValidationError

from desks import Desk
from mailcall.desk.models import CallTemplate, RequestType

KINDS = pytest.mark.parametrize("kind", [CallTemplate, RequestType])


@KINDS
@pytest.mark.parametrize(
    "name", ["Close call 12", "HELP", "call summary", "Re: approve task #3: fine", "LOG CALL"]
)
def test_a_name_that_is_a_command_is_refused_with_a_sentence(desk: Desk, kind: type, name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        kind(name=name, partition=desk.partition).full_clean()
    [sentence] = refused.value.message_dict["name"]
    assert sentence == f"“{name}” is a command to whoever reads subjects of mail: take another name."


@KINDS
@pytest.mark.parametrize(
    "name", ["New laptop", "Close the account", "Update Adobe", "Help with printers", "12"]
)
def test_other_names_are_taken(desk: Desk, kind: type, name: str) -> None:
    kind(name=name, partition=desk.partition).full_clean()


@KINDS
def test_words_of_any_account_count(desk: Desk, kind: type) -> None:
    kind(name="Finish call 12", partition=desk.partition).full_clean()
    desk.account.words = {"CLOSE": ["FINISH"]}
    desk.account.save()
    with pytest.raises(ValidationError, match="is a command"):
        kind(name="Finish call 12", partition=desk.partition).full_clean()

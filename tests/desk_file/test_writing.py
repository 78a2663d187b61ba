"""What analysts write with stands in the desk file: texts kept ready, and whose address mails are from."""

import pytest

from desk_file.conftest import GOOD, Complaints, Loader
from mailcall.desk.models import Partition
from mailcall.desk_file.dumping import dump
from mailcall.outbound.models import Snippet

WRITING = (
    GOOD.replace(
        "    address: support@desk.example\n",
        "    address: support@desk.example\n    allowed_senders: [group, partition]\n",
        1,
    )
    + """
snippets:
  - name: Restart
    language: de
    text: |
      Bitte neu starten.

      Danke.
"""
)


def test_all_of_it_is_loaded_and_dumped(load_text: Loader) -> None:
    load_text(WRITING)
    assert Partition.objects.get().allowed_senders == "group, partition"
    snippet = Snippet.objects.get()
    assert (snippet.language, snippet.partition) == ("de", None)
    assert snippet.text.startswith("Bitte neu starten.\n\nDanke.")
    dumped = dump()
    assert {change.what for change in load_text(dumped).changes} == {"unchanged"}
    assert dump() == dumped


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("[group, partition]", "[boss]", "'partition', 'group' or 'own'"),
        ("[group, partition]", "[]", "at least 1"),
        ("language: de", "language: klingon", "is no language"),
        ("name: Restart", "name: ''", "one line"),
    ],
)
def test_mistakes_are_named(complaints: Complaints, right: str, wrong: str, sentence: str) -> None:
    assert any(sentence in complaint for complaint in complaints(WRITING.replace(right, wrong)).values())

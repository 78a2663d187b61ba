"""What a mail made to hurt may cost: it reads, keeps its words or says what is wrong, in linear time."""

import time

import pytest

from mailcall.message import Mail
from mailcall.message.reading import read_mail_strictly

from .hostile import NEEDLE, SHAPES


def keeps_its_words(mail: Mail) -> bool:
    """Say whether the word to find is in the text, in a header or in an attachment."""
    texts = mail.text + mail.html + mail.subject
    return NEEDLE.decode() in texts or any(NEEDLE in attachment.data for attachment in mail.attachments)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_mail_keeps_its_words_or_names_the_defect(shape: str) -> None:
    mail = read_mail_strictly(SHAPES[shape](100_000))
    assert keeps_its_words(mail) or mail.defects


@pytest.mark.long
@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_megabyte_costs_at_most_a_second(shape: str) -> None:
    raw = SHAPES[shape](1_000_000)
    start = time.process_time()
    mail = read_mail_strictly(raw)
    cost = time.process_time() - start
    assert keeps_its_words(mail) or mail.defects
    assert cost < 2  # a second here; more on a busy machine

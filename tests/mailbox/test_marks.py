"""The mark of a folder: what it covers is done with, whatever the server refuses."""

from hypothesis import given
from hypothesis import strategies as st

from mailcall.mailbox.imap_mark import MOST_OWED, Mark


def read_again(mark: Mark) -> Mark:
    return Mark(str(mark))


def test_nothing_is_covered_at_first():
    assert str(Mark()) == "0"
    assert Mark().new_among([3, 1, 2, 2]) == [1, 2, 3]


def test_a_refused_mail_is_owed_and_holds_nothing_up():
    mark = Mark()
    mark.listed([1, 2, 3])
    mark.tried([1, 2, 3])
    mark.stay([1, 3])
    assert str(mark) == "3:2"
    assert read_again(mark).new_among([1, 2, 3, 4]) == [2, 4]


def test_an_owed_mail_that_comes_or_goes_is_owed_no_more():
    came, gone = Mark("9:2,5"), Mark("9:2,5")
    came.listed(came.new_among([2, 5]))
    came.stay([5])
    assert str(came) == "9:2"
    gone.listed(gone.new_among([5]))
    assert str(gone) == "9:5"


def test_a_mail_that_was_not_asked_for_yet_holds_the_mark():
    mark = Mark()
    mark.listed([1, 2, 3])
    mark.stay([3])
    assert str(mark) == "0"
    assert mark.new_among([1, 2, 3]) == [1, 2]
    mark.stay([1])
    assert str(mark) == "1"
    mark.stay([2])
    assert str(mark) == "3"


def test_more_than_the_most_that_may_be_owed_hold_the_mark():
    refused = range(1, MOST_OWED + 100)
    mark = Mark()
    mark.listed([*refused, 9_000, 9_001])
    mark.tried([*refused, 9_000, 9_001])
    mark.stay([9_000, 9_001])
    assert str(mark) == "0"
    mark.gone(refused[:99])
    assert mark.after == 9_001
    assert len(mark.owed) == MOST_OWED


def test_what_is_deleted_raises_no_mark_and_what_is_left_behind_it_does():
    mark = Mark()
    mark.listed([1, 2, 3, 4])
    mark.tried([1, 2, 3, 4])
    mark.gone([1, 2, 4])
    assert str(mark) == "0"
    mark.stay([3])
    assert str(mark) == "3"


mails = st.sets(st.integers(1, 40))


@given(st.lists(st.tuples(mails, mails, mails, mails)))
def test_no_mail_is_ever_covered_before_it_is_done_with(rounds):
    """Each round: which mails come, and of those listed which stay, which go, and which are asked for."""
    mark, there, done, first = Mark(), set[int](), set[int](), 0
    for new, staying, going, tried in rounds:
        there |= {first + uid for uid in new}
        first += 40
        mark = read_again(mark)
        listed = mark.new_among(sorted(there))
        assert there - done <= set(listed)
        mark.listed(listed)
        mark.tried({uid for uid in listed if uid % 40 in tried})
        for uid in listed:
            if uid % 40 in staying:
                mark.stay([uid])
                done.add(uid)
            elif uid % 40 in going:
                mark.gone([uid])
                there.discard(uid)

"""What templates may do, and what is told of one that can't be kept."""

import pytest

from mailcall.outbound.message_types import APPROVAL_WANTED, CALL_CLOSED, COMMAND_ANSWERED, TYPES, MessageType
from mailcall.outbound.templating.builtin import layout_source, source
from mailcall.outbound.templating.checking import Sources, check, check_layout
from mailcall.outbound.templating.data import sample_of
from mailcall.outbound.templating.engine import Engine, TemplateError
from mailcall.outbound.templating.filling import compile_template, fill, fill_builtin
from mailcall.outbound.templating.mail_check import contrast, warnings_of
from mailcall.outbound.templating.mail_html import inlined
from mailcall.outbound.templating.wording import LANGUAGES, nearest

LONG = "{% assign x = text | append: text %}"  # twice the longest text


def told(html: str = "<p>x", *, kind: MessageType = CALL_CLOSED, **more: str) -> list[str]:
    return [str(problem) for problem in check(kind, "en", Sources(html=html, **more)).problems]


@pytest.mark.parametrize(
    ("html", "sentence"),
    [
        ("<p>\n{{ usr }}", "HTML, line 2: There is no “usr” in this message type. Did you mean “user”"),
        ("{{ user.name }}", "HTML, line 1: “user” has no “name”."),
        ("{{ user | upcse }}", "HTML, line 1: There is no filter “upcse”. Did you mean “upcase”?"),
        ("{% if user %}x", "HTML: Expected tag endif"),
        ("{{ user", "HTML, line 1: What {{ begins does not end"),
        ("{% for i in (1..9999) %}{% endfor %}", "HTML, line 1: A range is of small numbers"),
        ("{% tablerow f in files %}{% endtablerow %}", "HTML, line 1: Unexpected tag 'tablerow'."),
        ("{% include 'nope' %}", "HTML, line 1: Only these parts can be included: "),
        ("{% include user %}", "HTML, line 1: Only these parts can be included: "),
        ("{% raw %}{{ x }}{% endraw %}", "HTML, line 1: “raw” can't be used."),
        ("{{ '2026' | date: '%Y' }}", "HTML, line 1: There is no filter “date”."),
        ("{{ now }}", "HTML, line 1: There is no “now”"),
        ("", "HTML: A mail must say something."),
        ("<img src='cid:logo' alt=''>", "HTML: There is no image “logo” here"),
        ("<div>" * 20_000, "HTML: The HTML has more than 3,000 elements."),
        ("<div>" * 2_000, "HTML: The elements of the HTML stand too deep within each other."),
        ("{{ user }}" * 4_000, "HTML, line 1: There are more than 3,000 tags and values."),
        ("x" * 200_000, "HTML: It is too long: 200,000 characters, of 100,000 at most."),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_what_is_near(html: str, sentence: str) -> None:
    assert told(html)[0].startswith(sentence)


@pytest.mark.parametrize(
    "source",
    [
        "{{" * 50_000,
        "{%" * 50_000,
        "{{ x" * 25_000,
        "{% raw %}" * 11_000,
        "{% comment %}" * 7_000,
        "{% for f in files %}" * 15 + "{{ f }}" + "{% endfor %}" * 15,
        "{% assign x = 99999 %}" + "{% assign x = x | times: x %}" * 50,
        "{% assign x = 'aaaaaaaaaa' %}" + "{% assign x = x | replace: 'a', x %}" * 20,
        "{% assign x = text %}" + "{% assign x = x | append: x %}" * 50,
        "{% assign x = text | split: '' %}" + "{{ x | join: text }}" * 500,
        "{% capture x %}" + "{{ text }}" * 900 + "{% endcapture %}" + "{{ x | upcase }}" * 900,
        LONG + "{% for i in (1..99) %}{% if x contains text %}{% endif %}{% endfor %}",
        "{% assign x = text | append: '' %}{% for i in (1..99) %}{% if x == text %}{% endif %}{% endfor %}",
        "{% assign x = text | append: '' %}{% for i in (1..99) %}{% if x < text %}{% endif %}{% endfor %}",
        LONG + "{% for i in (1..99) %}{% case x %}{% when text %}{% endcase %}{% endfor %}",
        "{% assign x = text | truncate: 4000, '' | split: '' %}"
        + "{% for i in (1..99) %}{% if text contains x %}{% endif %}{% endfor %}",
    ],
)
def test_what_would_take_long_or_make_much_is_ended(source: str) -> None:
    values = {**sample_of(CALL_CLOSED), "text": "word " * 20_000, "files": ["a.pdf"] * 50}
    with pytest.raises(TemplateError):
        Engine(is_html=True).compile(source).filled(values)


def test_what_the_steps_do_not_foresee_is_ended_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailcall.outbound.templating.engine.MOST_SECONDS", -1.0)
    with pytest.raises(TemplateError, match="takes more than"):
        Engine(is_html=True).compile("{{ user }}").filled({"user": "Ann"})


@pytest.mark.parametrize("subject", ["CLOSE CALL 12", "Re: close call {{ call }}", "MELDUNG {{ call }}\nx"])
def test_a_subject_that_would_be_a_command_or_no_line_is_refused(subject: str) -> None:
    [problem] = told(subject=subject)
    assert problem.startswith("Subject: ")


def test_a_subject_with_other_words_before_a_commands_is_kept() -> None:
    assert told(subject="Your call {{ call }} is closed: {{ subject }}") == []


def test_a_part_of_an_item_of_a_list_is_known_by_its_list() -> None:
    html = "{% for result in results %}{{ result.urll }}{% endfor %}"
    assert told(html, kind=COMMAND_ANSWERED) == ["HTML, line 1: “result” has no “urll”. Did you mean “url”?"]


def test_a_template_without_what_its_mail_is_for_is_warned_of() -> None:
    warnings = check(APPROVAL_WANTED, "en", Sources(html="<p>Decide!</p>")).warnings
    assert any("{{ page }}" in one for one in warnings)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TYPES.values(), ids=str)
def test_a_builtin_template_can_be_kept_as_ones_own_without_a_warning(
    kind: MessageType, language: str
) -> None:
    html, text = source(kind, language, "html"), source(kind, language, "txt")
    sources = Sources("", html, text, layout_source("html"), layout_source("txt"))
    checked = check(kind, language, sources)
    assert (checked.problems, checked.warnings) == ((), ())
    own = compile_template(language, html, text, sources.layout_html, sources.layout_text)
    values = sample_of(kind)
    own_mail, builtin_mail = fill(own, kind, values), fill_builtin(kind, language, values)
    assert own_mail.text.split() == builtin_mail.text.split()


def test_html_for_mail_programs_is_judged() -> None:
    html = (
        "<script>x</script><form></form><table width=900 style='color:#aaa'><tr><td onclick='x()'>Pale"
        "<img src='https://elsewhere.example/a.png'></table><a href='javascript:x'>y</a>"
    )
    warnings = "\n".join(warnings_of(html))
    for words in ("<script>", "<form>", "900 pixels", "onclick", "no alt text", "elsewhere", "javascript:"):
        assert words in warnings
    assert "“Pale” is hard to read: its colour has a contrast of 2.3" in warnings
    assert "dark screens" in warnings


def test_colours_for_dark_screens_are_judged_too() -> None:
    html = (
        "<style>p {color: #000 } @media (prefers-color-scheme: dark) { body { background: #111 !important } }"
        "</style><body><p>Black on black</p></body>"
    )
    [warning] = warnings_of(inlined(html))
    assert warning.startswith("On dark screens: “Black on black” is hard to read")


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((118, 118, 118), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)


def test_values_are_escaped_in_html_and_not_in_text() -> None:
    own = compile_template("en", "<p>{{ user }}</p>", "{{ user }}")
    filled = fill(own, CALL_CLOSED, {"user": "<b>A & B</b>"})
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in filled.html
    assert filled.text == "<b>A & B</b>\n"


def test_a_text_that_is_left_empty_is_made_from_the_html() -> None:
    own = compile_template("en", "<p>One</p><p>Two <a href='https://x.example/'>there</a></p>")
    assert fill(own, CALL_CLOSED, {"user": "A"}).text == "One\n\nTwo there <https://x.example/>\n"


def test_what_an_answer_is_recognized_by_is_put_where_a_template_leaves_it_out() -> None:
    own = compile_template("en", "<body><p>One</p></body>")
    filled = fill(own, CALL_CLOSED, {"marker": "[mc.x]", "token_marker": "[ok.y]"})
    assert filled.text == "One\n[mc.x]\n[ok.y]\n"
    assert filled.html.index("One") < filled.html.index("[mc.x]") < filled.html.index("</body>")


def test_nothing_but_the_documented_data_can_be_reached() -> None:
    own = compile_template("en", "<p>-{{ token }}{{ confirmation }}{{ user.__class__ }}{{ user._x }}-</p>")
    html = fill(own, CALL_CLOSED, {"token": 7, "confirmation": {"nonce": "n"}, "user": "A"}).html
    assert "--" in html


def test_a_style_sheet_or_file_that_html_names_is_not_fetched(tmp_path: object) -> None:
    html = inlined("<link rel=stylesheet href='file:///etc/passwd'><style>p { color: red </style><p>x")
    assert "root:" not in html


def test_a_layout_needs_a_place_for_what_it_is_around() -> None:
    [problem] = check_layout("<body></body>", "")
    assert str(problem) == ("HTML of the layout: It has no place for what it is around: write {{ content }}.")
    assert check_layout(layout_source("html"), layout_source("txt")) == []


def test_the_nearest_language_is_found_from_the_particular_to_the_general() -> None:
    assert nearest("de-Latn-AT", ["de", "en"]) == "de"
    assert nearest("pt-br", ["pt-BR", "pt"]) == "pt-BR"
    assert nearest("nl", ["de", "en"]) == ""

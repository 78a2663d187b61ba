"""Templates of mails stand in the desk file: layouts, languages, files, and when each is used."""

import base64
from collections.abc import Iterator

import pytest

from desk_file.conftest import GOOD, Complaints, Loader
from mailcall.desk_file.dumping import dump
from mailcall.outbound import template_map
from mailcall.outbound.models import Layout, Template, TemplateRule, TemplateVersion

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 60).decode()
TEMPLATES = (
    GOOD
    + f"""
layouts:
  - name: House
    html: |
      <body><img src="cid:logo" alt="Us">{{{{ content }}}}</body>
    text: |
      {{{{ content }}}}
templates:
  - name: Closed with thanks
    message_type: 1006
    layout: House
    files:
      - name: logo.png
        image: logo
        base64: {PIXEL}
    languages:
      en:
        subject: "Thank you: {{{{ subject }}}}"
        html: |
          <p>Thank you, {{{{ user }}}}.</p>
      de:
        html: |
          <p>Danke, {{{{ user }}}}.</p>
    used:
      - message_type: 1006
        language: de
      - message_type: 1006
        default: true
  - name: Short
    message_type: 1003
    channel: pager
    languages:
      en:
        text: "Note: {{{{ subject }}}}"
"""
)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    template_map.forget()


def test_all_of_it_is_loaded_and_dumped(load_text: Loader) -> None:
    load_text(TEMPLATES)
    template = Template.objects.get(name="Closed with thanks")
    assert template.layout == Layout.objects.get()
    assert [(v.language, v.number, v.made_by_name) for v in template.versions.all()] == [
        ("de", 1, "the desk file"),
        ("en", 1, "the desk file"),
    ]
    assert TemplateRule.objects.count() == 2
    dumped = dump()
    assert {change.what for change in load_text(dumped).changes} == {"unchanged"}
    assert dump() == dumped


def test_a_change_makes_a_new_version_and_a_layouts_change_does_for_all(load_text: Loader) -> None:
    load_text(TEMPLATES)
    load_text(TEMPLATES.replace("Thank you, {{ user }}.", "Thanks, {{ user }}."))
    assert TemplateVersion.objects.filter(language="en", number=2).exists()
    load_text(TEMPLATES.replace("<body>", "<body class='x'>"))
    assert TemplateVersion.objects.filter(language="de", number=2).exists()


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("Danke, {{ user }}", "Danke, {{ usr }}", "de: HTML, line 1: There is no “usr”"),
        ("{{ content }}</body>", "</body>", "It has no place for what it is around"),
        ("layout: House", "layout: Hose", "There is no layout `Hose`. Did you mean"),
        ("image: logo", "image: sign", "There is no image “logo” here"),
        (PIXEL, "'?'", "is no base64"),
        (
            "      - message_type: 1006\n        default",
            "      - message_type: 4711\n        default",
            "4711",
        ),
        ("        language: de", "        partition: Moon", "There is no partition `Moon`."),
        ("Thank you: {{ subject }}", "CLOSE CALL {{ call }}", "is a command"),
        ("channel: pager", "channel: post", "'email', 'pager' or 'internal'"),
    ],
)
def test_mistakes_are_named(complaints: Complaints, right: str, wrong: str, sentence: str) -> None:
    assert right in TEMPLATES
    found = complaints(TEMPLATES.replace(right, wrong))
    assert any(sentence in complaint for complaint in found.values()), found

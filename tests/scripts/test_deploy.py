"""What is handed to those who install Mailcall agrees with the program."""

import re
import tomllib

from mailcall.config import Config

from .conftest import ROOT

ONLY_FOR_THE_DEMO = {"demo", "sandbox_smtp"}


def test_the_example_names_every_setting_with_its_default() -> None:
    example = (ROOT / "deploy" / "mailcall.toml.example").read_text()
    assert tomllib.loads(example) == {}, "the example changes nothing as it stands"
    settings = tomllib.loads(re.sub(r"(?m)^#(\w+ = )", r"\1", example))
    assert set(settings) == set(Config.model_fields) - ONLY_FOR_THE_DEMO
    for name, value in settings.items():
        default = Config.model_fields[name].default
        if default is not None:
            assert value == type(value)(default), name


def test_the_service_and_the_container_run_the_command_that_setup_makes() -> None:
    command = "/opt/mailcall/.venv/bin"
    assert f"ExecStart={command}/mailcall run\n" in (ROOT / "deploy" / "mailcall.service").read_text()
    container = (ROOT / "Containerfile").read_text()
    assert "WORKDIR /opt/mailcall\n" in container
    assert f"PATH={command}:$PATH" in container

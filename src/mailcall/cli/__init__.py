"""The command line: `mailcall`. Each file holds one group of commands; this one only gathers them."""

import importlib
import sys

import click

from mailcall import __version__

# name of the command: (module, what it does). Modules are loaded when they are called, so that
# `mailcall --help` and commands without a database are quick.
COMMANDS = {
    "demo": ("run", "Run everything on a sample desk, with a mail world of its own."),
    "run": ("run", "Run the Messaging Service and the pages."),
    "check": ("check", "Verify database, keys, accounts and servers."),
    "migrate": ("check", "Bring the database up to this version."),
    "migrate-to-postgresql": ("moving", "Move the desk from the embedded database to PostgreSQL."),
    "backup": ("backup", "Write the whole desk to one file, while it runs."),
    "restore": ("restore", "Bring a desk back from such a file."),
    "release": ("restore", "Let go what a restore put on hold."),
    "dkim": ("dkim", "Sign what leaves by DKIM: make keys, switch them on."),
    "keys": ("keys", "Create and rotate the keys that protect secrets."),
    "password": ("keys", "Let a person sign in."),
    "load": ("load", "Load partitions, people, groups, templates, accounts and servers from a file."),
    "dump": ("load", "Write them to a file."),
    "collect": ("work", "Collect new mail and act on it."),
    "deliver": ("work", "Send what is due."),
    "pipe": ("pipe", "Take one mail from standard input."),
    "calls": ("show", "List calls."),
    "mails": ("show", "List received mail."),
    "messages": ("show", "List the message table."),
    "explain": ("explain", "Say why a mail was decided as it was."),
    "trial": ("trial", "Try other rules on the mail of the last month."),
    "retry": ("work", "Try held mail again."),
    "retention": ("retention", "Remove what need not be kept any longer, by rules."),
    "erase": ("retention", "Erase what the desk has of a person."),
    "inspect": ("inspect", "Show what is read from any mail; needs no desk."),
    "subject": ("subject", "Show how a subject is read; needs no desk."),
    "mail": ("mail", "Send a mail into the running demo."),
}


class _Commands(click.Group):
    """A group that loads a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"mailcall.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="mailcall")
def cli() -> None:
    """Mailcall, a service desk that people work by email."""


def main() -> None:
    """The entry point: errors meant for people are one sentence and exit status 1, never a traceback."""
    try:
        cli(prog_name="mailcall")
    except Exception as error:
        from mailcall.cli.ready import PEOPLE_ERRORS, sentence_of  # slow, and not every command needs it

        if not isinstance(error, PEOPLE_ERRORS):
            raise
        click.echo(f"mailcall: {sentence_of(error)}", err=True)
        sys.exit(1)

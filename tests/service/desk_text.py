"""The desk file of a small desk with any accounts and outgoing servers."""

from collections.abc import Mapping
from typing import Any

import yaml

from service.flows import ADDRESS


def desk_file(accounts: Mapping[str, Mapping[str, Any]], servers: Mapping[str, Mapping[str, Any]]) -> str:
    """By their names; the first account has the address that people write to."""
    addresses = [ADDRESS, *(f"{name.lower()}@desk.example" for name in list(accounts)[1:])]
    return yaml.safe_dump(
        {
            "partitions": [{"name": "IT", "address": "it@desk.example", "sender_name": "IT Support"}],
            "people": [{"name": "Bob Baker", "email": "bob@desk.example", "user": False, "analyst": True}],
            "groups": [{"name": "Desk", "addresses": ["team@desk.example"], "members": ["bob@desk.example"]}],
            "call_templates": [{"name": "Mail", "partition": "IT", "group": "Desk"}],
            "incoming_accounts": [
                {"name": name, "address": address, "template": "Mail", **settings}
                for address, (name, settings) in zip(addresses, accounts.items(), strict=True)
            ],
            "outgoing_servers": [{"name": name, **settings} for name, settings in servers.items()],
        }
    )


def mailbox(protocol: str, port: int, login: str, ca_file: str) -> dict[str, Any]:
    """An account that is collected by IMAP or POP3 over TLS, by POP3 every second.

    `load` needs the password in MAILBOX_PASSWORD.
    """
    settings = {
        "protocol": protocol,
        "server": "localhost",
        "port": port,
        "security": "tls",
        "login": login,
        "password": {"env": "MAILBOX_PASSWORD"},
        "ca_file": ca_file,
    }
    return settings | ({"check_interval": 1} if protocol == "pop3" else {})


def smtp(port: int, ca_file: str, **more: Any) -> dict[str, Any]:
    """An outgoing server by STARTTLS."""
    how = {"protocol": "smtp", "server": "localhost", "security": "starttls"}
    return {**how, "port": port, "ca_file": ca_file, **more}

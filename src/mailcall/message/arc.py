"""Verifies the chain of ARC seals (RFC 8617) that forwarders and lists put on a mail that they change."""

import datetime as dt
import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from .authentication_results import Results, read_results
from .dkim import Tags, check_algorithm, check_times, signed_names, signer_of, verify_content, verify_digest
from .domain_keys import KeyLookup, read_tags
from .signed_headers import Field, SignedMail, Unproven

MAX_INSTANCES = 50  # RFC 8617 4.2.1
_RESULTS, _MESSAGE, _SEAL = "arc-authentication-results", "arc-message-signature", "arc-seal"


@dataclass(frozen=True, slots=True)
class Chain:
    """The ARC chain of a mail judged.

    `result` is none, pass, fail, policy, permerror or temperror; `reason` says in a clause why it is no
    pass. `results` are those that the sealers saw, newest first, down to the first sealer who is not
    listed; empty unless the chain passes. They read like Authentication-Results of a trusted host.
    """

    result: str
    reason: str = ""
    results: tuple[Results, ...] = ()


@dataclass(frozen=True, slots=True)
class _Instance:
    """The three fields that one sealer added, and the tags of two of them."""

    results: Field
    message: Field
    seal: Field
    message_tags: Tags
    seal_tags: Tags


def verify_arc(mail: SignedMail, lookup: KeyLookup, now: dt.datetime, sealers: Collection[str]) -> Chain:
    """Judge the chain of a mail (RFC 8617 5.2). Never raises.

    A seal is worth what its sealer is: no key is asked for unless the newest sealer is listed.
    """
    try:
        instances = _instances(mail)
        if not instances:
            return Chain("none")
        newest, _ = signer_of(instances[-1].seal_tags)
        if newest not in sealers:
            return Chain("policy", f"its newest seal is of {newest}, which is not a listed sealer")
        _verify_message(mail, instances[-1], lookup, now)
        _verify_seals(instances, lookup)
        return Chain("pass", results=tuple(_results(instances, sealers)))
    except Unproven as unproven:
        return Chain(unproven.result, unproven.reason)


def _instances(mail: SignedMail) -> list[_Instance]:
    """The instances, oldest first, complete from 1 on. Raises Unproven."""
    results, messages, seals = (mail.named(name) for name in (_RESULTS, _MESSAGE, _SEAL))
    count = len(seals)
    if not results and not messages and not seals:
        return []
    if not len(results) == len(messages) == count:
        raise Unproven("fail", "a field of the chain is missing or too many")
    if count > MAX_INSTANCES:
        raise Unproven("fail", f"it has more than {MAX_INSTANCES} seals")
    tags = {field: read_tags(field.text) for field in (*messages, *seals)}
    instances = [
        _Instance(*fields, tags[fields[1]], tags[fields[2]])
        for fields in zip(
            _in_order(results, {field: _instance_of_results(field) for field in results}),
            _in_order(messages, {field: tags[field].get("i", "") for field in messages}),
            _in_order(seals, {field: tags[field].get("i", "") for field in seals}),
            strict=True,
        )
    ]
    for number, instance in enumerate(instances, 1):
        if instance.seal_tags.get("cv") != ("none" if number == 1 else "pass"):
            raise Unproven("fail", f"seal {number} says that the chain before it was not valid")
        if "h" in instance.seal_tags:
            raise Unproven("fail", f"seal {number} names header fields")
    return instances


def _instance_of_results(field: Field) -> str:
    name, _, number = field.text.partition(";")[0].partition("=")
    return number.strip() if name.strip() == "i" else ""


def _in_order(fields: list[Field], numbers: dict[Field, str]) -> list[Field]:
    by_number = {numbers[field]: field for field in fields}
    wanted = [str(number) for number in range(1, len(fields) + 1)]
    if any(number not in by_number for number in wanted):
        raise Unproven("fail", "the numbers of its instances are not complete")
    return [by_number[number] for number in wanted]


def _verify_message(mail: SignedMail, instance: _Instance, lookup: KeyLookup, now: dt.datetime) -> None:
    """Verify that the mail is as the newest sealer left it (RFC 8617 4.1.2). Raises Unproven."""
    tags = instance.message_tags
    _need(tags, "ARC-Message-Signature", ("a", "b", "bh", "d", "h", "s"))
    if _SEAL in signed_names(tags):
        raise Unproven("fail", "its message signature covers a seal")
    check_times(tags, now)
    verify_content(mail, instance.message, tags, lookup)


def _verify_seals(instances: list[_Instance], lookup: KeyLookup) -> None:
    """Verify every seal: each is over all fields of the chain so far (RFC 8617 5.1.1). Raises Unproven."""
    so_far = hashlib.sha256()
    for number, instance in enumerate(instances, 1):
        tags = instance.seal_tags
        _need(tags, f"seal {number}", ("a", "b", "d", "s"))
        check_algorithm(tags)
        for field in (instance.results, instance.message):
            so_far.update(field.canonical(relaxed=True) + b"\r\n")
        sealed = so_far.copy()
        sealed.update(instance.seal.unsigned(relaxed=True))
        so_far.update(instance.seal.canonical(relaxed=True) + b"\r\n")
        try:
            verify_digest(sealed.digest(), tags, lookup)
        except Unproven as unproven:
            raise Unproven(unproven.result, f"seal {number}: {unproven.reason}") from None


def _need(tags: Tags, what: str, names: tuple[str, ...]) -> None:
    for name in names:
        if not tags.get(name):
            raise Unproven("permerror", f"its {what} has no {name}=")


def _results(instances: list[_Instance], sealers: Collection[str]) -> list[Results]:
    """What the sealers saw, newest first, as long as they are listed.

    Whoever sealed anew says by `cv=pass` that the mail came as the sealer before left it, so that what that
    one saw holds although its own change broke the author's signature. One who says the contrary
    in the results is believed in that.
    """
    found: list[Results] = []
    for instance in reversed(instances):
        sealer, _ = signer_of(instance.seal_tags)
        if sealer not in sealers:
            break
        _, results = read_results(instance.results.text.partition(";")[2])
        found.append(Results(sealer, tuple(results)))
        if any(result.method == "arc" and result.result != "pass" for result in results):
            break
    return found

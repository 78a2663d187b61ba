"""What a desk file may hold: one model for each kind of thing, with the description of each field.

A field that is left out keeps its value on a thing that the desk has already, and gets the default on a
new one. The descriptions are the reference that people read (`python -m mailcall.desk_file.reference`).
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from mailcall import mailbox, transport
from mailcall.desk.models import Right
from mailcall.inbound.models import FED
from mailcall.message import comparable, with_a_labels

INCOMING_PROTOCOLS = (*mailbox.PROTOCOLS, FED)
NEEDED_WHEN_NEW: dict[str, JsonValue] = {"needed_when_new": True}
NOT_SAID: Any = ""  # a default that is no value of its field
ONE_PLACE = "must be exactly one of {env: NAME}, {file: PATH} and {stored: true}"


def _is_address(value: str) -> str:
    if "@" not in value.strip("@") or any(char.isspace() or not char.isprintable() for char in value):
        raise PydanticCustomError("address", "must be an email address such as ann@example.com")
    return with_a_labels(value)


def _is_word(value: str) -> str:
    if len(value.split()) != 1 or value != value.strip():
        raise PydanticCustomError("word", "must hold no space")
    return value


def _is_line(value: str) -> str:
    if len(value.splitlines()) != 1 or not value.strip():
        raise PydanticCustomError("one_line", "must be one line of text")
    return value


def _one_or_more_folders(value: Any) -> str | list[str]:
    """A list of one is that one."""
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) and 0 < len(name) <= 255 for name in names):
        raise PydanticCustomError("folders", "must be the name of a folder, or a list of names")
    if not all(name.isprintable() and name.strip() for name in names):
        raise PydanticCustomError("folders", "must be one line of text for each folder")
    return names if len(names) > 1 else str(names[0])


def _is_group_address(value: str) -> str:
    if ";" in value:
        raise PydanticCustomError("address", "must be one address; write a list for several")
    return _is_address(value)


def _is_incoming_protocol(value: str) -> str:
    return _one_of(value, INCOMING_PROTOCOLS)


def _is_outgoing_protocol(value: str) -> str:
    return _one_of(value, transport.PROTOCOLS)


def _one_of(value: str, known: Iterable[str]) -> str:
    if value not in known:
        raise PydanticCustomError("protocol", "must be {known}", {"known": " or ".join(known)})
    return value


def _is_domain(value: str) -> str:
    domain = comparable(f"x@{value.removeprefix('@')}")[2:]
    if "@" in domain or "." not in domain.strip(".") or any(char.isspace() for char in domain):
        raise PydanticCustomError("domain", "must be a domain such as example.com")
    return domain


def _is_right(value: str) -> str:
    if value not in Right.values:
        raise PydanticCustomError("right", "must be one of {known}", {"known": ", ".join(Right.values)})
    return value


Address = Annotated[str, Field(max_length=254), AfterValidator(_is_address)]
GroupAddress = Annotated[str, Field(max_length=254), AfterValidator(_is_group_address)]
Name = Annotated[str, Field(max_length=100), AfterValidator(_is_line)]
Domain = Annotated[str, Field(max_length=254), AfterValidator(_is_domain)]
RightName = Annotated[str, AfterValidator(_is_right)]
Word = Annotated[str, AfterValidator(_is_word)]
Sender = Annotated[str, AfterValidator(_is_word), AfterValidator(with_a_labels)]
Line = Annotated[str, AfterValidator(_is_line)]
Folders = Annotated[str | list[str], PlainValidator(_one_or_more_folders)]
Scram = Literal["scram-sha-256", "scram-sha-1"]
Port = Annotated[int, Field(ge=1, le=65_535)]
Priority = Annotated[int, Field(ge=1, le=5)]
Minutes = Annotated[int, Field(ge=1, le=5_000_000)]
Told = Literal["agreement", "issue_type", "group", "entity"]
Small = Annotated[int, Field(ge=0, le=32_767)]
Big = Annotated[int, Field(ge=0, le=2_147_483_647)]


class Item(BaseModel):
    """One thing of the file: text is text, numbers are numbers, and unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SecretReference(Item):
    """Where a secret is. The file itself never holds one."""

    env: Name | None = Field(None, description="The variable of the environment that holds it.")
    file: Line | None = Field(None, description="The file that holds it; seen from the desk file's folder.")
    stored: Literal[True] | None = Field(None, description="Keep what the desk has stored.")

    @model_validator(mode="before")
    @classmethod
    def _is_no_literal(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise PydanticCustomError(
                "literal_secret",
                "can't stand here in plain text, for all who see the file to read. Write {places}",
                {"places": "{env: NAME} or {file: PATH} to say where it is, or {stored: true} to keep it"},
            )
        return value

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        if sum(place is not None for place in (self.env, self.file, self.stored)) != 1:
            raise PydanticCustomError("secret_places", "{places}", {"places": ONE_PLACE})
        return self


class PriorityItem(Item):
    """The priority that an impact and an urgency make."""

    impact: Annotated[int, Field(ge=1, le=3)] = Field(description="1 is the highest, 3 the lowest.")
    urgency: Annotated[int, Field(ge=1, le=3)] = Field(description="1 is the highest, 3 the lowest.")
    priority: Priority = Field(description="1 is the most urgent, 5 the least.")


class NotificationsItem(Item):
    """By which channels those in charge hear of what happens."""

    email: bool = Field(True, description="Whether they are told by mail.")
    internal: bool = Field(False, description="Whether they are told on their own page, too.")
    pager: bool = Field(False, description="Whether they are told by a short text to their pager, too.")
    email_optional_at_forward: bool = Field(
        False, description="Whether who forwards is asked if a mail goes out."
    )
    email_at_update: bool = Field(
        True,
        description="Whether they are told by mail when mail updates their work; as `email` is, unless "
        "`email_optional_at_forward` is on.",
    )
    email_at_escalation: bool = Field(
        True, description="Whether they are told by mail of escalations, breaches and single reminders."
    )
    people_choose: bool = Field(
        True, description="Whether each may turn notices off, or have them once a day."
    )
    most_notices: Small = Field(
        20, description="Notices to one address within `within_minutes`; more are folded; 0: never."
    )
    within_minutes: Annotated[int, Field(ge=1, le=1_440)] = Field(10, description="See `most_notices`.")
    survey_after_hours: Small = Field(
        24, description="How long after a call is closed its User is asked how content they are."
    )


class PartitionItem(Item):
    """A department's own part of the desk, with its own mailboxes."""

    name: Name = Field(description="Unique; the partition is known by it.")
    address: Address = Field(
        "", description="The address that its mail is sent from.", json_schema_extra=NEEDED_WHEN_NEW
    )
    sender_name: str = Field("", max_length=100, description="The name beside that address.")
    language: str = Field(
        "",
        max_length=35,
        description="In which it writes to readers without a language of their own; empty: the desk's.",
    )
    reopen_days: Small = Field(14, description="For how many days after closing a reply reopens a call.")
    users_may_close: bool = Field(True, description="Whether Users may close their own calls.")
    users_may_reopen: bool = Field(True, description="Whether Users may reopen their own calls.")
    token_in: Literal["reply_to", "subject", "body"] = Field(
        "reply_to", description="Where its approval mails carry the token that an answer brings back."
    )
    allowed_senders: Annotated[list[Literal["partition", "group", "own"]], Field(min_length=1)] = Field(
        ["partition"],
        description="Whose address mails that analysts write may be from; the first is proposed.",
    )
    closure_method: Literal["immediate", "rules", "comments"] = Field(
        "immediate", description="How its calls end."
    )
    closure_group: str | None = Field(
        None, description="The group that may close resolved calls; empty: each analyst."
    )
    close_after_hours: Annotated[int, Field(ge=0, le=8_760)] = Field(
        72, description="With `rules`: hours until a resolved call closes by itself; 0: never."
    )
    close_warning_hours: list[Annotated[int, Field(ge=1, le=8_760)]] = Field(
        [24], description="With `rules`: how many hours before that people are warned; all of them."
    )
    priorities: list[PriorityItem] = Field(
        [], description="All priorities that are not impact + urgency - 1."
    )
    state_names: dict[str, str] = Field(
        {}, description="What states of calls are called here, by state: `resolved: Solved`."
    )
    notifications: NotificationsItem = Field(
        NotificationsItem.model_validate({}),
        description="Who hears of what; what is left out has its default.",
    )
    message_types: dict[str, bool] = Field(
        {}, description='All message types that are switched on or off here, by code: `"1013": false`.'
    )


class OrganisationItem(Item):
    """A company or a department that people belong to."""

    name: Name = Field(description="Unique; the organisation is known by it.")
    domains: list[Domain] = Field(
        [], description="All its domains; who first writes from one of them belongs to it."
    )


class PersonItem(Item):
    """A User, an Analyst, both, or (neither) an external contact."""

    name: str = Field(min_length=1, max_length=200, description="Tells apart persons who share an address.")
    email: Address = Field(description="The person is known by it.")
    user: bool = Field(True, description="Whether it is a User.")
    analyst: bool = Field(False, description="Whether it is an Analyst.")
    template: bool = Field(False, description="Whether it is only a pattern for new persons.")
    active: bool = Field(True, description="Off for who has left: they can do nothing any more.")
    available_recipient: bool = Field(True, description="Whether mail may be sent to them.")
    organisation: str | None = Field(None, description="The name of an organisation.")
    language: str = Field("", max_length=35, description="Such as `de` or `pt-BR`.")
    time_zone: str = Field("", max_length=50, description="Such as `Europe/Berlin`.")
    addresses: list[Address] = Field([], description="All their further addresses that are verified.")
    unverified_addresses: list[Address] = Field(
        [], description="All others: mail from there shows who wrote, and does nothing in their name."
    )
    pager: Address | Literal[""] = Field("", description="Where short texts to their pager go.")
    password: SecretReference | None = Field(
        None, description="For signing in to the pages: `{env: NAME}`, `{file: PATH}` or `{stored: true}`."
    )


class GroupItem(Item):
    """A team of analysts."""

    name: Name = Field(description="Unique; the group is known by it.")
    addresses: list[GroupAddress] = Field([], description="Its own addresses, if any.")
    email_analysts: bool = Field(False, description="Also (or, with no address, only) write to each analyst.")
    members: list[str] = Field(
        [], description="All its analysts, each by address, or as `Name <address>` where several share one."
    )
    default_of: list[str] = Field([], description="Those of them whose default group it is.")


class GrantItem(Item):
    """Who has a role, and where."""

    person: Line | None = Field(None, description="An analyst, by address.")
    group: Line | None = Field(None, description="The name of a group: each analyst in it.")
    partition: Line | None = Field(None, description="The name of a partition; left out: in all.")

    @model_validator(mode="after")
    def _is_one_holder(self) -> Self:
        if (self.person is None) == (self.group is None):
            raise PydanticCustomError("one_holder", "must name a person or a group")
        return self


class RoleItem(Item):
    """Rights that are given together."""

    name: Name = Field(description="Unique; the role is known by it.")
    rights: list[RightName] = Field(
        [], description=f"What it lets do: {', '.join(f'`{right}`' for right in Right.values)}."
    )
    granted: list[GrantItem] = Field(
        [], description="All who have it: `{person: ...}` or `{group: ...}`, with a `partition` or in all."
    )


class CallTemplateItem(Item):
    """Presets for a new call."""

    name: Name = Field(description="Unique; the template is known by it.")
    partition: str = Field("", description="The name of a partition.", json_schema_extra=NEEDED_WHEN_NEW)
    type: str = Field("", max_length=50, description="The call's type.")
    stream: str = Field("", max_length=50, description="The call's stream.")
    status: Literal["open"] = Field("open", description="The state that the call begins in.")
    priority: Priority = Field(3, description="1 is the most urgent, 5 the least.")
    group: str | None = Field(None, description="The name of the group that gets the call.")
    analyst: str | None = Field(None, description="The analyst who gets the call, by address.")


class IssueTypeItem(Item):
    """What a call is about."""

    name: Annotated[str, AfterValidator(_is_line)] = Field(
        description="Its whole name, as in `Hardware > Laptop`; what it is part of comes first."
    )
    template: str | None = Field(None, description="The call template for new calls of it.")
    priority: Priority | None = Field(
        None, description="For calls whose priority nothing else decides: 1 is the most urgent."
    )
    active: bool = Field(True, description="Whether calls can be given it.")
    analysts: list[str] = Field(
        [], description="Who are told of escalations where an agreement says so, by address."
    )


class BusinessCalendarItem(Item):
    """When work is done: hours such as `08:00-12:00, 13:00-17:00`, or `closed`."""

    name: Name = Field(description="Unique; the calendar is known by it.")
    time_zone: str = Field("UTC", max_length=50, description="Such as `Europe/Berlin`.")
    monday: str = Field("08:00-17:00", max_length=200, description="Hours.")
    tuesday: str = Field("08:00-17:00", max_length=200, description="Hours.")
    wednesday: str = Field("08:00-17:00", max_length=200, description="Hours.")
    thursday: str = Field("08:00-17:00", max_length=200, description="Hours.")
    friday: str = Field("08:00-17:00", max_length=200, description="Hours.")
    saturday: str = Field("closed", max_length=200, description="Hours.")
    sunday: str = Field("closed", max_length=200, description="Hours.")
    country: str = Field("", max_length=2, description="Whose holidays are closed, such as `DE`.")
    subdivision: str = Field("", max_length=6, description="Whose holidays, too, such as `BY`.")
    days: list[Line] = Field(
        [], description="All days that are otherwise: `2026-12-24 08:00-12:00` or `2026-12-27 closed`."
    )


class TargetItem(Item):
    """How soon work of a priority is answered and resolved, in minutes of working time."""

    priority: Priority = Field(description="1 is the most urgent, 5 the least.")
    response_minutes: Minutes | None = Field(None, description="Until the first answer; empty: none.")
    resolution_minutes: Minutes | None = Field(None, description="Until it is resolved; empty: none.")


class LevelItem(Item):
    """When people are told that a target is near or passed; levels count up by their order."""

    measure: Literal["response", "resolution"] = Field("resolution", description="Of which target.")
    percent: Annotated[int, Field(ge=1, le=1_000)] | None = Field(
        None, description="After this share of its time."
    )
    minutes: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] | None = Field(
        None, description="So many minutes after it; before it with a minus. This or `percent`."
    )
    tells: list[Told] = Field(
        ["entity"], description="Whom: `agreement`, `issue_type`, `group`, `entity` (whoever is in charge)."
    )

    @model_validator(mode="after")
    def _is_one_moment(self) -> Self:
        if (self.percent is None) == (self.minutes is None):
            raise PydanticCustomError("one_moment", "must have `percent` or `minutes`")
        return self


class AgreementItem(Item):
    """A service level agreement; of those that fit, the most specific holds."""

    name: Name = Field(description="Unique; the agreement is known by it.")
    active: bool = Field(True, description="Whether work is measured by it.")
    covers: Literal["call", "request", "task"] = Field("call", description="What it is about.")
    calendar: str = Field("", description="A business calendar.", json_schema_extra=NEEDED_WHEN_NEW)
    partition: str | None = Field(None, description="Only for work of this partition.")
    organisation: str | None = Field(None, description="Only for Users of this organisation.")
    issue_type: str | None = Field(None, description="Only for calls of this issue type, or of its parts.")
    group: str | None = Field(
        None, description="Only for work of this group, and besides what is agreed with Users."
    )
    targets: list[TargetItem] = Field([], description="All its targets, one for each priority.")
    levels: list[LevelItem] = Field([], description="All its levels of escalation.")
    breach_tells: list[Told] = Field(["entity"], description="Whom a breach is told to, as with a level.")
    people: list[str] = Field([], description="The analysts whom `agreement` means, by address.")


class StepItem(Item):
    """A step of a workflow, which becomes one task of each request."""

    key: Annotated[str, Field(max_length=50), AfterValidator(_is_word)] = Field(
        description="What other steps name it by."
    )
    title: str = Field(min_length=1, max_length=200, description="What is to be done, or approved.")
    kind: Literal["plain", "approval", "user_approval"] = Field(
        "plain", description="Whether it is done, approved by analysts, or approved by Users."
    )
    after: list[str] = Field([], description="The steps that must have ended before.")
    condition: Literal["", "approved", "rejected", "always"] = Field(
        "", description="On which outcome of an approval it runs."
    )
    condition_on: str = Field("", description="That approval; empty: those directly before.")
    group: str | None = Field(None, description="The group that gets the task.")
    analyst: str | None = Field(None, description="The analyst who gets the task.")
    approvers: list[str] = Field([], description="Who are asked to approve, by address.")
    approver_group: str | None = Field(None, description="The group whose analysts are asked to approve.")
    rule: Literal["all", "any", "some"] = Field("all", description="How many of them must approve.")
    needed: Annotated[int, Field(ge=1, le=32_767)] | None = Field(
        None, description="The number, if it is `some`."
    )
    time_limit_hours: Annotated[int, Field(ge=1, le=87_600)] | None = Field(
        None, description="From when the task opens; empty: none."
    )
    reminder_hours: Annotated[int, Field(ge=1, le=87_600)] | None = Field(
        None, description="Between two reminders; empty: none."
    )
    on_time_limit: Literal["nothing", "rejected"] = Field(
        "nothing", description="What becomes of an approval whose time limit passes."
    )


class RequestTypeItem(Item):
    """A kind of request and its workflow. Requests under way keep the steps that they began with."""

    name: Name = Field(description="Unique; the request type is known by it.")
    partition: str = Field("", description="The name of a partition.", json_schema_extra=NEEDED_WHEN_NEW)
    description: str = Field("", description="For who is about to log one.")
    active: bool = Field(True, description="Whether requests of it can be logged.")
    logged_by_mail: Literal["anybody", "analysts"] = Field(
        "anybody", description="Who, of those the desk knows, may log one by mail."
    )
    logged_on_page: Literal["anybody", "analysts"] = Field(
        "anybody", description="Who may log one on a page."
    )
    group: str | None = Field(None, description="The group that gets the request.")
    analyst: str | None = Field(None, description="The analyst who gets the request, by address.")
    priority: Priority = Field(3, description="1 is the most urgent, 5 the least.")
    steps: list[StepItem] = Field([], description="All steps of its workflow, in order.")


class IncomingAccountItem(Item):
    """A mailbox that is collected from, or a name for mail that is handed over."""

    name: Name = Field(description="Unique; the account is known by it.")
    active: bool = Field(True, description="Whether it is collected from.")
    address: Address = Field(
        "", description="The address that people write to.", json_schema_extra=NEEDED_WHEN_NEW
    )
    template: str = Field(
        "",
        description="The name of the call template for its calls, and through it the partition.",
        json_schema_extra=NEEDED_WHEN_NEW,
    )
    protocol: Annotated[str, AfterValidator(_is_incoming_protocol)] = Field(
        "imap",
        description="How the mailbox is reached; `fed`: there is none, mail comes by pipe or LMTP.",
        json_schema_extra={"choices": [*INCOMING_PROTOCOLS]},
    )
    server: str = Field("", max_length=255, description="Host name; for IMAP and POP3.")
    port: Port = Field(993, description="On a new account the usual one of the protocol.")
    security: Literal["tls", "starttls", "plain"] = Field(
        "tls", description="How the connection is protected."
    )
    login: str = Field("", max_length=255, description="The name to sign in with.")
    password: SecretReference | None = Field(
        None, description="`{env: NAME}`, `{file: PATH}` or `{stored: true}`; empty: none."
    )
    auth_method: Literal["auto", Scram, "plain", "login", "cram-md5", "apop"] = Field(
        "auto", description="`auto` takes the most secure that the server offers; `apop` is for POP3."
    )
    folder: Folders = Field("INBOX", description="The folder, or a list of folders, for IMAP.")
    path: str = Field("", max_length=500, description="The folder on this machine, for Maildir.")
    ca_file: str = Field("", max_length=500, description="A private certification authority, PEM.")
    disposal: Literal["delete", "move", "keep"] = Field(
        "delete", description="What happens in the mailbox to a mail once it is safe in the journal."
    )
    move_to: str = Field(
        "",
        max_length=255,
        description="The folder, when the disposal is `move`; with `delete` for mails that are too big.",
    )
    size_limit: Annotated[int, Field(ge=0, le=2_000)] = Field(
        50, description="In MB; of a mail above, only the header is fetched, and it is rejected; 0: no limit."
    )
    session_limit: Big = Field(
        0, description="Messages deleted before the session is closed and opened again; 0: no limit."
    )
    check_interval: Annotated[int, Field(ge=1, le=86_400)] | None = Field(
        None, description="Seconds between checks; empty: the installation's default."
    )
    default_logging_analyst: str | None = Field(
        None, description="The analyst, by address, who logs the calls of others' mail; no template person."
    )
    use_linked_analyst: bool = Field(
        False, description="Whether an analyst's own mail is logged by that analyst."
    )
    trusted_hosts: list[Word] = Field([], description="Hosts whose Authentication-Results count.")
    trusted_sealers: list[Word] = Field([], description="Domains whose ARC seals count.")
    internal_marker: str = Field(
        "",
        max_length=200,
        description="A header field that your gateway sets on internal mail alone, as `Name: value`.",
    )
    verify_dkim: bool = Field(True, description="Whether DKIM signatures are verified here.")
    gateway_tags: list[Line] = Field([], description="Words a gateway puts into subjects: `[EXTERNAL]`.")
    blocked_senders: list[Sender] = Field([], description="Addresses or @domains whose mail is rejected.")
    reject_subjects: list[Line] = Field([], description="A subject that contains one is rejected.")
    spam_headers: list[Line] = Field(
        [], description="Header fields by which your gateway marks spam, as `Name: value` or `Name`."
    )
    unscanned: Literal["wait", "accept"] = Field(
        "wait",
        description="Of mail that the antivirus daemon can't look at: it waits, or is worked on, and its "
        "files carry a warning.",
    )
    reject_automatic_subjects: bool = Field(
        False, description="Whether what looks automatic by its subject alone is rejected, as a second line."
    )
    automatic_logs: bool = Field(
        True,
        description="Whether automatic mail that answers nothing logs or updates calls; else: rejected.",
    )
    known_people_only: bool = Field(False, description="Whether only people on record may log calls.")
    log_for_original_sender: bool = Field(
        False, description="Whether a mail that an analyst forwards is logged for who wrote it."
    )
    words: dict[str, list[str]] = Field(
        {}, description="Further words for subject commands, by keyword: `CLOSE: [FINISH]`."
    )
    word_languages: list[str] = Field(
        [], description="Languages whose words subject commands may have: `de`, `fr`."
    )
    proofs: dict[str, str] = Field(
        {}, description="The least proof by action, where it is not the default: `close: authenticated`."
    )


class OutgoingServerItem(Item):
    """A server that mail leaves by."""

    name: Name = Field(description="Unique; the server is known by it.")
    active: bool = Field(True, description="Whether mail leaves by it.")
    protocol: Annotated[str, AfterValidator(_is_outgoing_protocol)] = Field(
        "smtp",
        description="How mail is handed over.",
        json_schema_extra={"choices": [*transport.PROTOCOLS]},
    )
    server: str = Field("", max_length=255, description="Host name; not for Maildir.")
    port: Port = Field(587, description="On a new server the usual one of its security.")
    security: Literal["tls", "starttls", "plain"] = Field(
        "starttls", description="How the connection is protected."
    )
    login: str = Field("", max_length=255, description="The name to sign in with; empty: no signing in.")
    password: SecretReference | None = Field(
        None, description="`{env: NAME}`, `{file: PATH}` or `{stored: true}`; empty: none."
    )
    auth_method: Literal["auto", Scram, "plain", "login", "cram-md5", "none"] = Field(
        "auto", description="`auto` takes the most secure that the server offers."
    )
    ca_file: str = Field("", max_length=500, description="A private certification authority, PEM.")
    path: str = Field("", max_length=500, description="The folder on this machine, for Maildir.")
    partition: str | None = Field(None, description="Only for this partition's mail; empty: for all.")
    priority: Small = Field(10, description="The least is tried first.")
    sender_domains: list[Domain] = Field(
        [], description="Only for mail from addresses of these domains; empty: of any."
    )
    call_priority: Annotated[int, Field(ge=0, le=5)] = Field(
        0, description="Only for mail about work of this priority, or a more urgent one; 0: any mail."
    )
    from_group: bool = Field(
        False, description="Whether what an analyst writes is from the address of their default group."
    )
    pager_encoding: str = Field("utf-8", max_length=40, description="The encoding of texts to pagers.")
    rate_limit: Big = Field(0, description="The most recipients in a minute; 0: no limit.")
    domain_rate_limit: Big = Field(
        0, description="The most recipients of one domain in a minute; 0: no limit."
    )
    envelope_tags: bool = Field(
        False,
        description="Whether each copy has an envelope sender of its own, `address+tag`, so that whatever "
        "comes back finds it; only where the mailbox gets mail for such addresses.",
    )


class SnippetItem(Item):
    """A text that analysts put into their mails; [how to](../how-to/write-mails.md)."""

    name: Name = Field(description="Unique; analysts choose it by it.")
    partition: str | None = Field(None, description="Only for mails of this partition; empty: for all.")
    language: str = Field("", max_length=35, description="Such as `de` or `pt-BR`; empty: any.")
    text: str = Field("", max_length=20_000, description="Plain text.", json_schema_extra=NEEDED_WHEN_NEW)


class LayoutItem(Item):
    """What stands around several templates; [how to](../how-to/write-templates.md)."""

    name: Name = Field(description="Unique; templates refer to it by it.")
    html: str = Field(
        "",
        max_length=100_000,
        description="Liquid, with a place for `{{ content }}`.",
        json_schema_extra=NEEDED_WHEN_NEW,
    )
    text: str = Field("", max_length=100_000, description="The same for plain text.")


class TemplateTextItem(Item):
    """What a template says in one language, as Liquid."""

    subject: str = Field("", max_length=500, description="Empty: as Mailcall has it.")
    html: str = Field("", max_length=100_000, description="Needed but for short texts.")
    text: str = Field("", max_length=100_000, description="Empty: made from the HTML.")


class TemplateFileItem(Item):
    """A file that goes with each mail."""

    name: Line = Field(max_length=120, description="Its name, such as `logo.png`.")
    image: str = Field("", max_length=100, description="To show it as `cid:`; empty: it is attached.")
    base64: str = Field(max_length=2_000_000, description="Its bytes.")


class TemplateUseItem(Item):
    """When a template writes a message type: as its default, or where all that is given fits."""

    message_type: Annotated[int, Field(ge=1, le=9_999)] = Field(description="The code.")
    default: bool = Field(False, description="For all that no condition fits.")
    partition: str = Field("", description="By its name.")
    language: str = Field("", max_length=35, description="Of whoever reads it.")
    priority: Priority | None = Field(None, description="1 is the most urgent.")
    group: str = Field("", description="By its name.")
    order: Annotated[int, Field(ge=0, le=32_767)] = Field(
        0, description="The least is tried first; 0: at 10."
    )


class TemplateItem(Item):
    """A template of mails; [how to](../how-to/write-templates.md)."""

    name: Name = Field(description="Unique; the template is known by it.")
    message_type: Annotated[int, Field(ge=1, le=9_999)] = Field(
        description="The code of the [message type](message-types.md) whose data it uses."
    )
    channel: Literal["email", "pager", "internal"] = Field("email", description="How it reaches people.")
    layout: str | None = Field(None, description="A layout by its name; empty: Mailcall's own.")
    files: list[TemplateFileItem] = Field(
        default_factory=list, max_length=10, description="Images that it shows, and files that go with it."
    )
    languages: dict[str, TemplateTextItem] = Field(
        description="What it says in each language, such as `de`; a change makes a new version."
    )
    used: list[TemplateUseItem] = Field(default_factory=list, description="When it is used.")


class RetentionRuleItem(Item):
    """After how many days something is removed; [how to](../how-to/keep-and-erase.md)."""

    name: Name = Field(description="Unique; the rule is known by it.")
    active: bool = Field(
        False, description="Whether the service heeds it, once `mailcall retention run` showed what it does."
    )
    removes: Literal[
        "raw_mail",
        "rejected_mail",
        "closed_calls",
        "closed_requests",
        "sent_messages",
        "notices",
        "sign_ins",
        "orphaned_files",
    ] = Field(NOT_SAID, description="What it removes.", json_schema_extra=NEEDED_WHEN_NEW)
    after_days: Annotated[int, Field(ge=1, le=36_500)] = Field(
        0,
        description="How many days after it was dealt with, closed, sent or written.",
        json_schema_extra=NEEDED_WHEN_NEW,
    )
    partition: str | None = Field(None, description="Only of this partition; empty: of all.")
    how: Literal["anonymize", "delete"] = Field(
        "anonymize", description="What becomes of closed calls and requests."
    )

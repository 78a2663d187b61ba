"""Who the desk deals with, and how a new call is preset."""

from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from mailcall.desk.naming import check_name

# RFC 5646 2.1: language, script, region, variants; extensions and private use are no language of a text.
is_language = RegexValidator(
    r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*\Z",
    "“%(value)s” is no language: give a tag such as de, pt-BR or zh-Hant.",
)


@cache
def time_zones() -> frozenset[str]:
    """The names of all time zones; finding them walks through many files."""
    return frozenset(available_timezones())


def is_time_zone(value: str) -> None:
    """Raise ValidationError unless it is a place of the IANA time zone database."""
    if value not in time_zones():
        raise ValidationError(f"“{value}” is no time zone: give one such as Europe/Berlin or UTC.")


class ClosureMethod(models.TextChoices):
    """How a call ends that was worked."""

    IMMEDIATE = "immediate", "Immediate"
    RULES = "rules", "Rules"
    COMMENTS = "comments", "Comments"


class TokenPlace(models.TextChoices):
    """Where approval mails carry the token that an answer is to bring back."""

    REPLY_TO = "reply_to", "Reply-To"
    SUBJECT = "subject", "Subject"
    BODY = "body", "Body"


class Partition(models.Model):
    """A department's own part of the desk, with its own mailboxes."""

    name = models.CharField(max_length=100, unique=True)
    address = models.CharField(max_length=254, help_text="The address that its mail is sent from.")
    sender_name = models.CharField(max_length=100, blank=True, help_text="The name beside that address.")
    language = models.CharField(
        max_length=35,
        blank=True,
        validators=[is_language],
        help_text="Of readers without one of their own, such as de or pt-BR; empty: the desk's.",
    )
    reopen_days = models.PositiveSmallIntegerField(
        default=14, help_text="For how many days after closing a reply reopens a call."
    )
    closure_method = models.CharField(
        max_length=10, choices=ClosureMethod, default=ClosureMethod.IMMEDIATE, help_text="How calls end."
    )
    closure_group = models.ForeignKey(
        "Group",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who may close resolved calls, unless the method is Immediate; without it, each analyst.",
    )
    close_after_hours = models.PositiveIntegerField(
        default=72, help_text="With Rules: when a resolved call closes by itself; 0: never."
    )
    close_warning_hours = models.CharField(
        max_length=50, blank=True, default="24", help_text="With Rules: hours before that, such as 48, 4."
    )
    token_in = models.CharField(
        max_length=10,
        choices=TokenPlace,
        default=TokenPlace.REPLY_TO,
        help_text="Where its approval mails carry the token.",
    )
    users_may_close = models.BooleanField(default=True, help_text="Whether Users may close their own calls.")
    users_may_reopen = models.BooleanField(
        default=True, help_text="Whether Users may reopen their own calls."
    )
    allowed_senders = models.CharField(
        max_length=50,
        default="partition",
        help_text="Whose address mails that analysts write may be from: partition, group, own; the first "
        "is proposed.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse warnings that would come when calls are closed already."""
        if self.closure_method != ClosureMethod.RULES or not self.close_after_hours:
            return
        for hours in self.close_warning_hours.split(","):
            if hours.strip().isdecimal() and int(hours) >= self.close_after_hours:
                raise ValidationError(
                    {
                        "close_warning_hours": f"Nobody can be warned {hours.strip()} hours before, as calls "
                        f"close after {self.close_after_hours}."
                    }
                )


class Organisation(models.Model):
    """A company or a department that people belong to."""

    name = models.CharField(max_length=200, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class OrganisationDomain(models.Model):
    """A domain of an organisation: who first writes from it belongs there."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="domains")
    domain = models.CharField(max_length=254, unique=True, help_text="Kept in lower case.")

    class Meta:
        ordering = ["domain"]

    def __str__(self) -> str:
        return self.domain


class Person(models.Model):
    """One person with an address: a User, an Analyst, both, or (neither) an external contact.

    Several persons may share an address; the one recorded first wins.
    """

    # Of a person whom `people_by_address` found: whether the address is certainly theirs.
    address_verified = True

    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254, db_index=True, help_text="Kept in lower case.")
    is_user = models.BooleanField("User", default=True)
    is_analyst = models.BooleanField("Analyst", default=False)
    is_template = models.BooleanField("template", default=False, help_text="A pattern for new persons.")
    active = models.BooleanField(
        default=True, help_text="Off for who has left: they can do nothing any more; what they did stays."
    )
    available_recipient = models.BooleanField(default=True, help_text="Whether mail may be sent to them.")
    made_by_mail = models.BooleanField(
        default=False, help_text="Whether nothing but a mail from the address put them on record."
    )
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.SET_NULL, related_name="people"
    )
    language = models.CharField(
        max_length=35, blank=True, validators=[is_language], help_text="Such as de or pt-BR."
    )
    time_zone = models.CharField(
        max_length=50, blank=True, validators=[is_time_zone], help_text="Such as Europe/Berlin."
    )
    default_group = models.ForeignKey(
        "Group",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text="Of several that they are in; empty: the one that they were put into first.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the address comparable."""
        self.email = self.email.strip().casefold()
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class PersonAddress(models.Model):
    """A further address of a person. Mail from it shows who wrote; only a verified one is theirs for certain.

    Several persons may have the same one, as with the address on record.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="addresses")
    address = models.CharField(max_length=254, db_index=True, help_text="Kept in lower case.")
    verified_at = models.DateTimeField(null=True, blank=True)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["person", "address"], name="address_once_of_a_person")]

    def __str__(self) -> str:
        return self.address


class PersonChange(models.Model):
    """What somebody changed about a person's record, so that it can be asked who did."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=300, help_text="As it was then.")
    text = models.TextField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.text


class Group(models.Model):
    """A team of analysts, with zero or more addresses of its own."""

    name = models.CharField(max_length=100, unique=True)
    addresses = models.TextField(blank=True, help_text="Separated by semicolons.")
    email_analysts = models.BooleanField(
        "Email Analysts", default=False, help_text="Also (or, with no address, only) write to each analyst."
    )
    members: "models.ManyToManyField[Person, Membership]" = models.ManyToManyField(
        Person, through="Membership", related_name="analyst_groups"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """An analyst in a group."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE)
    person = models.ForeignKey(Person, on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "person"], name="once_in_a_group")]

    def __str__(self) -> str:
        return f"{self.person} in {self.group}"


class CallTemplate(models.Model):
    """Presets for a new call."""

    name = models.CharField(max_length=100, unique=True)
    partition = models.ForeignKey(Partition, on_delete=models.PROTECT)
    type = models.CharField(max_length=50, blank=True)
    stream = models.CharField(max_length=50, blank=True)
    status = models.CharField(max_length=20, default="open", choices=[("open", "Open")])
    priority = models.PositiveSmallIntegerField(default=3, help_text="1 is the most urgent, 5 the least.")
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.SET_NULL)
    analyst = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a name that mail could not ask for it by."""
        check_name(self.name)


class IssueType(models.Model):
    """What a call is about, in a tree: Hardware > Laptop."""

    name = models.CharField(max_length=100)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    template = models.ForeignKey(
        CallTemplate,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        help_text="Presets for new calls of it.",
    )
    priority = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="For calls whose priority nothing else decides."
    )
    active = models.BooleanField(default=True, help_text="Whether calls can be given it.")
    analysts = models.ManyToManyField(
        Person, blank=True, related_name="+", help_text="Who are told of escalations, where a level says so."
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="issue_type_once_in_another"),
            models.UniqueConstraint(
                fields=["name"], name="issue_type_once_at_the_top", condition=models.Q(parent__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what looks like a place in the tree, but is none."""
        if ">" in self.name:
            before = self.name.rpartition(">")[0].strip()
            raise ValidationError({"name": f"There is no issue type “{before}” that it could be part of."})


class PriorityRule(models.Model):
    """The priority that an impact and an urgency make in a partition."""

    partition = models.ForeignKey(Partition, on_delete=models.CASCADE, related_name="priority_rules")
    impact = models.PositiveSmallIntegerField(help_text="1 is the highest, 3 the lowest.")
    urgency = models.PositiveSmallIntegerField(help_text="1 is the highest, 3 the lowest.")
    priority = models.PositiveSmallIntegerField(help_text="1 is the most urgent, 5 the least.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partition", "impact", "urgency"], name="one_priority_for_both")
        ]

    def __str__(self) -> str:
        return f"Impact {self.impact}, urgency {self.urgency}: priority {self.priority}"

"""Templates of mails: what administrators wrote, in versions that stay, and when each is used."""

from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils import timezone

from mailcall.desk.models import Content, Group, Partition, Person
from mailcall.desk.models.people import is_language


class TemplateChannel(models.TextChoices):
    """How a message made from it reaches people."""

    EMAIL = "email", "Email"
    PAGER = "pager", "Pager"
    INTERNAL = "internal", "Internal"


class Layout(models.Model):
    """What stands around the content of several templates. A change makes new versions of all of them."""

    name = models.CharField(max_length=100, unique=True)
    html = models.TextField("HTML", blank=True, help_text="With a place for {{ content }}.")
    text = models.TextField("Plain text", blank=True, help_text="The same for plain text.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Template(models.Model):
    """A template in some languages, written with the data of one message type."""

    name = models.CharField(max_length=100, unique=True)
    type_code = models.PositiveSmallIntegerField(help_text="The message type whose data it uses.")
    channel = models.CharField(max_length=10, choices=TemplateChannel, default=TemplateChannel.EMAIL)
    layout = models.ForeignKey(
        Layout, null=True, blank=True, on_delete=models.PROTECT, help_text="Empty: Mailcall's own."
    )
    trouble = models.TextField(blank=True, editable=False, help_text="Why it could not be used.")
    trouble_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """What a template says in one language. It never changes, and has its layout with it."""

    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="versions")
    language = models.CharField(max_length=35, validators=[is_language])
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=500, blank=True, help_text="Empty: as Mailcall has it.")
    html = models.TextField(blank=True)
    text = models.TextField(blank=True, help_text="Empty: made from the HTML.")
    layout_html = models.TextField(blank=True)
    layout_text = models.TextField(blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    made_by_name = models.CharField(max_length=200)
    why = models.CharField(max_length=200, blank=True, help_text="Such as: back to version 2.")

    class Meta:
        ordering = ["template", "language", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["template", "language", "number"], name="one_version_of_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.template} ({self.language}), version {self.number}"


class TemplateFile(models.Model):
    """A file that goes with each mail made from a template: attached, or an image that its HTML shows."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="files")
    content = models.ForeignKey(Content, on_delete=models.PROTECT, related_name="template_files")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=127)
    cid = models.CharField(
        "Image name", max_length=100, blank=True, help_text="As in cid:logo. Empty: attached."
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "cid"], name="one_image_of_a_name", condition=~Q(cid="")
            )
        ]

    def __str__(self) -> str:
        return self.name


class TemplateRule(models.Model):
    """When a message type is written by a template: what is empty fits all. The first that fits counts.

    The default comes last, and without one the template that Mailcall has.
    """

    type_code = models.PositiveSmallIntegerField()
    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="rules")
    is_default = models.BooleanField(default=False)
    partition = models.ForeignKey(
        Partition, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    language = models.CharField(max_length=35, blank=True, validators=[is_language])
    priority = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 is the most urgent.")
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    order = models.PositiveSmallIntegerField(default=10, help_text="The least is tried first.")

    class Meta:
        ordering = ["type_code", "is_default", "order", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_default=False)
                | Q(partition__isnull=True, language="", priority__isnull=True, group__isnull=True),
                name="a_default_has_no_condition",
            )
        ]

    def __str__(self) -> str:
        return f"{self.type_code} by {self.template}"


class TypeName(models.Model):
    """What the administrator calls a message type; its code stays."""

    type_code = models.PositiveSmallIntegerField(unique=True)
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return f"{self.type_code} {self.name}"


class TemplateStamp(models.Model):
    """Changes with every change to templates and their use, so that what is in memory is renewed."""

    value = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.value

    @classmethod
    def renew(cls) -> None:
        """Say that something changed."""
        cls.objects.update_or_create(pk=1, defaults={"value": uuid4().hex})

    @classmethod
    def now(cls) -> str:
        """The present value."""
        row: Any = cls.objects.filter(pk=1).values_list("value", flat=True).first()
        return row or ""

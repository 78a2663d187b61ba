"""What Users say of how their calls were worked."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from mailcall.desk.models.calls import Call
from mailcall.desk.models.people import Person

WORST, BEST = 1, 5


class Survey(models.Model):
    """What the User of a call answered when asked how content they are; one for each call and person."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="surveys")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="surveys")
    rating = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(WORST), MaxValueValidator(BEST)], help_text="5 is the best."
    )
    comment = models.TextField(blank=True)
    answered_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["call", "person"], name="one_survey_of_a_call"),
            models.CheckConstraint(
                condition=Q(rating__gte=WORST) & Q(rating__lte=BEST), name="a_rating_is_of_five"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call}: {self.rating} of {BEST}"

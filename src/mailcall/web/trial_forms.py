"""The rules of an account as people type them, checked, with a sentence for each mistake."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from mailcall.grammar import LANGUAGES
from mailcall.inbound.models import IncomingAccount
from mailcall.inbound.proofs import ACTIONS
from mailcall.inbound.trial import Rules

PROOF = "proof_"
MOST_LINES = 50_000  # characters


class RulesForm(forms.Form):
    """The rules of one account that can be tried, filled in with those that it has."""

    reject_subjects = forms.CharField(
        label="Reject list",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=MOST_LINES,
        required=False,
        help_text="One a line: a subject that contains it is rejected.",
    )
    reject_automatic_subjects = forms.BooleanField(
        label="Reject subjects that machines write, such as “Read receipt:”", required=False
    )
    known_people_only = forms.BooleanField(label="Log calls for people on record only", required=False)
    word_languages = forms.MultipleChoiceField(
        label="Languages of commands",
        choices=list(LANGUAGES.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    words = forms.CharField(
        label="Further words",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=MOST_LINES,
        required=False,
        help_text="One keyword a line: CLOSE: FINISH, WRAP UP",
    )

    def __init__(self, account: IncomingAccount, data: Any = None, **kwargs: Any) -> None:
        """With no `data` it shows what the account has."""
        rules = Rules.of(account)
        initial = {
            "reject_subjects": rules.reject_subjects,
            "reject_automatic_subjects": rules.reject_automatic_subjects,
            "known_people_only": rules.known_people_only,
            "word_languages": rules.word_languages.split(),
            "words": "\n".join(f"{keyword}: {', '.join(words)}" for keyword, words in rules.words.items()),
        }
        super().__init__(data, initial=initial, **kwargs)
        for action, rule in ACTIONS.items():
            default = f"{rule.default} (the default)"
            self.fields[PROOF + action.replace(" ", "_")] = forms.ChoiceField(
                label=action.capitalize(),
                choices=[("", default), *((level, level) for level in rule.allowed if level != rule.default)],
                initial=rules.proofs.get(action, ""),
                required=False,
            )

    def proofs(self) -> Iterator[forms.BoundField]:
        """The fields of the least proof, one an action."""
        return (self[name] for name in self.fields if name.startswith(PROOF))

    def clean_words(self) -> dict[str, list[str]]:
        """Words by keyword."""
        words: dict[str, list[str]] = {}
        for line in filter(str.strip, self.cleaned_data["words"].splitlines()):
            keyword, _, spellings = line.partition(":")
            theirs = [word.strip() for word in spellings.split(",") if word.strip()]
            if not keyword.strip() or not theirs:
                raise ValidationError(f"“{line.strip()}” must look like CLOSE: FINISH, WRAP UP.")
            words.setdefault(keyword.strip().upper(), []).extend(theirs)
        return words

    def rules(self) -> Rules:
        """What was typed, of a form that is valid."""
        values = self.cleaned_data
        typed = {action: values[PROOF + action.replace(" ", "_")] for action in ACTIONS}
        return Rules(
            reject_subjects="\n".join(filter(None, map(str.strip, values["reject_subjects"].splitlines()))),
            reject_automatic_subjects=values["reject_automatic_subjects"],
            known_people_only=values["known_people_only"],
            words=values["words"],
            word_languages=" ".join(values["word_languages"]),
            proofs={action: level for action, level in typed.items() if level},
        )

    def take_errors(self, error: ValidationError) -> None:
        """Show what an account can't have, beside the field where there is one."""
        for name, sentences in error.message_dict.items():
            self.add_error(name if name in self.fields else None, sentences)

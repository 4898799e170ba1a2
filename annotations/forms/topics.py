"""Forms of topics and daily limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from annotations.models import StudyTopic
from annotations.rules.load import LEAST_MINUTES, MOST_MINUTES
from annotations.rules.topics import Choice


class TopicsForm(forms.Form):
    """A choice for each topic, and a daily limit of one's own.

    Nothing is chosen beforehand. A topic without a choice is fine.
    """

    def __init__(
        self,
        data: Any = None,
        *,
        topics: Sequence[StudyTopic],
        choices: Mapping[str, Choice],
        own_minutes: int | None,
        study_minutes: int,
    ) -> None:
        super().__init__(data)
        self._topics = {f"topic-{one.id}": one.topic for one in topics}
        self._earlier = choices
        for name, topic in self._topics.items():
            self.fields[name] = forms.ChoiceField(
                label=topic,
                choices=Choice.choices,
                widget=forms.RadioSelect,
                initial=choices.get(topic),
                required=False,
            )
        self.fields["minutes"] = forms.IntegerField(
            label=_("Your own daily limit in minutes (optional)"),
            min_value=LEAST_MINUTES,
            max_value=study_minutes,
            initial=own_minutes,
            required=False,
            help_text=_("Minutes of heavy texts. Lighter texts count half or a quarter."),
        )

    def topic_fields(self) -> list[BoundField]:
        """Return the fields of the topics."""
        return [self[name] for name in self._topics]

    def choices(self) -> dict[str, str]:
        """Return topic → choice, of all topics on the page. One that was left open is fine."""
        sent = self.cleaned_data
        return {
            topic: sent[name] or self._earlier.get(topic, Choice.FINE)
            for name, topic in self._topics.items()
        }


class StudyLimitForm(forms.Form):
    """The daily limit of a study."""

    minutes = forms.IntegerField(
        label=_("Minutes of heavy texts on one day"),
        min_value=LEAST_MINUTES,
        max_value=MOST_MINUTES,
        help_text=_("60 is recommended. Each person can choose a lower limit."),
    )

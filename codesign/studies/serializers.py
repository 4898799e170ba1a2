"""Studies in the API."""

from rest_framework import serializers

from codesign.studies.models import Member


class StudySerializer(serializers.ModelSerializer[Member]):
    """A study as one of its members sees it."""

    slug = serializers.SlugField(source="study.slug")
    title = serializers.CharField(source="study.title")
    state = serializers.CharField(source="study.state")
    language = serializers.CharField(source="study.language")
    cohort = serializers.CharField(source="cohort.key", default=None, allow_null=True)

    class Meta:
        model = Member
        fields = ("slug", "title", "state", "language", "roles", "cohort")
        read_only_fields = fields

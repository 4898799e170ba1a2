"""Names in a release: which inputs change them, and that they stay what they were."""

import hashlib
import hmac

import pytest

from annotations.datasets.policy.pseudonyms import Pseudonyms, shared_record_id

NAME = Pseudonyms(b"secret", "hash").name("member", "m1", "m2")


def test_a_name_is_the_hmac_of_the_ids() -> None:
    """Written out, so that a later version gives the same names for the same selection."""
    digest = hmac.new(b"secret", b"hash|member|m1|m2", hashlib.sha256).hexdigest()
    assert digest[:24] == NAME
    assert len(NAME) == 24


@pytest.mark.parametrize(
    "other",
    [
        Pseudonyms(b"another", "hash").name("member", "m1", "m2"),
        Pseudonyms(b"secret", "another").name("member", "m1", "m2"),
        Pseudonyms(b"secret", "hash").name("judgement", "m1", "m2"),
        Pseudonyms(b"secret", "hash").name("member", "m2", "m1"),
    ],
)
def test_another_secret_selection_kind_or_id_gives_another_name(other: str) -> None:
    assert other != NAME


def test_a_record_of_several_people_has_the_same_id_in_every_release() -> None:
    digest = hashlib.sha256(b"preference|a|b").hexdigest()
    assert shared_record_id("preference", "a", "b") == digest[:24]

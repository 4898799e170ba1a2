#!/usr/bin/env bash
# phonenumbers 9.0.43: 116 123 is unknown in EU states where it answers calls, and short numbers are linked wrongly.
#
# Expected: 116 123 has been reserved for emotional support in every EU state since 2007 (2007/698/EC), so it is a
# valid short number in those where a line answers on it, such as Estonia and Latvia; and format_number in RFC3966 gives a
# short number as a phone dials it (RFC 3966 writes such a local number as tel:116123;phone-context=...).
# Seen: is_valid_short_number_for_region is True for Germany and Ireland, and False for Estonia and Latvia, whose numbers
# are in use (sotsiaalkindlustusamet.ee, vmnvd.gov.lv). Links get a country code: tel:+49-116123 and tel:+1-988 reach nobody.
# What it means for us: codesign/care/rules/phone_numbers.py looks short numbers up in a table checked by hand as well, and
# links every number as it was typed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check phonenumbers==9.0.43
"$work/venv/bin/python" - <<'PYTHON'
import phonenumbers
from phonenumbers import PhoneNumberFormat, format_number, parse, shortnumberinfo

print("phonenumbers", phonenumbers.__version__)
known = {
    country: shortnumberinfo.is_valid_short_number_for_region(parse("116123", country), country)
    for country in ("DE", "IE", "EE", "LV")
}
print("116 123 is a valid short number:", known)
links = [
    format_number(parse(number, country), PhoneNumberFormat.RFC3966)
    for number, country in (("116123", "DE"), ("988", "US"))
]
print("links:", links)
assert known == {"DE": True, "IE": True, "EE": False, "LV": False}, "the behaviour changed"
assert links == ["tel:+49-116123", "tel:+1-988"], "the behaviour changed"
PYTHON

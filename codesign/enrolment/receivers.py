"""What enrolment does when an address is verified."""

"""Formats of dates and numbers in Spanish."""

DATE_FORMAT = r"j \d\e F \d\e Y"
DATETIME_FORMAT = r"j \d\e F \d\e Y, H:i"
DATETIME_SECONDS_FORMAT = r"j \d\e F \d\e Y, H:i:s"
DATETIME_ZONE_FORMAT = r"j \d\e F \d\e Y, H:i e"
MONTH_DAY_FORMAT = r"j \d\e F"
MONTH_DAY_TIME_FORMAT = r"j \d\e F, H:i"
YEAR_MONTH_FORMAT = r"F \d\e Y"
TIME_FORMAT = "H:i"
DECIMAL_SEPARATOR = ","
THOUSAND_SEPARATOR = "."
NUMBER_GROUPING = 3

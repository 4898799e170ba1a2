"""How dates and numbers are written in each language (`FORMAT_MODULE_PATH`).

Separators are those of the Unicode CLDR, with the digits 0 to 9 in every language (decision 38).
"""

"""Running and training language models: torch, transformers, peft and TRL, and no Django.

Importing any module here is cheap: the heavy libraries load inside functions, so that the web
process may import a name or a rule from this package without paying for torch.
"""

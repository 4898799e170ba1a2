"""Runs the measurements: all, or those named on the command line."""

from __future__ import annotations

import argparse
import importlib
import sys

SINGLE = {
    "generation": "generation",
    "served": "served",
    "release": "releases",
    "import": "imports",
    "payouts": "payouts",
}
"""Sections that need no study of their own → their modules."""
SECTIONS = ("loop", "plans", *SINGLE, "memory", "growth")


def main() -> int:
    """Start a temporary installation, fill it, measure it, and print the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], default=[])
    parser.add_argument("--tasks", type=int, default=100_000, help="tasks in the study")
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[], help="prompts in the studies of `growth`"
    )
    options = parser.parse_args()
    wanted = options.sections or SECTIONS
    from benchmarks import machine, memory

    if "memory" in wanted:
        memory.run()
    with machine.servers() as database:
        import django

        django.setup()
        from benchmarks import growth, loop, people, plans

        if {"loop", "plans"} & set(wanted):
            cohort = people.make_study(tasks=options.tasks)
            print(f"A study with {options.tasks:,} tasks, 3 seats each.")
            signed_in = people.make_people(cohort, sum(loop.LEVELS))
            if "loop" in wanted:
                loop.run(signed_in, database)
            if "plans" in wanted:
                plans.run(cohort)
        for name, module in SINGLE.items():
            if name in wanted:
                importlib.import_module(f"benchmarks.{module}").run()
        if "growth" in wanted:
            growth.run(tuple(options.sizes) or growth.SIZES)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`README.md` of a release: a dataset card that the Hub and `datasets` read, and people too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from annotations.rules.releases import SAYS, USES

CONFIG_SAYS: Mapping[str, str] = {
    "preference": "Prompt, chosen and rejected response: one record per pair of responses of which"
    " people prefer one, all cohorts counted equally, and one per accepted rewrite (the rewrite"
    " chosen, its original rejected)."
    " `meta.p` is how sure, from 0.5 to 1: the mean of the cohorts' estimates, where `wins`,"
    " `ties` and `losses` are people and `votes` is what their rankings weigh. `margin` is how"
    " strongly, 0 to 3; a rewrite has 1.",
    "unpaired_preference": "Prompt, response, and whether people found it good (`label`): for KTO."
    " Neighbours have different prompts, as far as that can be; keep it so.",
    "sft": "Prompt and accepted rewrite.",
    "judgements": "What each person said: one row per person, response and criterion or kind."
    " `value` is the score of a `rating`, the place (1 is best) in a `ranking`, the severity"
    " (1 to 3) of a `flag`, the change in characters of a `rewrite`, and 1 for a `highlight` and"
    " for `all_harmful`. `position` is where the response stood, from 1.",
}


def card(manifest: Mapping[str, Any]) -> str:
    """The whole card, from the manifest alone."""
    parts = [
        _front_matter(manifest),
        f"# {manifest['study']['title']}: release {manifest['release']}",
        *_warning(manifest),
        _what_it_is(manifest),
        _configs(manifest),
        _dropped(manifest),
        _limits(manifest),
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(manifest: Mapping[str, Any]) -> str:
    """YAML as JSON strings, which YAML reads: no title can break it."""
    lines = [
        "---",
        f"pretty_name: {json.dumps(manifest['study']['title'], ensure_ascii=False)}",
        "license: other",
        "tags:",
        "- preference",
        "- human-feedback",
        "- mental-health",
        "configs:",
    ]
    folder = manifest["data"]["folder"]
    for config, splits in manifest["rows"].items():
        if splits:
            lines += [f"- config_name: {config}", "  data_files:"]
        for split in splits:
            lines += [f"  - split: {split}", f"    path: {folder}/{config}/{split}.parquet"]
    return "\n".join([*lines, "---"])


def _warning(manifest: Mapping[str, Any]) -> list[str]:
    count = manifest["example_judgements"]
    if not count:
        return []
    return [
        f"> **This release holds example judgements: {count} of {manifest['judgements']} were made"
        " by a program to try things out. Nobody thought them. Records that rest on one have"
        " `meta.example` set to true.**"
    ]


def _what_it_is(manifest: Mapping[str, Any]) -> str:
    people = "; ".join(
        f"{group['people']} in {cohort} ({group['role'].replace('_', ' ')})"
        for cohort, group in manifest["people"].items()
    )
    models = ", ".join(model["name"] for model in manifest["models"]) or "not known"
    versions = ", ".join(f"{v['number']} ({v['language']})" for v in manifest["consent_versions"])
    parent = manifest.get("parent")
    return "\n".join(
        [
            f"People judged what language models wrote. For **{USES[manifest['purpose']]}** and"
            " nothing else: everybody whose work is here agreed to that use, by the consent in"
            " force when the release was frozen.",
            "",
            f"- Judgements: {manifest['judgements']}, by {people}.",
            f"- Responses by (hidden from those who judged): {models}.",
            f"- Consent versions: {versions}. Rubrics: {', '.join(manifest['rubric_versions'])}.",
            f"- Rules: `{manifest['policy']['name']}`, spelled out in `manifest.json`."
            f" Code: `{manifest['code_version']}`.",
            f"- Follows release {parent['release']}."
            if parent
            else "- The first release for this use.",
        ]
    )


def _configs(manifest: Mapping[str, Any]) -> str:
    lines = ["## What is in it", "", "| config | train | validation | test |", "|---|--:|--:|--:|"]
    for config, splits in manifest["rows"].items():
        counts = " | ".join(str(splits.get(s, 0)) for s in ("train", "validation", "test"))
        lines.append(f"| `{config}` | {counts} |")
    lines += ["", *(f"- `{config}`: {says}" for config, says in CONFIG_SAYS.items())]
    if any(config not in CONFIG_SAYS for config in manifest["rows"]):
        lines.append(
            "- `preference-COHORT` and `unpaired_preference-COHORT`: the same by the votes and"
            " scores of one cohort alone. A record has the same `record_id` in each."
        )
    lines += [
        *_listed(manifest),
        "",
        "Every config is there as Parquet, which `datasets.load_dataset` reads, and as JSONL."
        " Prompts that belong together share a split. Records of text hold no null: a text"
        ' that does not exist is "". In `judgements`, what a kind does not have (`strength`,'
        " `start`, `end`, `review`) is null in Parquet and left out in JSONL.",
        "",
        "The folder of the data files is named after their content. `datasets` caches what it loads"
        " by the paths given above, so it never mixes up two releases. If you change a file"
        " yourself, for example to drop retracted records, load it with an empty"
        " `cache_dir`, or you get the old rows from the cache.",
    ]
    return "\n".join(lines)


def _listed(manifest: Mapping[str, Any]) -> list[str]:
    """What is listed apart, by reason, and by which rule."""
    counts = manifest["listed"]
    least = manifest["least"]
    lines = [
        "- `contested.jsonl`: pairs that are kept out of `meta.config`, with what each cohort"
        ' said. Load it with `load_dataset("json", data_files="contested.jsonl")`. `meta.kind`'
        " says why a pair is there, `meta.config` which config it is missing from:",
        f"  - `contested`, {counts['contested']}: the cohorts want opposite things, and the votes"
        " on each side are clear (their 90% interval excludes one half). They are in the configs"
        " of the cohorts.",
        f"  - `undecided`, {counts['undecided']}: the cohorts lean to opposite sides, and one side"
        " has fewer than three votes. So few are never clear, even if they all agree: nobody can"
        " tell whether the cohorts differ. They are in the configs of the cohorts.",
        f"  - `cycle`, {counts['cycle']}: the votes prefer a to b, b to c and c to a, so that no"
        " order of the responses agrees with all of them.",
    ]
    if (least["p"], least["margin"]) != (0.5, 0.0):
        lines.append(
            f"- This release asked for a `meta.p` of at least {least['p']} and a `margin` of at"
            f" least {least['margin']} in `preference` and the same of each cohort."
        )
    return lines


def _dropped(manifest: Mapping[str, Any]) -> str:
    rows = [
        f"| `{config}` | {SAYS[reason]} | {count} |"
        for config, reasons in manifest["dropped"].items()
        for reason, count in reasons.items()
    ]
    if not rows:
        return "## What stayed out\n\nNothing."
    return "\n".join(
        [
            "## What stayed out",
            "",
            "Each row that could have been in a config is in it or counted here once. A rewrite"
            " that stayed out is counted at `sft` alone.",
            "",
            "| config | why | rows |",
            "|---|---|--:|",
            *rows,
        ]
    )


def _limits(manifest: Mapping[str, Any]) -> str:
    return "\n".join(
        [
            "## Limits",
            "",
            "- Names of people, judgements and rewrites in here (`rater_pseudonym`,"
            " `judgement_id`, `record_id`) hold within this release alone. There are no"
            " demographics, no dates and no free text but reviewed rewrites.",
            "- Personal data in rewrites was looked for by patterns and by a reviewer; a name can"
            " have been missed. Tell the study when you find one.",
            "- People can take their consent back. Ask for the newest release before each use; one"
            " that was superseded must not be used for anything new. What to drop from this one is"
            " listed by the API; `retractions` in `manifest.json` says where, and has the key with"
            " which to check that the list is ours.",
            "- Texts may speak of suicide, self-harm, violence and illness, and responses may be"
            " wrong or harmful. None of it is advice.",
        ]
    )

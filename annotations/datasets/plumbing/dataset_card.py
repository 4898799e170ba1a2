"""`README.md` of a release: a dataset card, which people, the Hub and `datasets` read.

It is always in English: a release has the same bytes whatever the language of the person or process
that builds it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from annotations.rules.releases import DROP_REASON_TEXTS, USES

CONFIG_DESCRIPTIONS: Mapping[str, str] = {
    "preference": "Prompt, chosen and rejected response: one record per pair of responses of which"
    " people prefer one, all cohorts counting equally, and one per accepted rewrite (the rewrite"
    " is chosen, its original rejected)."
    " `meta.p` is how sure the preference is, from 0.5 to 1: the mean of the cohorts' estimates,"
    " where `wins`, `ties` and `losses` are people and `votes` is the weight of their rankings."
    " `margin` is how strong it is, from 0 to 3; a rewrite has 1.",
    "unpaired_preference": "Prompt, response, and whether people found it good (`label`): for KTO."
    " Neighbours have different prompts, as far as possible; keep this order.",
    "sft": "Prompt and accepted rewrite.",
    "judgements": "What each person submitted: one row per person, response and criterion or kind."
    " `value` is the score of a `rating`, the place (1 is best) in a `ranking`, the severity"
    " (1 to 3) of a `flag`, the change in characters of a `rewrite`, and 1 for a `highlight` and"
    " for `all_harmful`. `position` is the place at which the response was shown, from 1. A row"
    " with a `turn` is about an earlier reply in the prompt: the assistant's first message is 1."
    " `option` is the name of a `category`, whose `value` has no order.",
}


def dataset_card(manifest: Mapping[str, Any]) -> str:
    """Return the card, from the manifest alone."""
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
        " by a program to try things out, not by people. Records that are based on one have"
        " `meta.example` set to true.**"
    ]


def _what_it_is(manifest: Mapping[str, Any]) -> str:
    people = "; ".join(
        f"{group['people']} in {cohort} ({group['role'].replace('_', ' ')})"
        for cohort, group in manifest["people"].items()
    )
    models = ", ".join(model["name"] for model in manifest["models"]) or "unknown"
    versions = ", ".join(f"{v['number']} ({v['language']})" for v in manifest["consent_versions"])
    parent = manifest.get("parent")
    return "\n".join(
        [
            "People judged the replies of language models. This release is for"
            f" **{USES[manifest['purpose']]}** and nothing else: everybody whose work is in it"
            " agreed to that use, by the consent in force when the release was frozen.",
            "",
            f"- Judgements: {manifest['judgements']}, by {people}.",
            f"- Models that wrote the responses (hidden while judging): {models}.",
            f"- Consent versions: {versions}. Rubrics: {', '.join(manifest['rubric_versions'])}.",
            f"- Policy: `{manifest['policy']['name']}`, described in `manifest.json`."
            f" Code: `{manifest['code_version']}`.",
            f"- Previous release for this use: {parent['release']}."
            if parent
            else "- The first release for this use.",
        ]
    )


def _configs(manifest: Mapping[str, Any]) -> str:
    lines = ["## Contents", "", "| config | train | validation | test |", "|---|--:|--:|--:|"]
    for config, splits in manifest["rows"].items():
        counts = " | ".join(str(splits.get(s, 0)) for s in ("train", "validation", "test"))
        lines.append(f"| `{config}` | {counts} |")
    lines += ["", *(f"- `{config}`: {text}" for config, text in CONFIG_DESCRIPTIONS.items())]
    if any(config not in CONFIG_DESCRIPTIONS for config in manifest["rows"]):
        lines.append(
            "- `preference-COHORT` and `unpaired_preference-COHORT`: the same from the votes and"
            " scores of one cohort only. A record has the same `record_id` in each."
        )
    lines += [
        *_listed(manifest),
        "",
        "Every config is available as Parquet, which `datasets.load_dataset` reads, and as JSONL."
        " Prompts that belong together are in the same split. Records of text contain no null: a"
        ' text that does not exist is "". In `judgements`, fields that a kind does not have'
        " (`strength`, `start`, `end`, `review`) are null in Parquet and left out in JSONL."
        " Scores on a scale are of the kind `rating`; answers with yes (1) or no (0) `yes_no`;"
        " criteria met (1) or not (0) `points`; “not sure” is of the kind `unsure`, and no score."
        " Questions that were not asked have no row. `rubrics` in `manifest.json` has the scales.",
        "",
        "The folder of the data files is named after their content. `datasets` caches what it loads"
        " by the paths given above, so it never confuses two releases. If you change a file"
        " yourself, for example to drop retracted records, load it with an empty"
        " `cache_dir`, or you get the old rows from the cache.",
    ]
    return "\n".join(lines)


def _listed(manifest: Mapping[str, Any]) -> list[str]:
    """The pairs in `contested.jsonl` by reason, and the thresholds of the release."""
    counts = manifest["listed"]
    least = manifest["least"]
    lines = [
        "- `contested.jsonl`: pairs that make no record, with the votes of each cohort. Load it"
        ' with `load_dataset("json", data_files="contested.jsonl")`. `meta.kind` is the reason,'
        " `meta.config` the config that the pair is missing from:",
        f"  - `contested`, {counts['contested']}: the cohorts prefer opposite responses, and the"
        " votes on each side are clear (their 90% interval excludes one half). The configs of the"
        " cohorts contain them.",
        f"  - `undecided`, {counts['undecided']}: the cohorts lean to opposite responses, and one"
        " side has fewer than three votes. So few are never clear, even if they all agree. The"
        " configs of the cohorts contain them.",
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
        f"| `{config}` | {DROP_REASON_TEXTS[reason]} | {count} |"
        for config, reasons in manifest["dropped"].items()
        for reason, count in reasons.items()
    ]
    if not rows:
        return "## What was left out\n\nNothing."
    return "\n".join(
        [
            "## What was left out",
            "",
            "Each row that a config could have had is in it, or is counted here once. A rewrite"
            " that was left out is counted at `sft` only.",
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
            "- Names of people, judgements and rewrites (`rater_pseudonym`, `judgement_id`,"
            " `record_id`) are valid within this release only. It contains no demographics, no"
            " dates, and no free text except reviewed rewrites.",
            "- Patterns and a reviewer looked for personal data in rewrites; they may have missed a"
            " name. Tell the study if you find one.",
            "- People can withdraw their consent. Ask for the newest release before each use; a"
            " superseded release must not be used for anything new. The API lists what to drop from"
            " this release; `retractions` in `manifest.json` has its address, and the key to check"
            " its signatures with.",
            "- Texts may mention suicide, self-harm, violence and illness, and responses may be"
            " wrong or harmful. None of it is advice.",
        ]
    )

"""`README.md` of a release: a dataset card, which people, the Hub and `datasets` read.

It is always in English: a release has the same bytes whatever the language of the person or process
that builds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from annotations.datasets.plumbing.features import features_of
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
    "sft": "Prompt and accepted rewrite, and the best-rated replies if the release asked for them.",
    "comparisons": "What people compared in evaluation rounds, on held-out prompts: never train on"
    " it. `overall_preference` is from -3 (response 1 is much better) to 3 (response 2 is).",
    "judgements": "What each person submitted: one row per person, response and criterion or kind."
    " `value` is the score of a `rating`, the place (1 is best) in a `ranking`, the severity"
    " (1 to 3) of a `flag`, the change in characters of a `rewrite`, and 1 for a `highlight` and"
    " for `all_harmful`. `position` is the place at which the response was shown, from 1, and `day`"
    " the day on which it was sent, in UTC. A row with a `turn` is about an earlier reply in the"
    " prompt: the assistant's first message is 1. `option` is the name of a `category`, whose"
    " `value` has no order.",
    "texts": "Each prompt and response that another config names by its id, once; join it by"
    " `response_id`, or by `prompt_id` where that is empty.",
    "imported": "Ranks (1 is best), scores, labels and spans that were made elsewhere (`source`)"
    " and came with an import. `criterion` is the question, or the label of a span; `label` is the"
    " option that was chosen for the whole response.",
}

DEFAULT_CONFIGS = (
    "preference",
    "sft",
    "unpaired_preference",
    "comparisons",
    "judgements",
    "imported",
    "texts",
)
"""`load_dataset` without the name of a config reads the first of these that has rows."""
WITHOUT_BRACES = str.maketrans("{}", "()")
"""BibTeX counts braces."""
SIZES = {
    "1K": 10**3,
    "10K": 10**4,
    "100K": 10**5,
    "1M": 10**6,
    "10M": 10**7,
    "100M": 10**8,
    "1B": 10**9,
}


def dataset_card(manifest: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """Return the card, from the manifest and the Arrow schema of each config."""
    parts = [
        _front_matter(manifest, schemas),
        f"# {manifest['study']['title']}: release {manifest['release']}",
        *_warning(manifest),
        _what_it_is(manifest),
        _configs(manifest),
        _dropped(manifest),
        _limits(manifest),
        _licence(manifest),
        _citation(manifest),
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(manifest: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """Return the front matter, which the Hub shows and `datasets` reads.

    It has features, so that a column without a single value loads with its type, but no numbers of
    rows: `datasets` would refuse a folder from which a recipient has deleted retracted records.
    """
    import yaml

    rows = {config: splits for config, splits in manifest["rows"].items() if splits}
    default = next((config for config in DEFAULT_CONFIGS if config in rows), "")
    languages = sorted({language.split("-")[0].lower() for language in manifest["languages"]})
    folder = manifest["data"]["folder"]
    matter = {
        "pretty_name": manifest["study"]["title"],
        "language": languages,
        "license": "other",
        "license_name": f"consent-{manifest['purpose']}",
        "license_link": "README.md#licence",
        "task_categories": ["text-generation"],
        "size_categories": [size_category(sum(rows.get(default, {}).values()))],
        "tags": ["preference", "human-feedback", "mental-health"],
        "configs": [
            {
                "config_name": config,
                **({"default": True} if config == default else {}),
                "data_files": [
                    {"split": split, "path": f"{folder}/{config}/{split}.parquet"}
                    for split in splits
                ],
            }
            for config, splits in rows.items()
        ],
        "dataset_info": [
            {"config_name": config, "features": features_of(schemas[config])} for config in rows
        ],
    }
    text = yaml.safe_dump(matter, sort_keys=False, allow_unicode=True, width=10_000)
    return f"---\n{text}---"


def size_category(rows: int) -> str:
    """The Hub's name for a number of rows, such as 1K<n<10K."""
    category = "n<1K"
    for lower, upper in pairwise(("1K", "10K", "100K", "1M", "10M", "100M", "1B")):
        category = f"{lower}<n<{upper}" if rows >= SIZES[lower] else category
    return category


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
    writers = [model["name"] for model in manifest["models"]]
    writers += ["people"] if manifest.get("responses_by_people") else []
    versions = ", ".join(f"{v['number']} ({v['language']})" for v in manifest["consent_versions"])
    parent = manifest.get("parent")
    return "\n".join(
        [
            "People judged the replies of language models. This release is for"
            f" **{USES[manifest['purpose']]}** and nothing else: everybody whose work is in it"
            " agreed to that use, by the consent in force when the release was frozen.",
            "",
            f"- Judgements: {manifest['judgements']}, by {people}.",
            f"- Responses by (hidden while judging): {', '.join(writers) or 'unknown'}.",
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
    lines += ["", *_descriptions(manifest["rows"])]
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


def _descriptions(configs: Iterable[str]) -> list[str]:
    return [
        f"- `{config}`: {text}" for config, text in CONFIG_DESCRIPTIONS.items() if config in configs
    ]


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
    if "median" in least:
        lines.append(
            "- This release asked for the best-rated reply of each prompt in `sft`, with a median"
            f" of at least {least['median']} of the scale in every cohort; `policy.best_rated` in"
            " `manifest.json` has the rule."
        )
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
    linkable = manifest["one_pseudonym_in_all_releases"]
    agreed = (
        f" Of the people, {linkable} agreed that their `rater_pseudonym` is the same in all"
        " releases of the study."
        if linkable
        else ""
    )
    return "\n".join(
        [
            "## Limits",
            "",
            "- Names of people, judgements and rewrites (`rater_pseudonym`, `judgement_id`,"
            f" `record_id`) are valid within this release only.{agreed} It contains no"
            " demographics, no times of day, and no free text of people except reviewed rewrites.",
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


def _licence(manifest: Mapping[str, Any]) -> str:
    lines = [
        "## Licence",
        "",
        f"Judgements and rewrites may be used for {USES[manifest['purpose']]} and for nothing else:"
        " that is the use to which their authors agreed. Do not share them for any other use."
        " Prompts and responses keep the licences of their sources and models.",
    ]
    sources = ", ".join(manifest.get("imported", {}))
    if sources:
        lines.append(f"Imported judgements keep the licence of their source: {sources}.")
    return "\n".join(lines)


def _citation(manifest: Mapping[str, Any]) -> str:
    study = manifest["study"]
    key = f"{study['slug']}-{manifest['release']}"
    title = f"{study['title']}: release {manifest['release']}".translate(WITHOUT_BRACES)
    return "\n".join(
        [
            "## Citation",
            "",
            "```bibtex",
            f"@misc{{{key},",
            f"  title = {{{title}}},",
            f"  note = {{Dataset release of Codesign, selection {manifest['selection_hash']}}}",
            "}",
            "```",
        ]
    )

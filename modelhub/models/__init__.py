"""Database models of model versions, generation, training, evaluation and imports."""

from modelhub.models.generation import GenerationItem, GenerationRun
from modelhub.models.imports import ImportMapping, Upload, WaitingPrompt
from modelhub.models.training import Evaluation, TrainingRun
from modelhub.models.versions import ModelVersion, Source

__all__ = [
    "Evaluation",
    "GenerationItem",
    "GenerationRun",
    "ImportMapping",
    "ModelVersion",
    "Source",
    "TrainingRun",
    "Upload",
    "WaitingPrompt",
]

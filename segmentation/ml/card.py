"""What a reader of a model is told: what it answers, about whom, learnt from what, and where it is weak."""

from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from segmentation.ml.artifact import FittedModel
from segmentation.ml.spec import ModelSpec

_LIBRARIES = ("lightgbm", "numpy", "pandas", "scikit-learn")


def model_card(
    spec: ModelSpec, model: FittedModel, *, tested_at: datetime, as_of: datetime, seed: int
) -> dict[str, Any]:
    gain = model.trees.gain()
    best = np.argsort(-gain)[:15]
    return {
        "title": spec.title,
        "question": spec.question,
        "entity": spec.entity,
        "horizon_days": spec.horizon_days,
        "objective": spec.objective,
        "as_of": as_of.isoformat(),
        "tested_at": tested_at.isoformat(),
        "snapshots": spec.snapshots,
        "trees": model.trees.rounds_,
        "calibration": model.calibration.get("method", "factor"),
        "importance": [
            {"feature": model.features[place], "share": round(float(gain[place]), 4)} for place in best if gain[place]
        ],
        "seed": seed,
        "libraries": {name: version(name) for name in _LIBRARIES},
        "limits": [
            "Tells what is likely, not what an offer would change.",
            "Customers who may not be analysed were neither learnt from nor judged.",
            "Loyalty step and age are today's, also for past moments.",
        ],
    }

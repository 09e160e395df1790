"""Configurations whose CI files are worth looking at, by name."""

from mlci.core.config import Ci, Config, Environment, LockAuthor, StageSettings
from mlci.core.pipeline import Pipeline, pipeline_of

STAGING = Environment(name="staging", follows="new", deploy="make deploy ENV=staging VERSION={version}")
PROD = Environment(name="prod", needs="staging")

CONFIGS = {
    "minimal": (Config(project="churn"), ""),
    "credit": (
        Config(
            project="credit",
            environments={"staging": STAGING, "prod": PROD},
            ci=Ci(
                install="pip install -r requirements.txt",
                secrets=("AWS_ACCESS_KEY_ID",),
            ),
        ),
        "",
    ),
    "monorepo": (
        Config(
            project="scoring",
            environments={"prod": Environment(name="prod", deploy="./deploy.sh")},
            ci=Ci(
                branch="trunk",
                install="uv sync\nuv pip list",
                mlci="mlci[s3]==1.0 dvc-ssh==4.2",
                lock=LockAuthor.CI,
                stages={"train": StageSettings(runner=("self-hosted", "gpu"), timeout=7200)},
            ),
        ),
        "services/scoring",
    ),
}


def pipeline(name: str) -> Pipeline:
    """The pipeline of one of them."""
    config, prefix = CONFIGS[name]
    return pipeline_of(config, prefix, version="0.1.0")

"""What every managed file says about itself."""

from mlci.core.pipeline import Pipeline


def header(pipeline: Pipeline) -> tuple[str, ...]:
    """Comment lines: who wrote the file, from what, and how to change it."""
    source = f"{pipeline.prefix}/mlci.yaml" if pipeline.prefix else "mlci.yaml"
    return (f"Written by `mlci sync` from {source}. Do not edit: change {source} and run `mlci sync`.",)

"""The model as a service: `uvicorn credit.app:app`."""

from typing import Literal

from fastapi import FastAPI
from pydantic import BaseModel, Field
from threadpoolctl import threadpool_limits

from .artifact import MODEL
from .predict import load


class Application(BaseModel):
    """What is known about an applicant; what is unknown may be left out."""

    region: Literal["north", "east", "south", "west", "centre"]
    employment: Literal["employee", "self_employed", "temporary"]
    housing: Literal["rent", "own", "family"]
    purpose: Literal["car", "home", "education", "debt"]
    channel: Literal["branch", "web", "partner"]
    age: int = Field(ge=18, le=120)
    amount: float = Field(gt=0)
    months: int = Field(gt=0)
    open_loans: int = Field(ge=0)
    stated_income: float | None = Field(default=None, gt=0)
    years_employed: float | None = Field(default=None, ge=0)
    bureau_score: float | None = None


class Decision(BaseModel):
    """The chance that the stated income is confirmed, and what follows from it."""

    score: float
    confirmed: bool


app = FastAPI(title="credit")
model = load(MODEL)
# One row at a time gains nothing from more threads, and waiting for them costs the slowest requests.
threadpool_limits(1)


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that the service is up; it only is once the model is loaded."""
    return {"status": "ok"}


@app.post("/predict")
async def predict(application: Application) -> Decision:
    """Judge one application."""
    score = float(model.predict_proba([application.model_dump()])[0, 1])
    return Decision(score=score, confirmed=score >= model.threshold)

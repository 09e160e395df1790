"""What the columns are called and what the model may look at."""

ID = "id"
TARGET = "confirmed"

NUMERIC = ("age", "stated_income", "years_employed", "amount", "months", "bureau_score", "open_loans")
CATEGORICAL = ("region", "employment", "housing", "purpose", "channel")
FEATURES = (*CATEGORICAL, *NUMERIC)

# Known for every applicant and watched by the bias gate, never shown to the model.
PROTECTED = ("sex", "age_band")

AGE_BANDS = {"18-29": 18, "30-44": 30, "45-59": 45, "60+": 60}

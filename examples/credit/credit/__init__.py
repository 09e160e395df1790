"""Will an applicant's stated income be confirmed? From raw applications to a served model."""

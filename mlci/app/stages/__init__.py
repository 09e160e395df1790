"""How the work tree stands against what DVC recorded, and how a run of its stages is watched."""

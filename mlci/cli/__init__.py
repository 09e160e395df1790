"""The command line, one thin file a command: parse, call, render, exit."""

# What people do, in the order in which they do it; the order of `mlci --help`.
SECTIONS = {
    "Start": ("init", "demo", "doctor", "explain", "completion"),
    "Work on a model": ("plan", "run", "test", "diff", "power", "contract", "lock"),
    "Say what was found": ("report", "comment"),
    "Versions and environments": (
        "register",
        "promote",
        "reconcile",
        "deploy",
        "rollback",
        "retire",
    ),
    "Read the registry": ("models", "show", "resolve", "history", "audit", "card", "verify"),
    "Generated files": ("sync", "schema"),
}

# Files of this room that are no commands.
SUPPORT = frozenset({"asking", "completing", "main", "output", "verb", "crash", "declared"})

"""Reading YAML: what a text is scanned for, and the tree it becomes."""

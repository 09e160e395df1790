"""One use case a file. A use case gets its ports as arguments and returns a value; it never prints."""

"""The second face: fixtures and markers for the tests of the user's own repository."""

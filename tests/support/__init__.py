"""What the tests stand on: builders, fakes, loopback servers."""

"""Values and rules. Nothing here touches a file, a process, a clock or the network."""

"""What was answered, to whom, under which policy and with which chance: the log that later comparisons stand on."""

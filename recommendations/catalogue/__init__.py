"""What can be offered: routes out of somebody's home airport, and ancillaries; and in what they are alike."""

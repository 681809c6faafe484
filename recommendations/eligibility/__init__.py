"""What may be offered to whom, decided before anything is ranked and checked again when it is shown."""

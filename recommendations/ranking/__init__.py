"""From opinions to an order: blended, measured on a time split, explained, packed."""

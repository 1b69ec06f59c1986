// The Dashboard target.

"""What of a version is chosen after its training, beside the network."""

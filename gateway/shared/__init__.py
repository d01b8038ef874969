"""What all gateways over one database have in common beside rows and keys: threshold, classifiers, marks."""

"""What users write down: parameters, dependencies, security schemes, route options. Inert records only."""

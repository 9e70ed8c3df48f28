"""From a callable's signature to the plan that runs it: done once per route, never per request."""

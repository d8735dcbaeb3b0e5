"""Files, servers, options, kills and neighbours that mean no good, or know no better."""

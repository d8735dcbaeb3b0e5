"""Where phases come from: one module per source, each with a `load` that gives `Phases`."""

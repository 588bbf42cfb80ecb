"""The dashboard: draws what `adrs.lineage` answers, in a browser, and passes on what a person says to a run."""

"""Points, scores, holes and reports."""

"""Programs made shorter: edits of a syntax tree, each judged by the problem's own evaluator."""

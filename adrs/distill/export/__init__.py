"""Rules as source text. All of it is made from the rule's tree, its numbers and the problem's feature identifiers."""

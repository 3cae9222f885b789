"""The shipped styles: one folder each, with two graphs, a card as JSON and a card for people."""

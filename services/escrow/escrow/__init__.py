"""Escrow: the books of supervised tuition. One lesson taught, one fee released."""

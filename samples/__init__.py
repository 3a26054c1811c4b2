"""Invented letters of the town Lindenfurt and the scripts that turn them into scan files."""

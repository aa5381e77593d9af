"""Screens that cover the main one."""

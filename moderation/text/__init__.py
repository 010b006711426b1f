"""Screening of written, spoken and sold text."""

from ..findings import Category, Finding, Surface
from .screen import Screen, Verdict

__all__ = ["Category", "Finding", "Screen", "Surface", "Verdict"]

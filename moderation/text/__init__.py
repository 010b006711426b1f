"""Screening of written, spoken and sold text."""

from ..findings import Category, Finding, Surface
from .screen import Screen, Verdict, default_screen

__all__ = ["Category", "Finding", "Screen", "Surface", "Verdict", "default_screen"]

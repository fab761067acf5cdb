"""A small shop: orders in, invoices out."""

from .pricing import Line, calc, discount_for

__all__ = ["Line", "calc", "discount_for"]

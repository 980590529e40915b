"""Naver's official news search API: requests, answers, errors, and the budget of calls."""

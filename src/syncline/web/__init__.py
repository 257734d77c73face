"""The HTTP doors: JSON API, OAuth callback, signed events, health, pages. Nowhere else are there statuses."""

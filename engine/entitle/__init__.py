"""Sources of customers, each with a deadline and a breaker; what a PIN protects, and how many may be tried."""

COLUMNS = ["age", "visits", "spent"]

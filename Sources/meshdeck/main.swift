print("meshdeck")

"""Register what a night made, and let it serve if, and only if, its recorded verdict says so."""

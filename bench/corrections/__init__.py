"""The benchmark of corrections: what users correct by day, is it known the next morning and all mornings after?"""

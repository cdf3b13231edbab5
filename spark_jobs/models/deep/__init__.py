"""Deep models as forecasters. They are trained with JAX, which is an optional extra, and predict in numpy."""

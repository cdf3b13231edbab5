"""What the gates in expectations/ share: rules, their runner, dimensions."""

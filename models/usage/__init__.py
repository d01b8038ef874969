"""What an answer took, as providers tell it, and what that costs."""

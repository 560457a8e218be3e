"""What the pages for people share: how they are rendered, their style, days and places."""

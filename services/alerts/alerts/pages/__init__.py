"""What the pages for officers share: how they are rendered, who reads them, words and refusals."""

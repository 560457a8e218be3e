"""What sources say, read strictly: transport, manifests, sheets and lines, in our words."""

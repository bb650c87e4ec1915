"""The demo site: people, equipment, lots and batches, made by the same acts that people and devices use."""

"""The catalogue: models that are known, those that lie in the models' folder, and how to download one."""

"""The desk as one YAML file: reads and checks it, loads it into the desk, writes it out again."""

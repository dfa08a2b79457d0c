"""A recipe that trains in seconds."""

TINY_RECIPE = """
name = "tiny"
version = "1"
views = 2
seed = 3

[architecture]
base = "plain_cnn"
alpha = 0.5
weights = "none"
input_px = 32

[calibration]
inner_share = 0.25

[[stages]]
name = "first"
shares = { own = 1.0 }
epochs = 2
crops_per_epoch = 16
batch = 8
warmup_steps = 1
"""

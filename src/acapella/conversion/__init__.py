"""A torch network with weights, ours or somebody else's, and the way to a model file.

Of our own networks:

    weight_files.py  keras_weights.py    weights read and written: safetensors, Keras' HDF5
    graph.py  compression.py  export.py  the model file, in blocks or as a stream; weights in 8 bits
    torch_runtime.py                     weights without a model file, run in torch

Of published checkpoints:

    convert.py  installing.py            a checkpoint, or a known model, to its model file
    families.py                          FAMILIES: which there are; one file each (roformer.py for two of them)
    torch_files.py  training_config.py   a checkpoint's tensors and its YAML file, read safely
    weights.py  published.py             what the families share: tensors taken one by one, descriptions
    chunk_graph.py                       the model file

Of both: onnx_graph.py, from torch to ONNX, and the proof that both compute the same.
"""

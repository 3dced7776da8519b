"""The product: a song in, its stems out, without torch.

isolator.py     Isolator            the public class: arrays and files
systems.py      System              one model, or several that work together (it lists them)
separation.py   Separation          a song through one model: resampling, channels, stems by subtraction
separators.py   separate            the stages of a model's work, a thread each
frames.py       FrameSeparator      schedules `stateful` and `context`
chunks.py       ChunkSeparator      schedule `chunks`
model.py        Model, open_model   a description with an open runtime
runtimes.py     RUNTIMES            ONNX Runtime, OpenVINO, CUDA
files.py        write_stems         from a song's file to the files of its stems
outputs.py      output_paths        their names, and their bit depth
"""

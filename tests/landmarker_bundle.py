"""A stand-in for MediaPipe's `face_landmarker.task`, made of networks that mediapipe's wheel carries.

The detector is the wheel's short-range one and the mesh its attention mesh, whose 468 surface points and irises are
joined into one output, as the Tasks API wants it (the finer lips and eyelids of its further outputs are left out, and
the irises' z is zero). The blendshapes come from a network of one layer with weights set by hand: blendshape k is
(k + 1) / 54 whatever the face, but `jawOpen` adds `JAW_GAIN` × the gap between the inner lips in pixels to its logit.
"""

import zipfile
from pathlib import Path

import flatbuffers
import numpy as np

JAW_OPEN = 25
JAW_GAIN = 0.1
INNER_LIPS = (13, 14)  # upper, lower: landmarks
_INNER_LIPS_AMONG_146 = (8, 9)  # the Tasks API hands the blendshape network 146 of the landmarks
SHARES = (np.arange(52) + 1) / 54


class _Network:
    """A TFLite model under change."""

    def __init__(self, content=None):
        from mediapipe.tasks.metadata import schema_py_generated as schema

        self.schema = schema
        if content is not None:
            self.model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
        else:
            self.model = schema.ModelT()
            self.model.version, self.model.description = 3, "stand-in"
            self.model.subgraphs, self.model.buffers = [schema.SubGraphT()], [schema.BufferT()]
            self.model.operatorCodes, self.graph.tensors, self.graph.operators = [], [], []
        self.model.metadata = []  # the wheel's describes outputs that the changed network lacks

    @property
    def graph(self):
        return self.model.subgraphs[0]

    def tensor(self, shape, values=None):
        """A float32 tensor, or a constant of the values' own type; returns its index."""
        tensor = self.schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = f"added_{len(self.graph.tensors)}", list(shape), 0
        tensor.type = self.schema.TensorType.FLOAT32
        if values is not None:
            if values.dtype == np.int32:
                tensor.type = self.schema.TensorType.INT32
            constant = self.schema.BufferT()
            constant.data = np.frombuffer(values.tobytes(), np.uint8)
            self.model.buffers.append(constant)
            tensor.buffer = len(self.model.buffers) - 1
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def add(self, operator, inputs, shape, options=None, **settings):
        """Append an operator; returns the index of its output, of the given shape."""
        code = self.schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(self.schema.BuiltinOperator, operator)
        code.version = 1
        self.model.operatorCodes.append(code)
        node = self.schema.OperatorT()
        node.opcodeIndex, node.inputs = len(self.model.operatorCodes) - 1, list(inputs)
        if options:
            node.builtinOptionsType = getattr(self.schema.BuiltinOptions, options)
            node.builtinOptions = getattr(self.schema, options + "T")()
            for name, value in settings.items():
                setattr(node.builtinOptions, name, value)
        output = self.tensor(shape)
        node.outputs = [output]
        self.graph.operators.append(node)
        return output

    def packed(self):
        builder = flatbuffers.Builder(1 << 22)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def _with_pixel_range(network, mean, deviation):
    """The network with the note on its input's scale that the Tasks API asks for."""
    from mediapipe.tasks.python.metadata.metadata_writers.metadata_writer import MetadataWriter

    writer = MetadataWriter.create(bytearray(network))
    writer.add_general_info("stand-in", "stand-in")
    writer.add_image_input([mean], [deviation])
    return bytes(writer.populate()[0])


def _mesh(content):
    network = _Network(content)
    surface, _, _, _, left_iris, right_iris, presence = network.graph.outputs
    flat_to_deep = np.zeros((15, 10), np.float32)  # x, y of five points to x, y, 0
    flat_to_deep[[3 * i + axis for i in range(5) for axis in (0, 1)], np.arange(10)] = 1
    weights = network.tensor(flat_to_deep.shape, flat_to_deep)
    irises = [
        network.add("FULLY_CONNECTED", [iris, weights, -1], (1, 1, 1, 15), "FullyConnectedOptions", keepNumDims=True)
        for iris in (left_iris, right_iris)
    ]
    joined = network.add("CONCATENATION", [surface, *irises], (1, 1, 1, 1434), "ConcatenationOptions", axis=3)
    network.graph.outputs = [joined, presence]
    return network.packed()


def _blendshapes():
    network = _Network()
    points = network.tensor((1, 146, 2))
    flat_shape = network.tensor((2,), np.array([1, 292], np.int32))
    flat = network.add("RESHAPE", [points, flat_shape], (1, 292), "ReshapeOptions", newShape=[1, 292])
    weights = np.zeros((52, 292), np.float32)
    upper, lower = _INNER_LIPS_AMONG_146
    weights[JAW_OPEN, [2 * upper + 1, 2 * lower + 1]] = -JAW_GAIN, JAW_GAIN
    bias = np.log(SHARES / (1 - SHARES)).astype(np.float32)
    constants = [network.tensor(value.shape, value) for value in (weights, bias)]
    logits = network.add("FULLY_CONNECTED", [flat, *constants], (1, 52), "FullyConnectedOptions")
    network.graph.inputs, network.graph.outputs = [points], [network.add("LOGISTIC", [logits], (1, 52))]
    return network.packed()


def networks():
    """The three networks of the stand-in by their names in a bundle, in bytes."""
    import mediapipe

    modules = Path(mediapipe.__file__).parent / "modules"
    detector = (modules / "face_detection" / "face_detection_short_range.tflite").read_bytes()
    mesh = (modules / "face_landmark" / "face_landmark_with_attention.tflite").read_bytes()
    return {
        "face_detector.tflite": _with_pixel_range(detector, 127.5, 127.5),
        "face_landmarks_detector.tflite": _with_pixel_range(_mesh(mesh), 0.0, 255.0),
        "face_blendshapes.tflite": _blendshapes(),
    }


def write_bundle(path, members, compression=zipfile.ZIP_STORED):
    """A bundle of these networks, by name; returns its path."""
    with zipfile.ZipFile(path, "w", compression) as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return path

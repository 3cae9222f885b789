"""Making, spoiling and reading ONNX graphs without the package ``onnx``, which the runtime does not need.

The messages are made of ONNX's schema (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) with protobuf, which ONNX
Runtime brings along; what is here is called as in ``onnx``. A test of the export holds the two together.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# Of each message its fields, as number name type; a type in upper case is a list.
SCHEMA = """
ModelProto: 1 ir_version int64, 2 producer_name string, 7 graph GraphProto, 8 opset_import OPERATORSETIDPROTO,
    14 metadata_props STRINGSTRINGENTRYPROTO, 20 training_info TRAININGINFOPROTO, 25 functions FUNCTIONPROTO
GraphProto: 1 node NODEPROTO, 2 name string, 5 initializer TENSORPROTO, 11 input VALUEINFOPROTO,
    12 output VALUEINFOPROTO, 15 sparse_initializer SPARSETENSORPROTO
NodeProto: 1 input STRING, 2 output STRING, 3 name string, 4 op_type string, 5 attribute ATTRIBUTEPROTO, 7 domain string
AttributeProto: 1 name string, 2 f float, 3 i int64, 4 s bytes, 5 t TensorProto, 6 g GraphProto, 7 floats FLOAT,
    8 ints INT64, 20 type int32
TensorProto: 1 dims INT64, 2 data_type int32, 4 float_data FLOAT, 8 name string, 9 raw_data bytes,
    13 external_data STRINGSTRINGENTRYPROTO, 14 data_location int32
SparseTensorProto: 1 values TensorProto, 2 indices TensorProto, 3 dims INT64
ValueInfoProto: 1 name string, 2 type TypeProto
TypeProto: 1 tensor_type TensorTypeProto
TensorTypeProto: 1 elem_type int32, 2 shape TensorShapeProto
TensorShapeProto: 1 dim DIMENSIONPROTO
DimensionProto: 1 dim_value int64, 2 dim_param string
OperatorSetIdProto: 1 domain string, 2 version int64
StringStringEntryProto: 1 key string, 2 value string
TrainingInfoProto: 2 algorithm GraphProto
FunctionProto: 1 name string, 4 input STRING, 5 output STRING, 7 node NODEPROTO, 9 opset_import OPERATORSETIDPROTO,
    10 domain string
"""

_PACKED = {"float_data"}


def _messages() -> dict[str, Any]:
    lines = [line.split(": ") for line in SCHEMA.strip().replace(",\n   ", ",").splitlines()]
    names = {name.upper(): name for name, _ in lines}
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="tiny.proto", package="tiny", syntax="proto2")
    for message, fields in lines:
        made = file.message_type.add(name=message)
        for text in fields.split(", "):
            number, name, kind = text.split()
            field = made.field.add(name=name, number=int(number))
            field.label = kinds.LABEL_REPEATED if kind.isupper() else kinds.LABEL_OPTIONAL
            if kind.upper() in names:
                field.type, field.type_name = kinds.TYPE_MESSAGE, f".tiny.{names[kind.upper()]}"
            else:
                field.type = getattr(kinds, f"TYPE_{kind.upper()}")
            if name in _PACKED:
                field.options.packed = True
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tiny.{name}")) for name in names.values()
    }


_MADE = _messages()
ModelProto, GraphProto, NodeProto = _MADE["ModelProto"], _MADE["GraphProto"], _MADE["NodeProto"]
AttributeProto = _MADE["AttributeProto"]

_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "float16": 10}
_FLOAT, _INT, _STRING, _TENSOR, _GRAPH, _FLOATS, _INTS = 1, 2, 3, 4, 5, 6, 7


class TensorProto:
    """Makes tensors, and knows the numbers that ONNX gives element types."""

    FLOAT, UINT8, INT8, INT32, INT64, STRING, FLOAT16 = 1, 2, 3, 6, 7, 8, 10
    EXTERNAL = 1

    def __new__(cls, **fields: Any) -> Any:
        return _MADE["TensorProto"](**fields)


def load(path: Path | str) -> Any:
    return load_from_string(Path(path).read_bytes())


def load_from_string(data: bytes) -> Any:
    return ModelProto.FromString(data)


def from_array(array: np.ndarray, name: str = "") -> Any:
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
    return TensorProto(dims=array.shape, data_type=_TYPES[array.dtype.name], name=name, raw_data=little.tobytes())


def to_array(tensor: Any) -> np.ndarray:
    kind = next(name for name, number in _TYPES.items() if number == tensor.data_type)
    return np.frombuffer(tensor.raw_data, np.dtype(kind).newbyteorder("<")).reshape(tuple(tensor.dims)).astype(kind)


def make_attribute(name: str, value: Any) -> Any:
    attribute = AttributeProto(name=name)
    if isinstance(value, int):
        attribute.type, attribute.i = _INT, value
    elif isinstance(value, float):
        attribute.type, attribute.f = _FLOAT, value
    elif isinstance(value, str):
        attribute.type, attribute.s = _STRING, value.encode()
    elif isinstance(value, GraphProto):
        attribute.type = _GRAPH
        attribute.g.CopyFrom(value)
    elif isinstance(value, _MADE["TensorProto"]):
        attribute.type = _TENSOR
        attribute.t.CopyFrom(value)
    else:
        attribute.type = _INTS if all(isinstance(item, int) for item in value) else _FLOATS
        (attribute.ints if attribute.type == _INTS else attribute.floats).extend(value)
    return attribute


def make_node(operator: str, inputs: Any, outputs: Any, domain: str | None = None, **attributes: Any) -> Any:
    node = NodeProto(op_type=operator, input=inputs, output=outputs)
    if domain is not None:
        node.domain = domain
    node.attribute.extend(make_attribute(name, value) for name, value in sorted(attributes.items()))
    return node


def make_tensor_value_info(name: str, kind: int, shape: Any) -> Any:
    value = _MADE["ValueInfoProto"](name=name)
    value.type.tensor_type.elem_type = kind
    value.type.tensor_type.shape.SetInParent()
    for size in shape:
        value.type.tensor_type.shape.dim.add(**{"dim_param" if isinstance(size, str) else "dim_value": size})
    return value


def make_graph(nodes: Any, name: str, inputs: Any, outputs: Any, initializer: Any = ()) -> Any:
    return GraphProto(node=nodes, name=name, input=inputs, output=outputs, initializer=initializer)


def make_opsetid(domain: str, version: int) -> Any:
    return _MADE["OperatorSetIdProto"](domain=domain, version=version)


def make_model(graph: Any, *, opset_imports: Any, ir_version: int = 10) -> Any:
    return ModelProto(ir_version=ir_version, graph=graph, opset_import=opset_imports)


def make_function(domain: str, name: str, inputs: Any, outputs: Any, nodes: Any, opset_imports: Any) -> Any:  # noqa: PLR0917 - as in onnx
    return _MADE["FunctionProto"](
        domain=domain, name=name, input=inputs, output=outputs, node=nodes, opset_import=opset_imports
    )


def make_tensor(name: str, kind: int, sizes: Any, numbers: Any) -> Any:
    return TensorProto(name=name, data_type=kind, dims=sizes, float_data=numbers)


def set_model_props(model: Any, properties: dict[str, str]) -> None:
    del model.metadata_props[:]
    for key, value in properties.items():
        model.metadata_props.add(key=key, value=value)


def np_dtype_to_tensor_dtype(kind: np.dtype[Any]) -> int:
    return _TYPES[kind.name]


numpy_helper = SimpleNamespace(from_array=from_array, to_array=to_array)
helper = SimpleNamespace(
    make_attribute=make_attribute,
    make_function=make_function,
    make_graph=make_graph,
    make_model=make_model,
    make_node=make_node,
    make_opsetid=make_opsetid,
    make_tensor=make_tensor,
    make_tensor_value_info=make_tensor_value_info,
    np_dtype_to_tensor_dtype=np_dtype_to_tensor_dtype,
    set_model_props=set_model_props,
)

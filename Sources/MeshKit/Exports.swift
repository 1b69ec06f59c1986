@_exported public import MeshModel
@_exported public import MeshOperations
@_exported public import MeshPlanes
@_exported public import MeshTelemetry

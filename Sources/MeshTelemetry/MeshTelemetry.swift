// The MeshTelemetry target.

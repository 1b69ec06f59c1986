// The MeshTransport target.

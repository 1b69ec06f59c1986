// The MeshOperations target.

// The MeshModel target.

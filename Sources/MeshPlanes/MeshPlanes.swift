// The MeshPlanes target.

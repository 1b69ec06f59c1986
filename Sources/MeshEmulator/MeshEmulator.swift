// The MeshEmulator target.

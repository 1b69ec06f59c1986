// The MeshKit target.

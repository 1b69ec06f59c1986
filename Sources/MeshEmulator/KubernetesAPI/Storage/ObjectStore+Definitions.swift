import MeshModel

extension ObjectStore {
  /// Stores a custom resource definition for each custom kind served, so that tools which look for them find them.
  public func putDefinitions() throws(StoreError) {
    for type in types.all where type.isCustom {
      try put([
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": ["name": .string(type.id.description)],
        "spec": [
          "group": .string(type.id.group), "scope": .string(type.isNamespaced ? "Namespaced" : "Cluster"),
          "names": [
            "kind": .string(type.kind), "listKind": .string("\(type.kind)List"), "plural": .string(type.id.plural),
            "singular": .string(type.singular), "shortNames": .array(type.shortNames.map { .string($0) }),
            "categories": .array(type.categories.map { .string($0) }),
          ],
          "versions": .array(
            type.versions.enumerated().map { index, version in
              [
                "name": .string(version), "served": true, "storage": .bool(index == 0), "subresources": ["status": [:]],
                "schema": ["openAPIV3Schema": ["type": "object", "x-kubernetes-preserve-unknown-fields": true]],
              ]
            }),
        ],
        "status": [
          "conditions": [["type": "Established", "status": "True"], ["type": "NamesAccepted", "status": "True"]]
        ],
      ])
    }
  }
}

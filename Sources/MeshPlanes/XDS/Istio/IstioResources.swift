import MeshModel

/// Istio's configuration as an istiod gives it to whoever asks for it by discovery: what became of its Mesh Configuration
/// Protocol.
///
/// Source: Istio, `pilot/pkg/xds/apigen.go`: a node with `GENERATOR: api` in its metadata asks for types named group,
/// version and kind; each resource is an `istio.mcp.v1alpha1.Resource` whose body is the object's specification and whose
/// name is `namespace/name`.
enum IstioResources {
  /// The types asked for, in the versions that objects are stored in.
  static let types = kinds.map { XDSType(group: $0.group, version: "v1", kind: $0.spelling) }

  private static let kinds: [IstioKind] = [
    .virtualService, .destinationRule, .gateway, .serviceEntry, .workloadEntry, .peerAuthentication,
    .authorizationPolicy,
  ]

  /// The kinds of objects, as references have them.
  static var objectKinds: [ObjectKind] { kinds.map(\.rawValue) }

  /// A node with what makes an istiod give its configuration, named in the form that an istiod takes.
  ///
  /// Source: Istio, `model.ParseServiceNodeWithMetadata`: `type~address~name~domain`, anything else is refused; and
  /// `checkConnectionIdentity`: the caller must be of the namespace that the domain or the metadata names, if one does.
  static func node(_ node: XDSSettings.Node) -> XDSSettings.Node {
    var node = node
    if node.metadata["GENERATOR"] == nil { node.metadata["GENERATOR"] = "api" }
    if node.id.split(separator: "~", omittingEmptySubsequences: false).count != 4 {
      node.id = "sidecar~127.0.0.1~\(node.id)~local"
    }
    return node
  }

  /// A resource as the object it stands for; `nil` where its body has no definition here.
  static func object(_ item: XDSResources.Item, type: XDSType) -> JSONValue? {
    guard let body = item.json["body"], body["unknown"] == nil else { return nil }
    let parts = type.url.split(separator: "/").map(String.init)
    guard parts.count == 3 else { return nil }
    let metadata = item.json["metadata"] ?? .null
    let names = (metadata["name"]?.string ?? item.name).split(separator: "/", maxSplits: 1).map(String.init)
    var own: JSONValue = ["name": .string(names.last ?? "")]
    if names.count > 1 { own["namespace"] = .string(names[0]) }
    for name in ["labels", "annotations"] { own[name] = metadata[name] }
    own["creationTimestamp"] = metadata["createTime"]
    own["resourceVersion"] = .string(metadata["version"]?.string ?? item.version)
    return [
      "apiVersion": .string("\(parts[0])/\(parts[1])"), "kind": .string(parts[2]), "metadata": own,
      "spec": specification(body),
    ]
  }

  /// The object's specification: a message of Istio's, or a structure.
  private static func specification(_ body: JSONValue) -> JSONValue {
    var members = body.object ?? JSONObject()
    let isStructure = body.protoType == "Struct"
    members["@type"] = nil
    return isStructure ? members["value"] ?? .object(JSONObject()) : .object(members)
  }

  /// The objects, and the names of the resources whose bodies have no definition here.
  static func objects(_ resources: XDSResources) -> (objects: [(type: XDSType, json: JSONValue)], unknown: [String]) {
    var result: [(type: XDSType, json: JSONValue)] = []
    var unknown: [String] = []
    for type in resources.whole {
      for item in resources.items(type) {
        if let json = object(item, type: type) {
          result.append((type, json))
        } else {
          unknown.append("\(item.name): \(item.json["body"]?["@type"]?.string ?? "no body")")
        }
      }
    }
    return (result, unknown)
  }
}

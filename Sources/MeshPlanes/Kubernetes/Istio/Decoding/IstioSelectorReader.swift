import MeshModel

/// A reader of selectors: `{"matchLabels": {…}}` (security, DestinationRule) or `{"labels": {…}}` (Sidecar,
/// ServiceEntry).
enum IstioSelectorReader {
  static func labels(_ reader: inout JSONReader) throws(JSONError) -> [String: String] {
    var labels: [String: String] = [:]
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "matchLabels", "labels": labels = try reader.stringMap()
      default: try reader.skip()
      }
    }
    return labels
  }

  /// Reads one entry of `targetRefs`; its plane is not known yet, and its namespace may be left out.
  ///
  /// Source: Istio API, PolicyTargetReference.
  static func target(_ reader: inout JSONReader) throws(JSONError) -> ObjectRef {
    var (group, kind, name, namespace) = ("", "", "", "")
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "group": group = try reader.string()
      case "kind": kind = try reader.string().lowercased()
      case "name": name = try reader.string()
      case "namespace": namespace = try reader.string()
      default: try reader.skip()
      }
    }
    if group == GatewayAPIKind.group, kind == "gateway" { kind = GatewayAPIKind.gateway.rawValue }
    return ObjectRef(plane: "", namespace: namespace, kind: kind, name: name)
  }
}

extension ObjectMetadata {
  /// The objects that a policy is for, each in the policy's own namespace unless it names another.
  func targets(_ targets: [ObjectRef], on plane: PlaneName) -> [ObjectRef] {
    targets.map { target in
      ObjectRef(
        plane: plane, namespace: target.namespace.isEmpty ? namespace : target.namespace, kind: target.kind,
        name: target.name)
    }
  }
}

import MeshModel

/// A reader of istiod's `/debug/push_status`: trouble by metric, then by what is concerned.
///
/// Source: Istio, `pilot/pkg/model/push_context.go`, `ProxyPushStatus`; recorded of 1.14.
enum PushStatusReader {
  /// The most entries kept of one metric.
  static let most = 200

  static func read(_ bytes: [UInt8], plane: PlaneName) throws(JSONError) -> [PushError] {
    var errors: [PushError] = []
    try JSONReader.read(bytes) { reader throws(JSONError) in
      if try reader.readNull() { return }
      try reader.object { metric, reader throws(JSONError) in
        if try reader.readNull() { return }
        let kind = metric.string
        var count = 0
        try reader.object { subject, reader throws(JSONError) in
          count += 1
          guard count <= most else { return try reader.skip() }
          var error = PushError(kind: kind, subject: subject.string)
          try reader.object { key, reader throws(JSONError) in
            switch key {
            case "proxy": error.proxy = proxy(try reader.string(), on: plane)
            case "message": error.message = try reader.optionalString() ?? ""
            default: try reader.skip()
            }
          }
          errors.append(error)
        }
      }
    }
    return errors.sorted { ($0.kind, $0.subject) < ($1.kind, $1.subject) }
  }

  /// A proxy by istiod's name for it, `NAME.NAMESPACE`.
  static func proxy(_ id: String, on plane: PlaneName) -> ObjectRef? {
    guard let dot = id.lastIndex(of: "."), dot != id.startIndex else { return nil }
    return ObjectRef(
      plane: plane, namespace: String(id[id.index(after: dot)...]), kind: "pod", name: String(id[..<dot]))
  }
}

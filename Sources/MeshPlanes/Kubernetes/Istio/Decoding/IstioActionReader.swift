import MeshModel

/// A reader of what a rule does in place of, or besides, sending requests on; said in words.
enum IstioActionReader {
  static func redirect(_ reader: inout JSONReader) throws(JSONError) -> String? {
    var (scheme, authority, path, code) = ("", "", "", "301")
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "scheme": scheme = try reader.string() + "://"
      case "authority": authority = try reader.string()
      case "uri": path = try reader.string()
      case "redirectCode": code = try reader.intOrString()
      default: try reader.skip()
      }
    }
    return "redirect to \(scheme)\(authority)\(path) (\(code))"
  }

  static func rewrite(_ reader: inout JSONReader) throws(JSONError) -> String? {
    var parts: [String] = []
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "uri": parts.append("path to \(try reader.string())")
      case "authority": parts.append("host to \(try reader.string())")
      case "uriRegexRewrite":
        parts.append("path by pattern")
        try reader.skip()
      default: try reader.skip()
      }
    }
    return parts.isEmpty ? nil : "rewrite " + parts.joined(separator: " and ")
  }

  static func directResponse(_ reader: inout JSONReader) throws(JSONError) -> String? {
    var status = ""
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "status": status = try reader.intOrString()
      default: try reader.skip()
      }
    }
    return "answer \(status)"
  }

  static func delegate(_ reader: inout JSONReader) throws(JSONError) -> ObjectRef? {
    if try reader.readNull() { return nil }
    var ref = ObjectRef(plane: "", namespace: "", kind: IstioKind.virtualService.rawValue, name: "")
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name": ref.name = try reader.string()
      case "namespace": ref.namespace = try reader.string()
      default: try reader.skip()
      }
    }
    return ref.name.isEmpty ? nil : ref
  }
}

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
}

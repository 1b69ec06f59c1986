import MeshKit

extension Console {
  /// Writes a document of the contract, or a native object, as JSON or YAML.
  func write(_ document: JSONValue, as format: OutputFormat) throws {
    try write(format == .json ? JSONWriter.bytes(document, indent: 2) + [0x0A] : Array(YAMLText.text(document).utf8))
  }

  /// Writes a list as its writer finished it; as YAML it is read back first.
  func write(list bytes: [UInt8], as format: OutputFormat) throws {
    try write(format == .json ? bytes : Array(YAMLText.text(try JSONValue(parsing: bytes)).utf8))
  }

  /// Notes the planes that could not be read, or not whole, with what went wrong.
  static func note(failuresOf planes: [PlaneStatus]) {
    for status in planes where status.state == .down || status.error != nil {
      let error = status.error ?? "down"
      let name = "\(status.plane.name): "
      note(error.hasPrefix(name) ? error : name + error)
    }
  }
}

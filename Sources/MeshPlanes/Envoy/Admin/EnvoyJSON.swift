import MeshModel

/// Reading of proto3's JSON form: zeros are left out, and 64-bit integers are spelled as strings.
extension JSONValue {
  /// An integer, spelled as a number or as a string.
  var protoInt: Int? { int ?? string.flatMap { Int($0) } }

  /// The seconds of a duration such as `3s` or `0.250s`.
  var protoSeconds: Double? {
    guard let text = string, text.hasSuffix("s"), let seconds = Double(text.dropLast()), seconds.isFinite else {
      return nil
    }
    return seconds
  }

  /// The elements of a member that is an array; none where it is absent.
  func list(_ name: String) -> [JSONValue] { self[name]?.array ?? [] }

  /// `host:port` of an `Address`, or the path of a pipe.
  var protoAddress: String? {
    if let socket = self["socket_address"], let host = socket["address"]?.string {
      let shown = host.contains(":") ? "[\(host)]" : host
      return socket["port_value"]?.protoInt.map { "\(shown):\($0)" } ?? shown
    }
    if let path = self["pipe"]?["path"]?.string { return path }
    return self["envoy_internal_address"]?["server_listener_name"]?.string
  }

  /// The last part of the type URL of an `Any`, such as `UpstreamTlsContext`.
  var protoType: String { self["@type"]?.string?.split(separator: ".").last.map(String.init) ?? "" }
}

import MeshModel

/// A reader of istiod's `/debug/registryz`: all services it knows, whatever it has them from.
///
/// Source: Istio, `pilot/pkg/xds/debug.go`, `registryz`, and `model.Service`; the same from 1.14 (recorded) to 1.31.
struct RegistryReader: PieceReader {
  /// What a registry holds.
  struct Registry: Sendable {
    /// The number of services by where istiod has them from.
    var counts: [String: Int] = [:]
    /// Those of the hosts asked for.
    var services: [RegisteredService] = []
  }

  private let hosts: Set<String>
  private var cutter = ArrayCutter(limit: 4 << 20)
  private var registry = Registry()
  private var fault: JSONError?

  /// A reader that keeps the services of some hosts and counts the others.
  init(hosts: Set<String> = []) { self.hosts = hosts }

  mutating func feed(_ piece: [UInt8]) {
    guard fault == nil else { return }
    var (registry, fault) = (self.registry, self.fault)
    cutter.feed(piece) { [hosts] bytes in
      guard fault == nil else { return }
      do throws(JSONError) {
        let service = try JSONReader.read(slice: bytes, Self.service)
        registry.counts[service.registry, default: 0] += 1
        if hosts.contains(service.host) { registry.services.append(service) }
      } catch {
        fault = error
      }
    }
    (self.registry, self.fault) = (registry, fault)
  }

  func finish() throws(JSONError) -> Registry {
    if let fault { throw fault }
    guard cutter.isWhole else { throw JSONError(.malformed, at: 0, expected: "a list of services") }
    return registry
  }

  private static func service(_ reader: inout JSONReader) throws(JSONError) -> RegisteredService {
    var service = RegisteredService(host: "", registry: "unknown")
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "hostname": service.host = try reader.string()
      case "Resolution": service.resolution = resolution(try reader.int())
      case "Attributes":
        try reader.object { key, reader throws(JSONError) in
          switch key {
          case "ServiceRegistry": service.registry = try reader.string()
          default: try reader.skip()
          }
        }
      case "ports":
        service.ports = try reader.list(port)
      default: try reader.skip()
      }
    }
    return service
  }

  private static func port(_ reader: inout JSONReader) throws(JSONError) -> String {
    var (name, number, spoken) = ("", 0, "")
    try reader.object { key, reader throws(JSONError) in
      switch key {
      case "name": name = try reader.string()
      case "port": number = try reader.int()
      case "protocol": spoken = try reader.string()
      default: try reader.skip()
      }
    }
    return [name, "\(number)", spoken].filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// Source: Istio, `model.Resolution`.
  private static func resolution(_ number: Int) -> String {
    switch number {
    case 0: "static"
    case 1, 3, 5: "DNS"
    case 2: "as called"
    case 4: "alias"
    default: ""
    }
  }
}

public import MeshModel

/// The words for what the registry of a control plane holds.
public enum RegistrationText {
  /// The most endpoints named one by one.
  private static let named = 20

  /// A service in a registry: each replica's word, or one for all that say the same.
  public static func service(_ known: Known<[Registration]>) -> [String] {
    lines(known) { registration in
      guard !registration.services.isEmpty else {
        return ["does not hold it: see the mesh's discovery selectors and the label istio.io/rev"]
      }
      return registration.services.map { service in
        let ports = service.ports.isEmpty ? "no ports" : "ports \(service.ports.joined(separator: ", "))"
        let how = service.resolution.isEmpty ? "" : ", endpoints \(service.resolution)"
        return "holds \(service.host) from \(service.registry): \(ports)\(how)"
      } + endpoints(registration.endpoints, sayingHost: registration.services.count > 1)
    }
  }

  /// An instance in a registry.
  public static func instance(_ known: Known<[Registration]>) -> [String] {
    lines(known) { registration in
      registration.endpoints.isEmpty
        ? ["holds it as an endpoint of no service"]
        : endpoints(registration.endpoints, sayingHost: true, verb: "holds ")
    }
  }

  private static func lines(_ known: Known<[Registration]>, _ words: (Registration) -> [String]) -> [String] {
    switch known {
    case .unknown(let reason): return ["its registry is unknown: \(reason)"]
    case .known(let registrations, _, _):
      var said: [(replicas: [String], lines: [String])] = []
      for registration in registrations {
        let lines = words(registration)
        if let index = said.firstIndex(where: { $0.lines == lines }) {
          said[index].replicas.append(registration.replica)
        } else {
          said.append(([registration.replica], lines))
        }
      }
      return said.flatMap { replicas, lines in
        lines.enumerated().map { index, line in
          index == 0 ? "\(replicas.joined(separator: ", ")) \(line)" : "  \(line)"
        }
      }
    }
  }

  private static func endpoints(
    _ all: [RegisteredEndpoint], sayingHost: Bool, verb: String = ""
  ) -> [String] {
    guard !all.isEmpty else { return ["\(verb)no endpoint of it"] }
    let healthy = all.count { $0.health == .healthy }
    let health =
      all.allSatisfy { $0.health == .untold }
      ? "health not told"
      : healthy == all.count ? (all.count == 1 ? "healthy" : "all healthy") : "\(healthy) of them healthy"
    let more = all.count > named ? ["  and \(all.count - named) more"] : []
    return ["\(verb)\(all.count.counted("endpoint")), \(health)"]
      + all.prefix(named).map { "  " + endpoint($0, sayingHost) } + more
  }

  private static func endpoint(_ one: RegisteredEndpoint, _ saysHost: Bool) -> String {
    let parts: [String?] = [
      "\(one.addresses.joined(separator: " "))\(one.port == 0 ? "" : ":\(one.port)")"
        + (saysHost ? " of \(one.host)" : "") + (one.portName.isEmpty ? "" : " port \(one.portName)"),
      one.health == .untold ? "health not told" : one.health.rawValue,
      one.takesMeshTLS ? "mesh TLS" : "plaintext",
      one.account.isEmpty ? nil : one.account,
      one.cluster.isEmpty ? nil : "cluster \(one.cluster)",
      one.network.isEmpty ? nil : "network \(one.network)",
    ]
    return parts.compactMap(\.self).joined(separator: ", ")
  }
}

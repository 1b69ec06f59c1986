extension Scenario.Mesh {
  init(_ node: ScenarioNode) throws(ScenarioError) {
    for (name, value) in try node.members() {
      switch name {
      case "version": version = try value.string()
      case "trustDomain": trustDomain = try value.string()
      case "rootNamespace": rootNamespace = try value.string()
      case "autoMtls": autoMTLS = try value.bool()
      case "cluster": cluster = try value.string()
      case "meshId": meshID = try value.string()
      case "opensAdministration": opensAdministration = try value.bool()
      case "sofa":
        isSOFA = try value.bool()
        if isSOFA { autoMTLS = false }
      default:
        throw value.unknown(
          name, known: "version trustDomain rootNamespace autoMtls cluster meshId opensAdministration sofa")
      }
    }
  }
}

extension Scenario.App {
  init(_ qualifiedName: String, _ node: ScenarioNode) throws(ScenarioError) {
    let parts = qualifiedName.split(separator: "/", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { throw node.fail("write the service as namespace/name") }
    namespace = parts[0]
    name = parts[1]
    for (field, value) in try node.members() {
      switch field {
      case "role": role = try value.choice(AppRole.self)
      case "runtime": runtime = try value.choice(AppRuntime.self)
      case "proxy": proxy = try value.choice(AppProxy.self)
      case "port":
        let number = try value.int(1...65_535)
        ports.insert(.init(name: "", number: number, target: number), at: 0)
      case "ports":
        for (name, value) in try value.members() {
          let numbers = try value.string().split(separator: ":").map { Int($0) ?? 0 }
          guard let number = numbers.first, let target = numbers.last, (1...2).contains(numbers.count),
            (1...65_535).contains(number), (1...65_535).contains(target)
          else { throw value.fail("expected a port, or port:targetPort, such as 80:8080") }
          ports.append(.init(name: name, number: number, target: target))
        }
      case "labels": labels = try value.stringMap()
      case "versions":
        for (name, value) in try value.members() {
          versions.append(try Scenario.Version(name == "-" ? "" : name, value))
        }
      case "calls": for value in try value.elements() { calls.append(try Scenario.Call(value)) }
      case "addresses":
        for (address, isReady) in try value.members() {
          addresses.append(Scenario.Address(address: address, isReady: try isReady.bool()))
        }
      default: throw value.unknown(field, known: "role runtime proxy port ports labels versions calls addresses")
      }
    }
    if versions.isEmpty { versions = [Scenario.Version(name: "")] }
    if ports.isEmpty { ports = [.init(name: "", number: 8_080, target: 8_080)] }
    if ports[0].name.isEmpty { ports[0].name = role.portName }
  }
}

extension AppRole {
  /// The usual name of a port of this role, whose prefix tells Istio the protocol.
  var portName: String {
    switch self {
    case .http: "http"
    case .grpc: "grpc"
    case .tcp: "tcp"
    case .database: "tcp-postgres"
    case .message: "tcp-kafka"
    case .cache: "tcp-redis"
    }
  }
}

extension Scenario.Version {
  init(_ name: String, _ node: ScenarioNode) throws(ScenarioError) {
    self.init(name: name)
    var ready: Int?
    for (field, value) in try node.members() {
      switch field {
      case "replicas": replicas = try value.int(0...10_000)
      case "ready": ready = try value.int(0...10_000)
      case "p50": behaviour.p50 = try value.double(0.01...1e6)
      case "p99": behaviour.p99 = try value.double(0.01...1e7)
      case "errors": behaviour.errors = try value.double(0...1)
      case "errorStatus": behaviour.errorStatus = try value.int(400...599)
      default: throw value.unknown(field, known: "replicas ready p50 p99 errors errorStatus")
      }
    }
    self.ready = min(replicas, ready ?? replicas)
    guard behaviour.p99 >= behaviour.p50 else { throw node.fail("p99 must not be below p50") }
  }
}

extension Scenario.Call {
  init(_ node: ScenarioNode, isArrival: Bool = false) throws(ScenarioError) {
    self.init(to: "")
    var paced = false
    for (field, value) in try node.members() {
      switch field {
      case "to", "host": to = try value.string()
      case "port": port = try value.int(1...65_535)
      case "per": per = try value.double(0...1_000)
      case "rps":
        rate = try value.double(0...1e7)
        paced = true
      case "method": method = try value.string()
      case "path": path = try value.string()
      case "headers":
        headers = Dictionary(
          try value.stringMap().map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
      case "critical": isCritical = try value.bool()
      case "sends": requestBytes = try value.double()
      case "receives": responseBytes = try value.double()
      case "via" where isArrival: continue
      default:
        throw value.unknown(field, known: "to port per rps method path headers critical sends receives")
      }
    }
    guard !to.isEmpty else { throw node.fail("to is missing: the host that is called") }
    if paced { per = 0 }
  }
}

extension Scenario.Arrival {
  init(_ node: ScenarioNode) throws(ScenarioError) {
    gateway = ""
    for (field, value) in try node.members() where field == "via" { gateway = try value.string() }
    guard !gateway.isEmpty else { throw node.fail("via is missing: the gateway workload, namespace/name") }
    call = try Scenario.Call(node, isArrival: true)
  }
}

extension Scenario.ProxyHabit {
  init(_ name: String, _ node: ScenarioNode) throws(ScenarioError) {
    let parts = name.split(separator: "/").map(String.init)
    guard parts.count == 3, let instance = Int(parts[2]), instance >= 0 else {
      throw node.fail("write the proxy as namespace/workload/index, such as shop/cart-v1/0")
    }
    workload = "\(parts[0])/\(parts[1])"
    self.instance = instance
    for (field, value) in try node.members() {
      switch field {
      case "lag": lag = try value.double(0...86_400)
      case "rejects": rejects = try value.string()
      default: throw value.unknown(field, known: "lag rejects")
      }
    }
  }
}

extension Scenario.Generation {
  init(_ node: ScenarioNode) throws(ScenarioError) {
    self.init(services: 100, pods: 500, namespaces: 10, active: 50)
    for (field, value) in try node.members() {
      switch field {
      case "services": services = try value.int(1...100_000)
      case "pods": pods = try value.int(1...1_000_000)
      case "namespaces": namespaces = try value.int(1...10_000)
      case "active": active = try value.int(0...100_000)
      default: throw value.unknown(field, known: "services pods namespaces active")
      }
    }
  }
}

import MeshModel

/// A route or gateway route of App Mesh as a neutral route with one rule.
struct AppMeshRouteReader {
  let json: JSONValue
  let name: AppMeshName
  let plane: PlaneName

  /// The members that hold a route, with what each routes; exactly one is there.
  static let layers: [(member: String, layer: Rule.Layer)] = [
    ("httpRoute", .http), ("http2Route", .http), ("grpcRoute", .grpc), ("tcpRoute", .tcp),
  ]

  /// The member that holds the route, and what it routes.
  var body: (member: String, layer: Rule.Layer, value: JSONValue)? {
    for (member, layer) in Self.layers {
      if let value = json["spec"]?[member], !value.isNull { return (member, layer, value) }
    }
    return nil
  }

  /// The names of the nodes it leads to.
  func targets() -> [String] {
    (body?.value["action"]?["weightedTargets"]?.array ?? []).compactMap { $0["virtualNode"]?.string }
  }

  /// A route of a virtual router.
  func route(hosts: [String]) -> Route {
    route(hosts: hosts, attachedTo: ["virtualrouter/\(name.parent)"]) { pointer, value in
      let targets = value["action"]?["weightedTargets"]?.array ?? []
      let names = targets.map { $0["virtualNode"]?.string ?? "" }
      return targets.enumerated().map { index, target in
        let node = names[index]
        let port = target["port"]?.int
        let isTwice = names.count { $0 == node } > 1
        return Backend(
          name: isTwice ? "\(node):\(port.map(String.init) ?? "\(index)")" : node, host: node, port: port,
          weight: target["weight"]?.int,
          pointer: pointer.appending("action").appending("weightedTargets").appending(index))
      }
    }
  }

  /// A route of a virtual gateway: it leads to one virtual service.
  func gatewayRoute() -> Route {
    let hostname = body?.value["match"]?["hostname"]
    let hosts = [hostname?["exact"]?.string, hostname?["suffix"]?.string.map { "*\($0)" }].compactMap(\.self)
    return route(hosts: hosts, attachedTo: ["virtualgateway/\(name.parent)"]) { pointer, value in
      let target = value["action"]?["target"]
      guard let service = target?["virtualService"]?["virtualServiceName"]?.string else { return [] }
      return [
        Backend(
          name: service, host: service, port: target?["port"]?.int, weight: nil,
          pointer: pointer.appending("action").appending("target"))
      ]
    }
  }

  private func route(
    hosts: [String], attachedTo: [String], backends: (JSONPointer, JSONValue) -> [Backend]
  ) -> Route {
    var rules: [Rule] = []
    if let (member, layer, value) = body {
      let pointer = JSONPointer(["spec", member])
      let match = AppMeshMatchReader(match: value["match"] ?? .null, layer: layer).condition()
      rules = [
        Rule(
          name: name.name, layer: layer, matches: match.map { [$0] } ?? [], backends: backends(pointer, value),
          timeout: AppMeshDuration.seconds(value["timeout"]?["perRequest"]), retries: retries(value["retryPolicy"]),
          action: rewrite(value["action"]?["rewrite"]), pointer: pointer)
      ]
    }
    let version = json["metadata"]?["version"]?.int.map(String.init) ?? ""
    return Route(
      ref: name.ref(plane: plane), dialect: .appMesh, apiVersion: "appmesh/v20190125", hosts: hosts,
      attachedTo: attachedTo, rules: rules, version: version,
      createdAt: Instant(seconds: json["metadata"]?["createdAt"]?.double ?? 0))
  }

  private func retries(_ policy: JSONValue?) -> RetrySetting? {
    guard let policy, let attempts = policy["maxRetries"]?.int else { return nil }
    let events = ["httpRetryEvents", "tcpRetryEvents", "grpcRetryEvents"].flatMap { policy[$0]?.array ?? [] }
    return RetrySetting(
      attempts: attempts, perTryTimeout: AppMeshDuration.seconds(policy["perRetryTimeout"]),
      retryOn: events.compactMap(\.string).joined(separator: ","))
  }

  private func rewrite(_ rewrite: JSONValue?) -> String? {
    guard let rewrite, rewrite.object?.isEmpty == false else { return nil }
    let path = rewrite["path"]?["exact"]?.string ?? rewrite["prefix"]?["value"]?.string
    return path.map { "rewrite to \($0)" } ?? "rewrite"
  }
}

/// Lengths of time as App Mesh writes them: a whole number of `s` or `ms`.
enum AppMeshDuration {
  /// The seconds of a value; `nil` where there is none.
  static func seconds(_ value: JSONValue?) -> Double? {
    guard let number = value?["value"]?.double else { return nil }
    return value?["unit"]?.string == "ms" ? number / 1000 : number
  }

  /// Seconds as App Mesh writes them: in `s` where they are whole, else in `ms`; `nil` where they are neither.
  static func value(_ seconds: Double) -> JSONValue? {
    guard seconds >= 0, seconds.isFinite, seconds < 1e9 else { return nil }
    if seconds == seconds.rounded() { return ["unit": "s", "value": .double(seconds)] }
    let milliseconds = (seconds * 1000).rounded()
    guard abs(milliseconds - seconds * 1000) < 1e-6 else { return nil }
    return ["unit": "ms", "value": .double(milliseconds)]
  }
}

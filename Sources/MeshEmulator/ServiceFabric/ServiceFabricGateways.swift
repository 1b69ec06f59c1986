import MeshModel

/// The gateways of a Service Fabric: what is refused of them, what fails, and the Istio objects of the same consequence.
///
/// Traffic enters by the workload of a gateway's name. TCP is not routed here: nothing of the simulation enters by it.
struct ServiceFabricGateways {
  let store: ServiceFabricStore

  /// Throws for what is no gateway.
  func check(_ json: JSONValue) throws(ServiceFabricFailure) {
    let properties = json["properties"]
    func invalid(_ message: String) -> ServiceFabricFailure { ServiceFabricFailure(400, "InvalidGateway", message) }
    for member in ["sourceNetwork", "destinationNetwork"] where properties?[member]?["name"]?.string == nil {
      throw invalid("\(member) is required")
    }
    for route in Self.routes(json) {
      guard route.json["match"]?["path"]?["value"]?.string != nil else { throw invalid("match.path.value is required") }
      for member in ["applicationName", "serviceName", "endpointName"]
      where route.json["destination"]?[member]?.string == nil {
        throw invalid("destination.\(member) is required")
      }
    }
  }

  /// Why a gateway cannot be set up; `nil` where it can.
  func fault(in json: JSONValue) -> String? {
    let network = Self.name(json["properties"]?["destinationNetwork"]?["name"])
    if store.estate.document("networks", network) == nil { return "network \(network) does not exist" }
    for route in Self.routes(json) {
      let target = route.json["destination"]
      let (application, service) = (Self.name(target?["applicationName"]), target?["serviceName"]?.string ?? "")
      let known = (try? store.services(of: application)) ?? []
      guard let found = known.first(where: { $0["name"]?.string == service }) else {
        return "service \(application)/\(service) does not exist"
      }
      let endpoint = target?["endpointName"]?.string ?? ""
      guard Self.port(of: endpoint, found) != nil else { return "service \(service) has no endpoint \(endpoint)" }
    }
    return nil
  }

  private static func name(_ json: JSONValue?) -> String {
    json?.string?.split(separator: "/").last.map(String.init) ?? ""
  }

  private static func port(of endpoint: String, _ service: JSONValue) -> Int? {
    (service["properties"]?["codePackages"]?.array ?? []).flatMap { $0["endpoints"]?.array ?? [] }
      .first { $0["name"]?.string == endpoint }?["port"]?.int
  }

  private static func routes(_ json: JSONValue) -> [(host: String, json: JSONValue)] {
    (json["properties"]?["http"]?.array ?? []).flatMap { listener in
      (listener["hosts"]?.array ?? []).flatMap { host in
        (host["routes"]?.array ?? []).map { (host["name"]?.string ?? "*", $0) }
      }
    }
  }

  /// A gateway and a virtual service for each gateway that can be set up and has a workload.
  var objects: [JSONValue] {
    store.estate.documents("gateways").flatMap { document -> [JSONValue] in
      let json = document.json
      guard fault(in: json) == nil,
        let app = store.estate.scenario.apps.first(where: { $0.name == document.name && $0.proxy == .gateway })
      else { return [] }
      func object(_ kind: String, _ name: String, _ spec: JSONValue) -> JSONValue {
        [
          "apiVersion": "networking.istio.io/v1", "kind": .string(kind),
          "metadata": ["name": .string(name), "namespace": .string(app.namespace)], "spec": spec,
        ]
      }
      let servers = (json["properties"]?["http"]?.array ?? []).map { listener -> JSONValue in
        ["port": ["number": listener["port"] ?? 80, "name": "http", "protocol": "HTTP"], "hosts": ["*"]]
      }
      let hosts = Self.routes(json).reduce(into: [String]()) { if !$0.contains($1.host) { $0.append($1.host) } }
      return [object("Gateway", app.name, ["selector": ["app": .string(app.name)], "servers": .array(servers)])]
        + hosts.enumerated().map { number, host in
          let rules = Self.routes(json).filter { $0.host == host }.map { rule($0.json) }
          return object(
            "VirtualService", "\(app.name)-\(number)",
            ["hosts": [.string(host)], "gateways": [.string(app.name)], "http": .array(rules)])
        }
    }
  }

  private func rule(_ route: JSONValue) -> JSONValue {
    let target = route["destination"]
    let (application, service) = (Self.name(target?["applicationName"]), target?["serviceName"]?.string ?? "")
    var condition: JSONValue = ["uri": ["prefix": route["match"]?["path"]?["value"] ?? "/"]]
    var headers = JSONObject()
    for header in route["match"]?["headers"]?.array ?? [] {
      guard let name = header["name"]?.string?.lowercased() else { continue }
      headers[name] = header["value"].map { ["exact": $0] } ?? ["regex": ".*"]
    }
    if !headers.isEmpty { condition["headers"] = .object(headers) }
    var rule: JSONValue = [
      "name": route["name"] ?? "", "match": [condition],
      "route": [["destination": ["host": .string("\(service).\(application).svc.cluster.local")]]],
    ]
    if let rewrite = route["match"]?["path"]?["rewrite"], !rewrite.isNull { rule["rewrite"] = ["uri": rewrite] }
    return rule
  }
}

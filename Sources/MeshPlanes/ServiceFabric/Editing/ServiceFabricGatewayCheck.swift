import MeshModel

/// What Service Fabric would not take of a gateway, told before it is sent.
///
/// Source: azure-servicefabric models (`required` and constants of `GatewayResourceDescription`, `HttpConfig`,
/// `HttpHostConfig`, `HttpRouteConfig`, `HttpRouteMatchPath`, `TcpConfig`, `GatewayDestination`).
struct ServiceFabricGatewayCheck {
  let json: JSONValue
  let ref: ObjectRef

  /// Throws `.refused` with the place of the first fault.
  func run() throws(MeshError) {
    let properties = json["properties"]
    for member in ["sourceNetwork", "destinationNetwork"] {
      guard properties?[member]?["name"]?.string?.isEmpty == false else {
        throw refusal(
          ["properties", member, "name"], "a gateway leads from one network to another, and this names none")
      }
    }
    var ports: [Int: JSONPointer] = [:]
    for member in ["http", "tcp"] {
      try names(properties?[member], ["properties", member])
      for (index, listener) in (properties?[member]?.array ?? []).enumerated() {
        let place = JSONPointer(["properties", member, String(index)])
        guard let port = listener["port"]?.int, (1...65_535).contains(port) else {
          throw refusal(place.appending("port").tokens, "a port is between 1 and 65535")
        }
        if let other = ports.updateValue(place, forKey: port) {
          throw refusal(place.appending("port").tokens, "port \(port) is taken by \(other) already")
        }
        if member == "tcp" { try destination(listener, place) } else { try hosts(listener, place) }
      }
    }
    guard !ports.isEmpty else { throw refusal(["properties"], "a gateway without http and tcp takes no requests") }
  }

  private func hosts(_ listener: JSONValue, _ place: JSONPointer) throws(MeshError) {
    let place = place.appending("hosts")
    try names(listener["hosts"], place.tokens)
    for (index, host) in (listener["hosts"]?.array ?? []).enumerated() {
      let place = place.appending(index).appending("routes")
      try names(host["routes"], place.tokens)
      guard host["routes"]?.array?.isEmpty == false else { throw refusal(place.tokens, "a host needs a route") }
      for (index, route) in (host["routes"]?.array ?? []).enumerated() {
        let place = place.appending(index)
        try condition(route["match"], place.appending("match"))
        try destination(route, place)
      }
    }
  }

  private func condition(_ match: JSONValue?, _ place: JSONPointer) throws(MeshError) {
    let path = match?["path"]
    guard let value = path?["value"]?.string, value.hasPrefix("/") else {
      throw refusal(place.appending("path").appending("value").tokens, "a path begins with /")
    }
    guard (path?["type"]?.string ?? "prefix").lowercased() == "prefix" else {
      throw refusal(place.appending("path").appending("type").tokens, "paths are matched by prefix alone")
    }
    if let rewrite = path?["rewrite"], !rewrite.isNull, rewrite.string?.hasPrefix("/") != true {
      throw refusal(
        place.appending("path").appending("rewrite").tokens, "a path is rewritten to one that begins with /")
    }
    for (index, header) in (match?["headers"]?.array ?? []).enumerated() {
      let place = place.appending("headers").appending(index)
      guard header["name"]?.string?.isEmpty == false else {
        throw refusal(place.appending("name").tokens, "a header has a name")
      }
      guard (header["type"]?.string ?? "exact").lowercased() == "exact" else {
        throw refusal(place.appending("type").tokens, "headers are matched exactly alone")
      }
    }
  }

  private func destination(_ json: JSONValue, _ place: JSONPointer) throws(MeshError) {
    for member in ["applicationName", "serviceName", "endpointName"] {
      guard json["destination"]?[member]?.string?.isEmpty == false else {
        throw refusal(
          place.appending("destination").appending(member).tokens,
          "a destination is an endpoint of a service of an application; each is named")
      }
    }
    for member in ["weight", "destinations", "weightedDestinations"]
    where json[member] != nil || json["destination"]?[member] != nil {
      throw refusal(place.appending(member).tokens, ServiceFabricPlane.noWeights)
    }
  }

  private func names(_ list: JSONValue?, _ place: [String]) throws(MeshError) {
    guard let list, !list.isNull else { return }
    guard let items = list.array else { throw refusal(place, "a list is expected here") }
    var seen: Set<String> = []
    for (index, item) in items.enumerated() {
      let place = place + [String(index), "name"]
      guard let name = item["name"]?.string, !name.isEmpty else { throw refusal(place, "a name is needed") }
      guard seen.insert(name).inserted else { throw refusal(place, "\(name) is there twice") }
    }
  }

  private func refusal(_ place: [String], _ words: String) -> MeshError {
    MeshError(.refused, "\(JSONPointer(place)): \(words)", object: ref, remedy: "correct it; nothing was sent")
  }
}

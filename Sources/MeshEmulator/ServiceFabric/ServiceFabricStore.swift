import MeshModel

/// The resources of a Service Fabric: networks, applications and gateways as written, services and replicas as they run.
struct ServiceFabricStore: Sendable {
  let estate: Estate

  /// The resources of a collection in order of name.
  func all(_ place: ServiceFabricPlace) throws(ServiceFabricFailure) -> [JSONValue] {
    switch place.collections.count {
    case 1: return estate.documents(place.collections[0]).map { served($0.json, place.collections[0]) }
    case 2: return try services(of: place.names[0])
    default:
      _ = try service(place.names[1], of: place.names[0])
      return replicas(place.names[1], of: place.names[0])
    }
  }

  /// The resource at a place.
  func get(_ place: ServiceFabricPlace) throws(ServiceFabricFailure) -> JSONValue {
    switch place.collections.count {
    case 1:
      guard let document = estate.document(place.collections[0], place.names[0]) else { throw Self.missing(place) }
      return served(document.json, place.collections[0])
    case 2: return try service(place.names[1], of: place.names[0])
    default:
      guard let replica = try all(place).first(where: { $0["replicaName"]?.string == place.names[2] }) else {
        throw Self.missing(place)
      }
      return replica
    }
  }

  private static func missing(_ place: ServiceFabricPlace) -> ServiceFabricFailure {
    ServiceFabricFailure(
      404, "ResourceNotFound", "The Resource '\(place.collections.last ?? "")/\(place.names.last ?? "")' was not found."
    )
  }

  /// Writes a resource whole.
  func put(_ place: ServiceFabricPlace, _ body: JSONValue) throws(ServiceFabricFailure) {
    guard place.collections.count == 1, !place.isCollection else {
      throw ServiceFabricFailure(405, "MethodNotAllowed", "only applications, networks and gateways are written")
    }
    var json: JSONValue = ["name": .string(place.names[0])]
    for member in ["location", "tags"] { if let value = body[member] { json[member] = value } }
    guard let properties = body["properties"], properties.object != nil else {
      throw ServiceFabricFailure(400, "InvalidRequestContent", "properties are missing")
    }
    json["properties"] = properties
    if place.collections == ["gateways"] { try ServiceFabricGateways(store: self).check(json) }
    let stored = json
    estate.edit(place.collections[0], place.names[0]) { _ in .write(stored) }
    try effect()
  }

  /// Deletes a resource; false where there was none.
  func delete(_ place: ServiceFabricPlace) throws(ServiceFabricFailure) -> Bool {
    guard place.collections.count == 1 else {
      throw ServiceFabricFailure(405, "MethodNotAllowed", "only applications, networks and gateways are deleted")
    }
    let isThere = estate.document(place.collections[0], place.names[0]) != nil
    estate.edit(place.collections[0], place.names[0]) { _ in .delete }
    try effect()
    return isThere
  }

  private func effect() throws(ServiceFabricFailure) {
    do throws(StoreError) { try estate.derive { ServiceFabricGateways(store: self).objects } } catch {
      throw ServiceFabricFailure(500, "InternalError", "it cannot be put into effect: \(error)")
    }
  }

  /// A document with what the server says of it.
  private func served(_ json: JSONValue, _ collection: String) -> JSONValue {
    var json = json
    let fault = collection == "gateways" ? ServiceFabricGateways(store: self).fault(in: json) : nil
    json["properties"]?["status"] = fault == nil ? "Ready" : "Failed"
    if let fault { json["properties"]?["statusDetails"] = .string(fault) }
    if collection == "gateways" { json["properties"]?["ipAddress"] = "203.0.113.80" }
    if collection == "applications" {
      let names = (json["properties"]?["services"]?.array ?? []).compactMap { $0["name"] }
      json["properties"]?["services"] = nil
      json["properties"]?["serviceNames"] = .array(names)
      json["properties"]?["healthState"] = "Ok"
    }
    return json
  }

  /// The services of an application as described, with their state.
  func services(of application: String) throws(ServiceFabricFailure) -> [JSONValue] {
    guard let document = estate.document("applications", application) else {
      throw Self.missing(try ServiceFabricPlace(["applications", application]))
    }
    return (document.json["properties"]?["services"]?.array ?? []).map { service in
      var service = service
      let running = instances(service["name"]?.string ?? "", of: application)
      service["properties"]?["status"] = "Ready"
      service["properties"]?["healthState"] = running.allSatisfy(\.isReady) && !running.isEmpty ? "Ok" : "Error"
      return service
    }
  }

  private func service(_ name: String, of application: String) throws(ServiceFabricFailure) -> JSONValue {
    guard let service = try services(of: application).first(where: { $0["name"]?.string == name }) else {
      throw Self.missing(try ServiceFabricPlace(["applications", application, "services", name]))
    }
    return service
  }

  private func instances(_ service: String, of application: String) -> [Instance] {
    (estate.state.registry.instances[application] ?? [:]).values.filter { $0.workload == service }
      .sorted { $0.name < $1.name }
  }

  private func replicas(_ service: String, of application: String) -> [JSONValue] {
    let described = (try? self.service(service, of: application))?["properties"]
    return instances(service, of: application).enumerated().map { number, instance in
      let packages = (described?["codePackages"]?.array ?? []).map { package -> JSONValue in
        var package = package
        package["instanceView"] = ["currentState": ["state": instance.isReady ? "Running" : "Waiting"]]
        return package
      }
      return [
        "replicaName": .string(String(number)), "osType": described?["osType"] ?? "Linux",
        "codePackages": .array(packages), "networkRefs": described?["networkRefs"] ?? [],
      ]
    }
  }
}

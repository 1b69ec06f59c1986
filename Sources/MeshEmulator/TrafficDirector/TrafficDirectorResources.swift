import MeshModel
import Synchronization

/// The resources of a project, kept as documents of its estate; what they come to is derived after every write.
struct TrafficDirectorResources: Sendable {
  /// The kind under which backend services are kept.
  static let backendServices = "backendServices"

  let estate: Estate
  let project: String
  private let ticks = Ticks()

  /// Tells times of change apart that fall into one second.
  private final class Ticks: Sendable {
    private let count = Atomic<Int>(0)
    var next: Int { count.add(1, ordering: .relaxed).newValue }
  }

  /// Stores a document of the scenario: network resources by their name, backend services by their kind.
  func load(_ document: JSONValue) throws(GoogleRefusal) {
    if document["loadBalancingScheme"] != nil {
      guard let name = document["name"]?.string else { throw .invalid("a backend service needs a name") }
      try putService(name, document, isNew: true)
      return
    }
    let parts = (document["name"]?.string ?? "").split(separator: "/").map(String.init)
    guard parts.count == 6, let kind = TrafficDirectorCollection(rawValue: parts[4]) else {
      throw .invalid("the name is none of projects/PROJECT/locations/LOCATION/COLLECTION/NAME")
    }
    try store(kind, parts[5], try checked(kind, document))
  }

  /// Makes the simulation follow the configuration.
  func derive() throws(StoreError) {
    try estate.derive { TrafficDirectorTranslation(self).objects }
  }

  /// The resources of a kind, as they are stored: without their names.
  func stored(_ kind: TrafficDirectorCollection) -> [(id: String, json: JSONValue)] {
    estate.documents(kind.rawValue).map { ($0.name, $0.json) }
  }

  func list(_ kind: TrafficDirectorCollection, location: String) -> [JSONValue] {
    guard location == "global" || location == "-" else { return [] }
    return stored(kind).map { shown(kind, $0.id, $0.json) }
  }

  func get(_ kind: TrafficDirectorCollection, location: String, _ id: String) throws(GoogleRefusal) -> JSONValue {
    guard location == "global", let document = estate.document(kind.rawValue, id) else {
      throw .absent(name(kind, id, location))
    }
    return shown(kind, id, document.json)
  }

  func create(
    _ kind: TrafficDirectorCollection, location: String, _ id: String, _ body: JSONValue
  ) throws(GoogleRefusal) -> JSONValue {
    guard location == "global" else { throw .invalid("Location \(location) is not available for meshes.") }
    let isName = id.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    guard isName, id.utf8.first.map({ (0x61...0x7A).contains($0) }) == true, id.utf8.count <= 63 else {
      throw .invalid("Invalid resource ID \(id).")
    }
    if estate.document(kind.rawValue, id) != nil {
      throw GoogleRefusal(409, "ALREADY_EXISTS", "Resource '\(name(kind, id))' already exists")
    }
    return try change { () throws(GoogleRefusal) in try store(kind, id, try checked(kind, body)) }
  }

  /// Overwrites the members that a mask names, or all where there is none.
  func patch(
    _ kind: TrafficDirectorCollection, location: String, _ id: String, _ body: JSONValue, mask: [String]?
  ) throws(GoogleRefusal) -> JSONValue {
    guard location == "global", let current = estate.document(kind.rawValue, id)?.json else {
      throw .absent(name(kind, id, location))
    }
    var json = current
    let names = mask == ["*"] ? nil : mask
    for member in names ?? Array(kind.members.subtracting(Self.outputs)) {
      let top = member.split(separator: ".").first.map(String.init) ?? member
      guard kind.members.contains(top), !Self.outputs.contains(top) else {
        throw .invalid("Update mask contains an invalid field: \(member).")
      }
      json[top] = body[top]
    }
    return try change { () throws(GoogleRefusal) in try store(kind, id, try checked(kind, json)) }
  }

  func delete(_ kind: TrafficDirectorCollection, location: String, _ id: String) throws(GoogleRefusal) -> JSONValue {
    _ = try get(kind, location: location, id)
    estate.edit(kind.rawValue, id) { _ in .delete }
    return try change { .null }
  }

  private static let outputs: Set<String> = ["name", "selfLink", "createTime", "updateTime"]

  private func change(_ body: () throws(GoogleRefusal) -> JSONValue) throws(GoogleRefusal) -> JSONValue {
    let result = try body()
    do throws(StoreError) { try derive() } catch {
      throw GoogleRefusal(500, "INTERNAL", "\(error)")
    }
    return result
  }

  @discardableResult
  private func store(_ kind: TrafficDirectorCollection, _ id: String, _ json: JSONValue) throws(GoogleRefusal)
    -> JSONValue
  {
    let time = time()
    let document = estate.edit(kind.rawValue, id) { current in
      var json = json
      json["createTime"] = current?.json["createTime"] ?? time
      json["updateTime"] = time
      return .write(json)
    }
    return shown(kind, id, document?.json ?? json)
  }

  /// The time now with nanoseconds, later than any given before.
  private func time() -> JSONValue {
    let nanoseconds = String(ticks.next % 1_000_000_000)
    let text = Timestamp.text(ProxyView.whole(estate.clock()))
    return .string(
      text.dropLast() + "." + String(repeating: "0", count: 9 - nanoseconds.utf8.count) + nanoseconds + "Z")
  }

  private func shown(_ kind: TrafficDirectorCollection, _ id: String, _ json: JSONValue) -> JSONValue {
    var shown: JSONValue = ["name": .string(name(kind, id))]
    for member in json.object?.members ?? [] { shown[member.name] = member.value }
    return shown
  }

  private func name(_ kind: TrafficDirectorCollection, _ id: String, _ location: String = "global") -> String {
    "projects/\(project)/locations/\(location)/\(kind.rawValue)/\(id)"
  }

  /// A resource as it is stored; refused where it is none.
  private func checked(_ kind: TrafficDirectorCollection, _ body: JSONValue) throws(GoogleRefusal) -> JSONValue {
    var json: JSONValue = [:]
    for member in body.object?.members ?? [] where !Self.outputs.contains(member.name) {
      guard kind.members.contains(member.name) else {
        throw .invalid("Invalid JSON payload received. Unknown name \"\(member.name)\": Cannot find field.")
      }
      json[member.name] = Self.named(member.name, member.value, kind)
    }
    for member in kind.required where json[member] == nil || json[member]?.array?.isEmpty == true {
      throw .invalid("\(member) is required.")
    }
    guard kind.isRoute else { return json }
    var rules: [JSONValue] = []
    for rule in json["rules"]?.array ?? [] { rules.append(try checked(rule, rules.count, kind)) }
    json["rules"] = .array(rules)
    return json
  }

  /// The names of enumerations whose numbers clients may send. Source: the same definitions.
  private static func named(_ member: String, _ value: JSONValue, _ kind: TrafficDirectorCollection) -> JSONValue {
    guard let number = value.int else { return value }
    let names: [String] =
      switch (kind, member) {
      case (.gateways, "type"): ["TYPE_UNSPECIFIED", "OPEN_MESH", "SECURE_WEB_GATEWAY"]
      case (.endpointPolicies, "type"): ["ENDPOINT_POLICY_TYPE_UNSPECIFIED", "SIDECAR_PROXY", "GRPC_SERVER"]
      case (.authorizationPolicies, "action"): ["ACTION_UNSPECIFIED", "ALLOW", "DENY"]
      case (_, "envoyHeaders"): ["ENVOY_HEADERS_UNSPECIFIED", "NONE", "DEBUG_HEADERS"]
      default: []
      }
    return names.indices.contains(number) ? .string(names[number]) : value
  }

  private func checked(
    _ rule: JSONValue, _ index: Int, _ kind: TrafficDirectorCollection
  ) throws(GoogleRefusal) -> JSONValue {
    var rule = rule
    guard var destinations = rule["action"]?["destinations"]?.array else { return rule }
    var isSet: [Bool] = []
    for (place, destination) in destinations.enumerated() {
      let field = "rules[\(index)].action.destinations[\(place)]"
      guard let service = destination["serviceName"]?.string, let id = service.split(separator: "/").last else {
        throw .invalid("\(field).service_name is required.")
      }
      guard estate.document(Self.backendServices, String(id)) != nil else {
        throw .late("\(field).service_name: the backend service \(service) was not found.")
      }
      guard let weight = destination["weight"] else {
        isSet.append(false)
        continue
      }
      guard let number = weight.int, (0...Int(Int32.max)).contains(number) else {
        throw .invalid("\(field).weight must be between 0 and \(Int32.max).")
      }
      // proto3 knows no 0 that is set but where the field is optional, as in gRPC routes.
      if number == 0, kind != .grpcRoutes { destinations[place]["weight"] = nil }
      isSet.append(kind == .grpcRoutes || number > 0)
    }
    if kind == .grpcRoutes, isSet.contains(true), isSet.contains(false) {
      throw .invalid("rules[\(index)].action.destinations: weights must be specified for all destinations or for none.")
    }
    var action = rule["action"] ?? [:]
    action["destinations"] = .array(destinations)
    rule["action"] = action
    return rule
  }

  /// Stores a backend service; its fingerprint is that of the write.
  @discardableResult
  func putService(_ id: String, _ body: JSONValue, isNew: Bool) throws(GoogleRefusal) -> JSONValue {
    let time = JSONValue.string(Timestamp.text(ProxyView.whole(estate.clock())))
    let stamp = ticks.next
    let document = try estate.edit(Self.backendServices, id) { current throws(GoogleRefusal) in
      guard isNew == (current == nil) else {
        throw isNew
          ? GoogleRefusal(409, "alreadyExists", "The resource '\(id)' already exists") : .absent(id)
      }
      if let current, body["fingerprint"] != current.json["fingerprint"] {
        throw body["fingerprint"] == nil
          ? GoogleRefusal(400, "required", "Required field 'resource.fingerprint' not specified")
          : GoogleRefusal(412, "conditionNotMet", "Invalid fingerprint.")
      }
      var json =
        current?.json ?? [
          "kind": "compute#backendService", "id": .string(Self.number(id)), "creationTimestamp": time,
          "name": .string(id),
          "selfLink": .string("https://www.googleapis.com/compute/v1/projects/\(project)/global/backendServices/\(id)"),
        ]
      for member in body.object?.members ?? [] where !["kind", "id", "name", "selfLink"].contains(member.name) {
        json[member.name] = nil
        if !member.value.isNull { json[member.name] = member.value }
      }
      json["fingerprint"] = .string(Self.fingerprint(stamp))
      return .write(json)
    }
    return document?.json ?? body
  }

  /// A number that stands for a name for good. Source: Google's are unsigned 64-bit numbers.
  private static func number(_ id: String) -> String {
    String(id.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } >> 1)
  }

  /// Eight characters of Base64 and their padding, as Google's are.
  private static func fingerprint(_ stamp: Int) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    return String((0..<11).map { alphabet[stamp >> (6 * (10 - $0) % 60) & 63] }) + "="
  }
}

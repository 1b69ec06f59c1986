import MeshModel
import Synchronization

/// The configuration entries of a Consul: kept as written, checked as Consul checks them, and put into effect.
struct ConsulConfig: Sendable {
  /// The kinds of entry the community edition has.
  static let kinds = [
    "proxy-defaults", "mesh", "service-defaults", "service-resolver", "service-splitter", "service-router",
    "service-intentions", "ingress-gateway", "terminating-gateway", "api-gateway", "http-route", "tcp-route",
    "exported-services", "jwt-provider",
  ]

  let estate: Estate
  private let written: Written

  private final class Written: Sendable {
    let index = Mutex(1)
  }

  init(estate: Estate) {
    self.estate = estate
    written = Written()
  }

  /// The index of the last write to any entry.
  var index: Int { written.index.withLock(\.self) }

  /// The entries of a kind.
  func list(_ kind: String) throws(ConsulFailure) -> [JSONValue] {
    let gateways = ConsulGateways(entries)
    return try estate.documents(Self.known(kind)).map { Self.answered($0, gateways) }
  }

  /// One entry.
  func get(_ kind: String, _ name: String) throws(ConsulFailure) -> JSONValue {
    guard let document = estate.document(try Self.known(kind), name) else {
      throw ConsulFailure(404, "Config entry not found for \"\(kind)\" / \"\(name)\"")
    }
    return Self.answered(document, ConsulGateways(entries))
  }

  /// Every entry, by kind and name.
  var entries: ConsulEntries {
    ConsulEntries(
      Dictionary(
        Self.kinds.map { kind in
          (kind, Dictionary(estate.documents(kind).map { ($0.name, $0.json) }, uniquingKeysWith: { $1 }))
        }, uniquingKeysWith: { $1 }))
  }

  /// Writes an entry.
  ///
  /// - Parameter cas: The index the entry must have, 0 for one that must not be there; `nil` asks for nothing.
  /// - Returns: Whether it was written; not so where `cas` is of another index. An entry that changes nothing is not
  ///   written, whatever `cas` says.
  func put(_ entry: JSONValue, cas: Int?) throws(ConsulFailure) -> Bool {
    guard entry.object != nil else { throw ConsulFailure(400, "Request decoding failed: expected a config entry") }
    guard let kind = entry["Kind"]?.string else {
      throw ConsulFailure(400, "Request decoding failed: Payload does not contain a kind/Kind key at the top level")
    }
    guard Self.kinds.contains(kind) else {
      throw ConsulFailure(400, "Request decoding failed: invalid config entry kind: \(kind)")
    }
    var content = ConsulGateways.normalized(entry)
    for name in ["CreateIndex", "ModifyIndex", "Hash"] { content[name] = nil }
    let fixed = ["proxy-defaults": "global", "mesh": "mesh"][kind]
    if let fixed, content["Name"] == nil { content["Name"] = .string(fixed) }
    let name = content["Name"]?.string ?? ""
    try ConsulRules.check(content, among: entries)
    var isTaken = true
    let stored = estate.edit(kind, name) { current in
      if let current, current.json.isEquivalent(to: content) { return .nothing }
      isTaken = cas.map { $0 == current?.version ?? 0 } ?? true
      return isTaken ? .write(content) : .nothing
    }
    if isTaken, let stored { try takeEffect(stored.version) }
    return isTaken
  }

  /// Deletes an entry; one that is not there is deleted too.
  ///
  /// - Returns: Whether it was deleted, where `cas` is said.
  func delete(_ kind: String, _ name: String, cas: Int?) throws(ConsulFailure) -> Bool? {
    let kind = try Self.known(kind)
    try ConsulRules.checkDelete(kind, name, among: entries)
    var isTaken = true
    let deleted = estate.edit(kind, name) { current in
      isTaken = cas.map { $0 == current?.version } ?? true
      return isTaken ? .delete : .nothing
    }
    if isTaken, let deleted { try takeEffect(deleted.version) }
    return cas == nil ? nil : isTaken
  }

  private func takeEffect(_ version: Int) throws(ConsulFailure) {
    written.index.withLock { $0 = max($0, version) }
    do throws(StoreError) {
      try estate.derive { ConsulTranslation(entries, services: services).objects }
    } catch {
      throw ConsulFailure(500, "\(error)")
    }
  }

  /// The names of the services of the catalog.
  var services: [String] {
    let imported = ConsulPeerings(estate).importers
    return estate.scenario.apps.filter { $0.runtime != .external && imported[$0.name] == nil }.map(\.name).sorted()
  }

  private static func known(_ kind: String) throws(ConsulFailure) -> String {
    guard kinds.contains(kind) else { throw ConsulFailure(400, "invalid config entry kind: \(kind)") }
    return kind
  }

  private static func answered(_ document: Document, _ gateways: ConsulGateways) -> JSONValue {
    var entry = document.json
    if let status = gateways.status(entry) { entry["Status"] = status }
    entry["CreateIndex"] = .int(document.created)
    entry["ModifyIndex"] = .int(document.version)
    return entry
  }
}

/// Configuration entries by kind and name.
struct ConsulEntries: Sendable {
  private var byKind: [String: [String: JSONValue]]

  init(_ byKind: [String: [String: JSONValue]]) { self.byKind = byKind }

  /// An entry.
  subscript(kind: String, name: String) -> JSONValue? {
    get { byKind[kind]?[name] }
    set { byKind[kind, default: [:]][name] = newValue }
  }

  /// The entries of a kind, by name.
  func all(_ kind: String) -> [(name: String, entry: JSONValue)] {
    (byKind[kind] ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The protocol of a service: its own, the proxies' default, else TCP.
  func protocolName(of service: String) -> String {
    let own = self["service-defaults", service]?["Protocol"]?.string ?? ""
    if !own.isEmpty { return own.lowercased() }
    let general = self["proxy-defaults", "global"]?["Config"]?["protocol"]?.string ?? ""
    return general.isEmpty ? "tcp" : general.lowercased()
  }
}

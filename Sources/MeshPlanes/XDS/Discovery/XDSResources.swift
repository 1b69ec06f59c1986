import MeshModel

/// Everything a control plane sent so far, by type.
struct XDSResources: Sendable {
  /// One resource.
  struct Item: Sendable, Hashable {
    var name: String
    var version: String
    var json: JSONValue
  }

  /// The resources of one type.
  struct Table: Sendable {
    var version = ""
    var items: [String: Item] = [:]
    /// The names asked for; `nil` where all are.
    var wanted: Set<String>?
    /// The names that the control plane says it has not, each with its words.
    var absent: [String: String] = [:]
    /// Whether there was an answer at all.
    var isAnswered = false
  }

  private(set) var tables: [XDSType: Table] = [:]
  /// The types asked for whole, in order.
  let whole: [XDSType]
  /// The name the control plane gives itself.
  var controlPlane = ""
  /// What was sent and could not be read, in words.
  private(set) var faults: [String: String] = [:]

  init(whole: [XDSType]) {
    self.whole = whole
    for type in whole { tables[type] = Table() }
    if whole.contains(.listeners) {
      // Scopes are asked for whole, once a listener has any.
      for type in XDSType.dependent where type != .scopedRoutes { tables[type] = Table(wanted: []) }
    }
  }

  subscript(type: XDSType) -> Table { tables[type] ?? Table() }

  /// The resources of a type by name.
  func items(_ type: XDSType) -> [Item] { self[type].items.values.sorted { $0.name < $1.name } }

  /// Takes an answer that has all resources of its type, or of those by name the ones that changed.
  mutating func take(_ type: XDSType, _ items: [Item], version: String) {
    guard tables[type] != nil else { return }
    if tables[type]?.wanted == nil {
      tables[type]?.items = [:]
    }
    update(type, items)
    tables[type]?.version = version
  }

  /// Takes what changed of a type.
  mutating func update(_ type: XDSType, _ items: [Item], removed: [String] = [], absent: [String: String] = [:]) {
    guard var table = tables[type] else { return }
    table.isAnswered = true
    for name in removed {
      table.items[name] = nil
      if table.wanted != nil { table.absent[name] = "the control plane has none of that name" }
    }
    // What was under way when a name was given up comes late.
    for item in items where table.wanted?.contains(item.name) != false {
      table.items[item.name] = item
      table.absent[item.name] = nil
    }
    table.absent.merge(absent) { _, new in new }
    tables[type] = table
    if type == .listeners {
      let wantsScopes = self.items(type).contains { XDSDependencies.wantsScopes($0.json) }
      tables[.scopedRoutes] = wantsScopes ? tables[.scopedRoutes] ?? Table() : nil
    }
    if type == .listeners || type == .scopedRoutes {
      let named = self.items(.listeners).flatMap { XDSDependencies.routes(of: $0.json) }
      want(.routes, Set(named + self.items(.scopedRoutes).compactMap { $0.json["route_configuration_name"]?.string }))
    }
    if type == .clusters {
      want(.endpoints, Set(self.items(type).compactMap { XDSDependencies.endpoints(of: $0.json) }))
    }
  }

  private mutating func want(_ type: XDSType, _ names: Set<String>) {
    var table = self[type]
    table.wanted = names
    table.items = table.items.filter { names.contains($0.key) }
    table.absent = table.absent.filter { names.contains($0.key) }
    tables[type] = table
  }

  /// Whether there is something to ask of a type that was not asked yet.
  func isNew(_ type: XDSType, asked: Set<String>?) -> Bool {
    guard let table = tables[type] else { return false }
    guard let wanted = table.wanted else { return asked == nil }
    return wanted != asked ?? []
  }

  /// Notes that a resource could not be read; it is asked for no more and no less.
  mutating func fault(_ name: String, _ words: String?) { faults[name] = words }

  /// Notes an answer of a type that was not asked for.
  ///
  /// The second version of the API had types of its own (`envoy.api.v2.Cluster`); Envoy ended it with 1.18, in 2021.
  mutating func noteForeign(_ typeURL: String, _ count: Int) {
    let old = typeURL.contains("envoy.api.v2.") ? ": the version of the API that Envoy ended in 2021" : ""
    faults[typeURL.isEmpty ? "an answer without a type" : typeURL] =
      "\(count.counted("resource")) of a type that was not asked for\(old)"
  }

  /// What was asked for and not answered, in words; empty once everything was.
  var missing: [String] {
    var result: [String] = []
    for (type, table) in tables {
      guard let wanted = table.wanted else {
        if !table.isAnswered { result.append("no answer for \(type.words)") }
        continue
      }
      let open = wanted.filter { table.items[$0] == nil && table.absent[$0] == nil }.sorted()
      guard let first = open.first else { continue }
      let more = open.count > 1 ? " and \(open.count - 1) more" : ""
      result.append("no answer for \(type.words) \(first)\(more)")
    }
    return result.sorted()
  }

  /// What the control plane says it has not although others of its resources name it, in words.
  var absences: [String] {
    tables.flatMap { type, table in table.absent.map { "\(type.words) \($0.key): \($0.value)" } }.sorted()
  }
}

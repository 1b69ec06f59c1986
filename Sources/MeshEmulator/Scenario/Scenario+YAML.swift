import MeshModel
import Yams

extension Scenario {
  /// Reads a scenario from YAML.
  ///
  /// - Parameters:
  ///   - yaml: The text.
  ///   - file: The name of the file, for errors.
  /// - Throws: ``ScenarioError`` with file, line and what to write instead.
  public init(yaml: String, file: String) throws(ScenarioError) {
    let root: Node?
    do {
      root = try compose(yaml: yaml)
    } catch let error as YamlError {
      throw ScenarioError(code: .syntax, file: file, line: error.line, message: "not YAML: \(error)")
    } catch {
      throw ScenarioError(code: .syntax, file: file, line: 1, message: "not YAML: \(error)")
    }
    guard let root else {
      throw ScenarioError(code: .syntax, file: file, line: 1, message: "the file is empty; it needs name and services")
    }
    let document = ScenarioNode(node: root, file: file, path: "")
    self.init(name: "")
    for (name, value) in try document.members() {
      switch name {
      case "name": self.name = try value.string()
      case "platforms":
        for (name, value) in try value.members() { platforms.append(try Platform(name, value)) }
      case "clusters":
        for (name, value) in try value.members() { clusters.append(try Scenario(cluster: name, value)) }
      case "dialects":
        for value in try value.elements() {
          let name = try value.string()
          guard ResourceTypes.families[name] != nil else {
            throw value.unknown(name, known: ResourceTypes.families.keys.sorted().joined(separator: " "))
          }
          dialects.append(name)
        }
      default:
        guard try read(name, value) else {
          throw value.unknown(
            name,
            known: "name wobble mesh dialects namespaces services arrivals proxies objects generate platforms clusters")
        }
      }
    }
    guard !self.name.isEmpty else { throw document.fail("name is missing; write `name: shop`") }
    try check(document)
    let names = [mesh.cluster] + clusters.map(\.name)
    if Set(names).count < names.count { throw document.fail("two clusters have one name", code: .reference) }
  }

  /// Reads the section of a further cluster; its control plane says the section's name as the cluster's.
  private init(cluster name: String, _ node: ScenarioNode) throws(ScenarioError) {
    self.init(name: name)
    for (name, value) in try node.members() {
      let isKnown = try read(name, value)
      guard isKnown else {
        throw value.unknown(name, known: "wobble mesh namespaces services arrivals proxies objects generate")
      }
    }
    mesh.cluster = name
    try check(node)
  }

  /// Reads one of the fields that a scenario and a platform's section have in common.
  ///
  /// - Returns: Whether it is one.
  fileprivate mutating func read(_ name: String, _ value: ScenarioNode) throws(ScenarioError) -> Bool {
    switch name {
    case "wobble": wobble = try value.double(0...0.9)
    case "mesh": mesh = try Mesh(value)
    case "namespaces":
      for (name, value) in try value.members() {
        namespaces.append(Namespace(name: name, labels: try value.stringMap()))
      }
    case "services": for (name, value) in try value.members() { apps.append(try App(name, value)) }
    case "arrivals": for value in try value.elements() { arrivals.append(try Arrival(value)) }
    case "proxies": for (name, value) in try value.members() { habits.append(try ProxyHabit(name, value)) }
    case "objects": for value in try value.elements() { objects.append(try Scenario.object(value)) }
    case "generate": generation = try Generation(value)
    default: return false
    }
    return true
  }

  /// Checks what one part of the scenario says of another.
  fileprivate func check(_ document: ScenarioNode) throws(ScenarioError) {
    let names = Set(namespaces.map(\.name))
    let workloads = Set(apps.flatMap { app in app.versions.map { "\(app.namespace)/\(app.workloadName($0))" } })
    for app in apps where !names.contains(app.namespace) && app.runtime != .external {
      throw document.fail("services.\(app.namespace)/\(app.name): no namespace \(app.namespace)", code: .reference)
    }
    for arrival in arrivals where !workloads.contains(arrival.gateway) {
      throw document.fail("arrivals: no workload \(arrival.gateway) to enter by", code: .reference)
    }
    for habit in habits where !workloads.contains(habit.workload) {
      throw document.fail("proxies: no workload \(habit.workload)", code: .reference)
    }
  }

  private static func object(_ node: ScenarioNode) throws(ScenarioError) -> JSONValue {
    let value = try node.json()
    guard value["apiVersion"]?.string != nil, value["kind"]?.string != nil, value["metadata"]?["name"]?.string != nil
    else { throw node.fail("an object needs apiVersion, kind and metadata.name") }
    return value
  }
}

extension Scenario.Platform {
  init(_ kind: String, _ node: ScenarioNode) throws(ScenarioError) {
    guard let known = Plane.Kind(typed: kind), EmbeddedPlatforms.type(known) != nil else {
      throw node.unknown(kind, known: EmbeddedPlatforms.all.map { $0.kind.rawValue }.joined(separator: " "))
    }
    var scenario = Scenario(name: known.rawValue)
    var documents: [JSONValue] = []
    for (name, value) in try node.members() {
      if name == "documents" {
        for value in try value.elements() { documents.append(try value.json()) }
        continue
      }
      let isKnown = try scenario.read(name, value)
      guard isKnown else {
        throw value.unknown(name, known: "wobble mesh namespaces services arrivals proxies objects generate documents")
      }
    }
    // Its namespaces need no labels of their own: those of its services are there.
    for app in scenario.apps where !scenario.namespaces.contains(where: { $0.name == app.namespace }) {
      scenario.namespaces.append(Scenario.Namespace(name: app.namespace, labels: [:]))
    }
    try scenario.check(node)
    self.init(kind: known, scenario: scenario, documents: documents)
  }
}

extension YamlError {
  /// The line it happened at, or 1.
  fileprivate var line: Int {
    switch self {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
    default: 1
    }
  }
}

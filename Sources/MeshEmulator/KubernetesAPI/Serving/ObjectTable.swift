import MeshModel

/// The table form of objects: the columns `kubectl get` prints.
struct ObjectTable: Sendable {
  private let type: ResourceType
  private let version: String
  private let includes: String
  private let now: Int
  private let columns: [ResourceType.Column]

  /// Creates the table of a kind.
  ///
  /// - Parameters:
  ///   - includes: What rows carry beside their cells: `Metadata` (where `nil`), `Object` or `None`.
  ///   - now: The time in seconds since 1970, for ages.
  init(_ type: ResourceType, version: String, includes: String?, now: Int) {
    self.type = type
    self.version = version
    self.includes = includes.flatMap { $0.isEmpty ? nil : $0 } ?? "Metadata"
    self.now = now
    columns = BuiltInCells.columns[type.id] ?? (type.columns.isEmpty ? BuiltInCells.age : type.columns)
  }

  /// The table of objects as JSON text.
  func bytes(
    _ objects: [StoredObject], apiVersion: String, listMetadata: JSONValue, hasColumns: Bool = true
  ) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("kind", "Table")
      writer.member("apiVersion", "meta.k8s.io/\(version)")
      writer.name("metadata")
      writer.value(listMetadata)
      writer.name("columnDefinitions")
      writer.array { writer in
        guard hasColumns else { return }
        let name = ResourceType.Column("Name", "", type: "string")
        for (index, column) in ([name] + columns).enumerated() {
          writer.object { writer in
            writer.member("name", column.name)
            writer.member("type", type.isCustom || column.type != "date" ? column.type : "string")
            writer.member("format", index == 0 ? "name" : "")
            writer.member("description", Self.description(column))
            writer.member("priority", column.priority)
          }
        }
      }
      writer.name("rows")
      writer.array { writer in
        for object in objects { row(object, apiVersion: apiVersion, into: &writer) }
      }
    }
    return writer.drain()
  }

  private static func description(_ column: ResourceType.Column) -> String {
    column.path.isEmpty ? "Name must be unique within a namespace." : column.path
  }

  private func row(_ object: StoredObject, apiVersion: String, into writer: inout JSONWriter) {
    let json = object.json
    writer.object { writer in
      writer.name("cells")
      writer.array { writer in
        writer.string(object.name)
        if let cells = BuiltInCells.cells(type.id, json, age: { age($0) }) {
          for cell in cells { writer.value(cell) }
        } else {
          for column in columns { writer.value(cell(column, json)) }
        }
      }
      switch includes {
      case "None": break
      case "Object":
        writer.name("object")
        writer.raw(bytes: object.bytes(apiVersion: apiVersion, kind: type.kind))
      default:
        writer.name("object")
        writer.value([
          "kind": "PartialObjectMetadata", "apiVersion": .string("meta.k8s.io/\(version)"),
          "metadata": json["metadata"] ?? [:],
        ])
      }
    }
  }

  /// The value at a path of members, with filters of list elements by one of their members
  /// (`.status.conditions[?(@.type=='Ready')].status`).
  static func value(at path: Substring, in json: JSONValue) -> JSONValue? {
    let rest = path.drop { $0 == "." }
    guard !rest.isEmpty else { return json }
    let name = rest.prefix { $0 != "." && $0 != "[" }
    guard let child = json[String(name)] else { return nil }
    let after = rest.dropFirst(name.count)
    guard after.hasPrefix("[?(@."), let end = after.firstRange(of: ")]") else { return value(at: after, in: child) }
    let parts = after[after.index(after.startIndex, offsetBy: 5)..<end.lowerBound].split(separator: "=")
    guard parts.count == 2 else { return nil }
    let wanted = parts[1].filter { $0 != "'" && $0 != "\"" && $0 != " " }
    let key = parts[0].filter { $0 != " " }
    guard let element = child.array?.first(where: { $0[key]?.string == wanted }) else { return nil }
    return value(at: after[end.upperBound...], in: element)
  }

  /// The cell of a custom kind: the value at a path, `null` where there is none, lists as JSON text.
  private func cell(_ column: ResourceType.Column, _ json: JSONValue) -> JSONValue {
    let value = Self.value(at: column.path[...], in: json)
    guard let value, !value.isNull else { return column.type == "date" ? "<unknown>" : .null }
    if column.type == "date" { return .string(age(value)) }
    if column.type == "string", value.string == nil { return .string(JSONWriter.text(value)) }
    return value
  }

  private func age(_ value: JSONValue?) -> String {
    guard let time = value?.string.flatMap(Timestamp.seconds) else { return "<unknown>" }
    return Timestamp.age(seconds: now - time)
  }
}

/// The cells of Kubernetes' own kinds, which have printers of their own.
enum BuiltInCells {
  typealias Column = ResourceType.Column

  static let age = [Column("Age", ".metadata.creationTimestamp", type: "date")]

  /// The columns after the name.
  static let columns: [ResourceID: [Column]] = [
    ResourceID("pods"): plain(
      ["Ready", "Status", "Restarts", "Age"], ["IP", "Node", "Nominated Node", "Readiness Gates"]),
    ResourceID("services"): plain(["Type", "Cluster-IP", "External-IP", "Port(s)", "Age"], ["Selector"]),
    ResourceID("namespaces"): plain(["Status", "Age"], []),
    ResourceID("nodes"): plain(["Status", "Roles", "Age", "Version"], ["Internal-IP", "External-IP", "OS-Image"]),
    ResourceID("configmaps"): plain(["Data", "Age"], []),
    ResourceID("secrets"): plain(["Type", "Data", "Age"], []),
    ResourceID("serviceaccounts"): plain(["Age"], []),
    ResourceID("endpoints"): plain(["Endpoints", "Age"], []),
    ResourceID("events"): plain(["Last Seen", "Type", "Reason", "Object", "Message"], []),
    ResourceID("deployments", group: "apps"): plain(
      ["Ready", "Up-to-date", "Available", "Age"], ["Containers", "Images", "Selector"]),
    ResourceID("replicasets", group: "apps"): plain(
      ["Desired", "Current", "Ready", "Age"], ["Containers", "Images", "Selector"]),
    ResourceID("statefulsets", group: "apps"): plain(["Ready", "Age"], ["Containers", "Images"]),
    ResourceID("daemonsets", group: "apps"): plain(
      ["Desired", "Current", "Ready", "Up-to-date", "Available", "Node Selector", "Age"],
      ["Containers", "Images", "Selector"]),
    ResourceID("endpointslices", group: "discovery.k8s.io"): plain(["AddressType", "Ports", "Endpoints", "Age"], []),
    ResourceID("customresourcedefinitions", group: "apiextensions.k8s.io"): plain(["Created At"], []),
  ]

  private static func plain(_ shown: [String], _ wide: [String]) -> [Column] {
    shown.map { Column($0, $0) } + wide.map { Column($0, $0, priority: 1) }
  }

  /// The cells after the name, or `nil` for kinds without a printer of their own.
  static func cells(_ id: ResourceID, _ object: JSONValue, age: (JSONValue?) -> String) -> [JSONValue]? {
    let spec = object["spec"]
    let status = object["status"]
    let created: JSONValue = .string(age(object["metadata"]?["creationTimestamp"]))
    func count(_ value: JSONValue?) -> JSONValue { .int(value?.int ?? 0) }
    func text(_ value: JSONValue?, _ otherwise: String = "<none>") -> JSONValue {
      .string(value?.string.flatMap { $0.isEmpty ? nil : $0 } ?? otherwise)
    }
    func pairs(_ value: JSONValue?) -> JSONValue {
      let members = value?.object?.members ?? []
      if members.isEmpty { return "<none>" }
      return .string(members.map { "\($0.name)=\($0.value.string ?? "")" }.sorted().joined(separator: ","))
    }
    let template = spec?["template"]?["spec"]
    let containers = template?["containers"]?.array ?? []
    let images: JSONValue = .string(containers.compactMap { $0["image"]?.string }.joined(separator: ","))
    let names: JSONValue = .string(containers.compactMap { $0["name"]?.string }.joined(separator: ","))
    let selector = pairs(spec?["selector"]?["matchLabels"])
    switch (id.group, id.plural) {
    case ("", "pods"):
      let statuses = status?["containerStatuses"]?.array ?? []
      let ready = statuses.count { $0["ready"]?.bool == true }
      let total = spec?["containers"]?.array?.count ?? 0
      let restarts = statuses.reduce(0) { $0 + ($1["restartCount"]?.int ?? 0) }
      let waiting = statuses.compactMap { $0["state"]?["waiting"]?["reason"]?.string }.first
      let phase = status?["reason"]?.string ?? waiting ?? status?["phase"]?.string ?? "Pending"
      let shown = object["metadata"]?["deletionTimestamp"] == nil ? phase : "Terminating"
      return [
        .string("\(ready)/\(total)"), .string(shown), .string(String(restarts)), created, text(status?["podIP"]),
        text(spec?["nodeName"]), text(status?["nominatedNodeName"]), "<none>",
      ]
    case ("", "services"):
      let ports = (spec?["ports"]?.array ?? []).map { port in
        let node = port["nodePort"]?.int.map { ":\($0)" } ?? ""
        return "\(port["port"]?.int ?? 0)\(node)/\(port["protocol"]?.string ?? "TCP")"
      }
      let addresses = (status?["loadBalancer"]?["ingress"]?.array ?? []).compactMap {
        $0["ip"]?.string ?? $0["hostname"]?.string
      }
      let external = spec?["externalName"]?.string ?? (addresses.isEmpty ? "<none>" : addresses.joined(separator: ","))
      return [
        text(spec?["type"], "ClusterIP"), text(spec?["clusterIP"]), .string(external),
        .string(ports.isEmpty ? "<none>" : ports.joined(separator: ",")), created, pairs(spec?["selector"]),
      ]
    case ("", "namespaces"): return [text(status?["phase"], "Active"), created]
    case ("", "nodes"):
      let isReady = status?["conditions"]?.array?.contains {
        $0["type"]?.string == "Ready" && $0["status"]?.string == "True"
      }
      let address = status?["addresses"]?.array?.first { $0["type"]?.string == "InternalIP" }?["address"]
      return [
        .string(isReady == true ? "Ready" : "NotReady"), "<none>", created,
        text(status?["nodeInfo"]?["kubeletVersion"], ""), text(address), "<none>",
        text(status?["nodeInfo"]?["osImage"], "<unknown>"),
      ]
    case ("", "configmaps"):
      return [.int((object["data"]?.object?.count ?? 0) + (object["binaryData"]?.object?.count ?? 0)), created]
    case ("", "secrets"): return [text(object["type"], "Opaque"), .int(object["data"]?.object?.count ?? 0), created]
    case ("", "serviceaccounts"): return [created]
    case ("", "endpoints"):
      let all = (object["subsets"]?.array ?? []).flatMap { subset in
        (subset["addresses"]?.array ?? []).flatMap { address in
          (subset["ports"]?.array ?? []).map { "\(address["ip"]?.string ?? ""):\($0["port"]?.int ?? 0)" }
        }
      }
      let shown = all.prefix(3).joined(separator: ",") + (all.count > 3 ? " + \(all.count - 3) more..." : "")
      return [.string(all.isEmpty ? "<none>" : shown), created]
    case ("", "events"):
      let involved = object["involvedObject"]
      return [
        .string(age(object["lastTimestamp"] ?? object["metadata"]?["creationTimestamp"])), text(object["type"], ""),
        text(object["reason"], ""),
        .string("\((involved?["kind"]?.string ?? "").lowercased())/\(involved?["name"]?.string ?? "")"),
        text(object["message"], ""),
      ]
    case ("apps", "deployments"):
      return [
        .string("\(status?["readyReplicas"]?.int ?? 0)/\(spec?["replicas"]?.int ?? 1)"),
        count(status?["updatedReplicas"]), count(status?["availableReplicas"]), created, names, images, selector,
      ]
    case ("apps", "replicasets"):
      return [
        .int(spec?["replicas"]?.int ?? 1), count(status?["replicas"]), count(status?["readyReplicas"]), created, names,
        images, selector,
      ]
    case ("apps", "statefulsets"):
      return [.string("\(status?["readyReplicas"]?.int ?? 0)/\(spec?["replicas"]?.int ?? 1)"), created, names, images]
    case ("apps", "daemonsets"):
      return [
        count(status?["desiredNumberScheduled"]), count(status?["currentNumberScheduled"]),
        count(status?["numberReady"]),
        count(status?["updatedNumberScheduled"]), count(status?["numberAvailable"]), pairs(template?["nodeSelector"]),
        created, names, images, selector,
      ]
    case ("discovery.k8s.io", "endpointslices"):
      let ports = (object["ports"]?.array ?? []).compactMap { $0["port"]?.int.map(String.init) }
      let addresses = (object["endpoints"]?.array ?? []).compactMap { $0["addresses"]?[0]?.string }
      return [
        text(object["addressType"]), .string(ports.isEmpty ? "<unset>" : ports.joined(separator: ",")),
        .string(
          addresses.isEmpty
            ? "<unset>"
            : addresses.prefix(3).joined(separator: ",")
              + (addresses.count > 3 ? " + \(addresses.count - 3) more..." : "")), created,
      ]
    case ("apiextensions.k8s.io", "customresourcedefinitions"):
      return [text(object["metadata"]?["creationTimestamp"])]
    default: return nil
    }
  }
}

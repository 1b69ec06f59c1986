import MeshMessages
import MeshModel

extension XDSPlane {
  /// Proves that the control plane answers this identity, with what, and whether it tells of its clients.
  public func check() async -> [PlaneCheck] {
    let state = await feed.current()
    guard state.at != nil, state.failure == nil else {
      let error = state.failure?.error ?? MeshError(.unreachable, "no answer", plane: name)
      return [PlaneCheck(name: "reachable", result: .failed, detail: error.message, remedy: error.remedy)]
    }
    let resources = state.resources
    let named = resources.controlPlane.isEmpty ? "" : ", which calls itself \(resources.controlPlane)"
    var checks = [
      PlaneCheck(name: "reachable", result: .ok, detail: "\(settings.url) answers\(named)"), identity(resources),
    ]
    let types = resources.whole + (settings.content == .envoy ? XDSType.dependent : [])
    for type in types where resources[type].isAnswered {
      let count = resources[type].items.count
      let version = resources[type].version
      checks.append(
        PlaneCheck(
          name: "discovery", result: .ok,
          detail: "\(count) \(type.words)\(version.isEmpty ? "" : ", version \(version)")"))
    }
    for words in resources.missing + resources.absences {
      checks.append(
        PlaneCheck(
          name: "discovery", result: .warning, detail: words,
          remedy: "see whether the control plane has it for this node"))
    }
    for (name, words) in resources.faults.sorted(by: { $0.key < $1.key }) {
      checks.append(PlaneCheck(name: "reading", result: .warning, detail: "\(name): \(words)"))
    }
    let extensions = Self.extensions(resources)
    if !extensions.isEmpty {
      checks.append(
        PlaneCheck(
          name: "extensions", result: .skipped,
          detail: "shown by name alone: \(extensions.joined(separator: ", "))"))
    }
    return checks + [await clientCheck()] + (await proxies?.check() ?? [])
  }

  private func identity(_ resources: XDSResources) -> PlaneCheck {
    let isEmpty = resources.tables.values.allSatisfy(\.items.isEmpty)
    let cluster = settings.node.cluster.isEmpty ? "" : " of cluster \(settings.node.cluster)"
    return PlaneCheck(
      name: "identity", result: isEmpty ? .warning : .ok,
      detail: "asked as node \(settings.node.id)\(cluster)" + (isEmpty ? ", for which there is nothing" : ""),
      remedy: isEmpty ? "give the node's id, cluster and metadata that the control plane has resources for" : nil)
  }

  private func clientCheck() async -> PlaneCheck {
    do throws(MeshError) {
      let clients = try await clients(within: 0)
      let refusing = clients.filter { $0.rejection != nil }
      return PlaneCheck(
        name: "clients", result: refusing.isEmpty ? .ok : .warning,
        detail: "\(clients.count) client\(clients.count == 1 ? "" : "s") by client status"
          + (refusing.first.map { ", of which \(refusing.count) rejected something: \($0.rejection ?? "")" } ?? ""),
        remedy: refusing.isEmpty ? nil : "correct it at the control plane")
    } catch {
      return PlaneCheck(
        name: "clients", result: error.code == .notFound ? .skipped : .warning, detail: error.message,
        remedy: error.remedy)
    }
  }

  /// The names of the extensions that have no definition here.
  private static func extensions(_ resources: XDSResources) -> [String] {
    var names: Set<String> = []
    func look(_ json: JSONValue) {
      switch json {
      case .object(let object):
        if let type = object["@type"]?.string, object["unknown"] != nil { names.insert(MessageJSON.name(ofURL: type)) }
        for member in object.members { look(member.value) }
      case .array(let items): for item in items { look(item) }
      default: break
      }
    }
    for table in resources.tables.values { for item in table.items.values { look(item.json) } }
    return names.sorted()
  }
}

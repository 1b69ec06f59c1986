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
    checks += Self.onDemand(resources)
    for type in types where resources[type].isAnswered {
      let count = resources[type].items.count
      let version = resources[type].version
      checks.append(
        PlaneCheck(
          name: "discovery", result: .ok,
          detail: "\(count.counted(of: type.words))\(version.isEmpty ? "" : ", version \(version)")"))
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
    checks.append(await clientCheck())
    if settings.content == .istio { checks += await istiodChecks() }
    if let secrets = Self.secrets(resources) { checks.append(secrets) }
    return checks + (await proxies?.check(isOwner: false) ?? [])
  }

  /// What istiod tells of itself by discovery.
  private func istiodChecks() async -> [PlaneCheck] {
    guard let istiod else {
      return [
        PlaneCheck(
          name: "istiod", result: .skipped,
          detail: "it tells of its proxies, its registry and its troubles over TLS alone",
          remedy: "say its address as https://istiod:15012")
      ]
    }
    return await istiod.checks(using: detached)
  }

  /// The secrets that are named and not asked for; `nil` where none is named.
  ///
  /// Whoever asks a control plane for a certificate by SDS is sent its private key with it. This program has no use for
  /// keys: what an operator wants to know of certificates, the proxies that hold them tell without the keys.
  static func secrets(_ resources: XDSResources) -> PlaneCheck? {
    let named = resources.tables.values.flatMap(\.items.values).reduce(into: Set<String>()) {
      $0.formUnion(XDSDependencies.secrets(of: $1.json))
    }
    guard !named.isEmpty else { return nil }
    let shown = named.sorted().prefix(5).joined(separator: ", ")
    let more = named.count > 5 ? " and \(named.count - 5) more" : ""
    return PlaneCheck(
      name: "secrets", result: .skipped,
      detail: "\(shown)\(more): named by what is sent, and not asked for, since the answer would hold private keys",
      remedy: "the proxies tell of their certificates themselves: name them under envoy, see `meshdeck get identities`")
  }

  /// The route configurations that take virtual hosts on demand (VHDS), of which no list can be asked for.
  static func onDemand(_ resources: XDSResources) -> [PlaneCheck] {
    let names = resources.items(.routes).filter { $0.json["vhds"] != nil }.map(\.name)
    guard !names.isEmpty else { return [] }
    return [
      PlaneCheck(
        name: "virtual hosts", result: .skipped,
        detail: "\(names.joined(separator: ", ")) take\(names.count == 1 ? "s" : "") more virtual hosts as requests "
          + "for them come (VHDS): what is shown are those sent with the route configuration",
        remedy: "a proxy that has them shows them: name it under envoy")
    ]
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
        detail: "\(clients.count.counted("client")) by client status"
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

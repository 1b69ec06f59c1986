import MeshModel
import MeshPlanes
import Yams

/// Reads a composed YAML document as a configuration; an unknown field is an error, so that a misspelt one is not ignored.
struct ConfigurationReader {
  let path: String

  func configuration(_ root: Node) throws(MeshError) -> Configuration {
    let fields = try mapping(root, known: ["planes", "theme", "readOnly", "keys"])
    var result = Configuration()
    for node in try list(fields["planes"]) {
      let plane = try plane(node)
      guard !result.planes.contains(where: { $0.name == plane.name }) else {
        throw error(node, "two planes are named \(plane.name)")
      }
      result.planes.append(plane)
    }
    if let theme = try text(fields["theme"]) { result.theme = theme }
    result.readOnly = try flag(fields["readOnly"]) ?? false
    for (key, value) in try pairs(fields["keys"]) {
      guard let id = key.string else { throw error(key, "the name of a binding is expected") }
      result.keys[id] = try texts(value)
    }
    return result
  }

  private func plane(_ node: Node) throws(MeshError) -> PlaneSetting {
    let common: Set<String> = ["name", "kind", "telemetry", "readOnly", "azure", "xds"]
    let fields = try mapping(node, known: Self.owned.values.reduce(into: common) { $0.formUnion($1) })
    guard let name = try text(fields["name"]), !name.isEmpty, !name.contains("/") else {
      throw error(node, "a plane needs a name without '/'")
    }
    let kindText = try text(fields["kind"]) ?? "kubernetes"
    guard let kind = Plane.Kind(typed: kindText) else {
      let known = Plane.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw error(fields["kind"] ?? node, "no plane is of kind \(kindText); there are \(known)")
    }
    var setting = PlaneSetting(
      name: name, kind: kind, kubeconfig: try text(fields["kubeconfig"]), context: try text(fields["context"]),
      readOnly: try flag(fields["readOnly"]) ?? false, region: try text(fields["region"]),
      endpoint: try text(fields["endpoint"]), profile: try text(fields["profile"]),
      project: try text(fields["project"]), location: try text(fields["location"]),
      credentialsFile: try text(fields["credentialsFile"]))
    if let endpoint = fields["endpoint"],
      setting.endpoint?.split(separator: "/").dropFirst().first?.contains("@") == true
    {
      throw error(endpoint, "an endpoint holds a user or password")
    }
    try checkOwners(of: fields, kind)
    setting.azure = try azure(fields, of: kind, at: node)
    if let istiod = fields["istiod"] { try read(istiod: istiod, into: &setting) }
    let isFleet = kind == .envoy || kind == .mosn
    for proxy in try list(fields[kind == .mosn ? "mosn" : "envoy"]) {
      let fields = try mapping(proxy, known: ["url", "workload"])
      guard let url = try text(fields["url"]) else { throw error(proxy, "a proxy needs a url") }
      let workload = try text(fields["workload"])
      guard workload != nil || isFleet || kind == .xds else {
        throw error(proxy, "a proxy needs url and workload")
      }
      setting.envoy.append(EnvoySetting(url: url, workload: workload ?? ""))
    }
    if isFleet, setting.envoy.isEmpty {
      throw error(node, "a plane of kind \(kind.rawValue) needs \(kind.rawValue): [{url: …}]")
    }
    if let xds = fields["xds"] {
      guard kind == .xds else { throw error(xds, "xds is for planes of kind xds") }
      setting.xds = try self.xds(xds)
    } else if kind == .xds {
      throw error(node, "a plane of kind xds needs xds: {url: …}")
    }
    if let telemetry = fields["telemetry"] { setting.telemetry = try self.telemetry(telemetry, of: kind) }
    for field in ConsulSettings.fields where kind == .consul {
      guard let value = try text(fields[field]) else { continue }
      guard field != "url" || value.split(separator: "/").dropFirst().first?.contains("@") != true else {
        throw error(fields[field] ?? node, "the url holds a user or password; say tokenEnv or tokenFile")
      }
      setting.consul[field] = value
    }
    if let other = fields["tokenFile"], setting.consul["tokenFile"] != nil, setting.consul["tokenEnv"] != nil {
      throw error(other, "the token is in one place: say tokenEnv or tokenFile")
    }
    return setting
  }

  /// The fields that only planes of some kinds have.
  private static let owned: [Plane.Kind: [String]] = [
    .kubernetes: ["kubeconfig", "context", "istiod", "envoy"], .appMesh: ["region", "endpoint", "profile"],
    .trafficDirector: ["project", "location", "endpoint", "credentialsFile"], .consul: ConsulSettings.fields,
    .serviceFabric: AzureSettings.fields + ["endpoint"], .envoy: ["kubeconfig", "context", "envoy"],
    .mosn: ["kubeconfig", "context", "mosn"], .xds: ["kubeconfig", "context", "envoy"],
  ]

  /// Throws for a field that is another kind's.
  private func checkOwners(of fields: [String: Node], _ kind: Plane.Kind) throws(MeshError) {
    for (name, node) in fields.sorted(by: { $0.key < $1.key }) {
      let owners = Self.owned.filter { $0.value.contains(name) }.keys.map(\.rawValue).sorted()
      guard owners.isEmpty || owners.contains(kind.rawValue) else {
        throw error(node, "\(name) is for planes of kind \(owners.joined(separator: " or "))")
      }
    }
  }

  /// What a plane says of Azure: of a Service Fabric flat among its fields, of a cluster of AKS under `azure`.
  private func azure(
    _ fields: [String: Node], of kind: Plane.Kind, at node: Node
  ) throws(MeshError) -> AzureSettings? {
    var settings = AzureSettings()
    if let place = fields["azure"] {
      guard kind == .kubernetes else {
        throw error(place, "azure is for planes of kind kubernetes: which cluster it is")
      }
      let fields = try mapping(place, known: Set(AzureSettings.clusterFields))
      for name in AzureSettings.clusterFields { settings[name] = try text(fields[name]) }
      for name in AzureSettings.clusterFields.dropLast() where settings[name] == nil {
        throw error(place, "azure needs subscription, resourceGroup and cluster")
      }
      return settings
    }
    guard kind == .serviceFabric else { return nil }
    for name in AzureSettings.fields { settings[name] = try text(fields[name]) }
    if let fault = PlaneRegistry.fault(in: settings) { throw error(node, fault) }
    if let endpoint = fields["endpoint"], try text(endpoint) != nil, settings["url"] != nil {
      throw error(endpoint, "endpoint is Azure's own API, which the url of a cluster does without: leave one out")
    }
    return settings
  }

  /// Reads where istiod's debug interface is and where the token for it is: one place at most.
  private func read(istiod node: Node, into setting: inout PlaneSetting) throws(MeshError) {
    let fields = try mapping(node, known: ["url", "xds", "bearerTokenFile", "bearerTokenEnv", "kubeconfigToken"])
    if let discovery = fields["xds"] {
      guard fields.count == 1 else {
        throw error(node, "istiod is asked by HTTP or by xds: credentials for xds are members of it")
      }
      let xds = try self.xds(discovery)
      guard xds.settings.url.hasPrefix("https://") else {
        throw error(discovery, "istiod tells of itself by xds over TLS alone: the url begins with https://")
      }
      setting.istiodDiscovery = xds
      return
    }
    setting.istiod = try text(fields["url"])
    var tokens: [IstiodToken] = []
    if let path = try text(fields["bearerTokenFile"]) { tokens.append(.file(path)) }
    if let name = try text(fields["bearerTokenEnv"]) { tokens.append(.variable(name)) }
    if try flag(fields["kubeconfigToken"]) == true { tokens.append(.kubeconfig) }
    guard tokens.count <= 1 else {
      throw error(node, "say one of bearerTokenFile, bearerTokenEnv and kubeconfigToken")
    }
    guard tokens.isEmpty || setting.istiod != nil else {
      throw error(node, "a token for istiod is for its url: the API server does not pass one on")
    }
    setting.istiodToken = tokens.first
  }

  func mapping(_ node: Node, known: Set<String>) throws(MeshError) -> [String: Node] {
    guard let mapping = node.mapping else { throw error(node, "fields are expected here") }
    var fields: [String: Node] = [:]
    for (key, value) in mapping {
      guard let name = key.string, known.contains(name) else {
        throw error(key, "unknown field \(key.string ?? "?"); known are \(known.sorted().joined(separator: ", "))")
      }
      fields[name] = value
    }
    return fields
  }

  /// The elements of a sequence; none where it is absent or empty.
  private func list(_ node: Node?) throws(MeshError) -> [Node] {
    guard let node, !isEmpty(node) else { return [] }
    guard let sequence = node.sequence else { throw error(node, "a list is expected here") }
    return Array(sequence)
  }

  /// The members of a mapping; none where it is absent or empty.
  func pairs(_ node: Node?) throws(MeshError) -> [(Node, Node)] {
    guard let node, !isEmpty(node) else { return [] }
    guard let mapping = node.mapping else { throw error(node, "names with values are expected here") }
    return mapping.map { ($0.key, $0.value) }
  }

  /// One text or a list of them.
  func texts(_ node: Node?) throws(MeshError) -> [String] {
    guard let node, !isEmpty(node) else { return [] }
    if node.scalar != nil { return [try text(node) ?? ""] }
    var result: [String] = []
    for item in try list(node) {
      guard let text = try text(item) else { throw error(item, "text is expected here") }
      result.append(text)
    }
    return result
  }

  /// Whether a value was left out after its name: YAML's null.
  func isEmpty(_ node: Node) -> Bool {
    guard let scalar = node.scalar, scalar.style == .plain else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  func text(_ node: Node?) throws(MeshError) -> String? {
    guard let node, !isEmpty(node) else { return nil }
    guard let text = node.scalar?.string else { throw error(node, "text is expected here") }
    return text
  }

  private func flag(_ node: Node?) throws(MeshError) -> Bool? {
    guard let node, !isEmpty(node) else { return nil }
    let word = node.scalar.flatMap { $0.style == .plain ? $0.string.lowercased() : nil }
    switch word {
    case "true", "yes", "on": return true
    case "false", "no", "off": return false
    default: throw error(node, "true or false is expected here")
    }
  }

  func error(_ node: Node, _ message: String) -> MeshError {
    let place = node.mark.map { ":\($0.line):\($0.column)" } ?? ""
    return MeshError(.usage, "\(path)\(place): \(message)")
  }
}

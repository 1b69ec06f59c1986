import MeshModel
import Yams

/// What is checked of a written object before it is stored.
extension KubernetesAPIServer {
  static let bodyTypes = ["application/json", "application/yaml"]

  /// The body as a tree, from JSON or YAML.
  func tree(_ request: APIRequest) throws(APIStatus) -> JSONValue {
    switch request.mediaType {
    case "", "application/json", "application/json-patch+json", "application/merge-patch+json",
      "application/strategic-merge-patch+json":
      do throws(JSONError) {
        return try JSONValue(parsing: request.body)
      } catch {
        throw .badRequest("couldn't get version/kind; json parse error: \(error)")
      }
    case "application/yaml", "application/apply-patch+yaml":
      if let value = try? JSONValue(parsing: request.body) { return value }
      guard let node = try? Yams.compose(yaml: String(decoding: request.body, as: UTF8.self)) else {
        throw .badRequest("error decoding YAML: not a mapping")
      }
      return JSONValue(yaml: node)
    case "application/vnd.kubernetes.protobuf":
      if let value = ProtobufBody.object(request.body) { return value }
      throw .unsupportedMediaType(request.mediaType, Self.bodyTypes)
    default: throw .unsupportedMediaType(request.mediaType, Self.bodyTypes)
    }
  }

  /// The object in a body.
  func decode(_ request: APIRequest, _ target: ResourceTarget) throws(APIStatus) -> JSONValue {
    let object = try tree(request)
    guard object.object != nil else { throw .badRequest("the object provided is unrecognized: not a JSON object") }
    return object
  }

  /// Checks that an object is of the kind and name its path says.
  func checkEnvelope(_ object: JSONValue, _ target: ResourceTarget, name: String?) throws(APIStatus) {
    let kind = object["kind"]?.string ?? ""
    let apiVersion = object["apiVersion"]?.string ?? ""
    if kind.isEmpty, target.type.isCustom {
      throw .badRequest("Object 'Kind' is missing in '\(JSONWriter.text(object).prefix(200))'")
    }
    if !kind.isEmpty || !apiVersion.isEmpty, kind != target.type.kind || apiVersion != target.apiVersion {
      let (group, version) = ResourceTypes.split(apiVersion)
      throw .badRequest(
        "\(kind) in version \"\(version)\" cannot be handled as a \(target.type.kind): converting"
          + " (\(group)/\(version), Kind=\(kind)) is not known to \(target.apiVersion)")
    }
    if let name, let sent = object["metadata"]?["name"]?.string, sent != name {
      throw .badRequest("the name of the object (\(sent)) does not match the name on the URL (\(name))")
    }
    if let namespace = target.namespace, let sent = object["metadata"]?["namespace"]?.string, !sent.isEmpty,
      sent != namespace
    {
      throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
    }
  }

  /// Checks a name as the kinds' rules have it (RFC 1123 subdomain; namespaces and services: label).
  func checkName(_ name: String, _ type: ResourceType) throws(APIStatus) {
    let isLabel = ["namespaces", "services"].contains(type.id.plural) && type.id.group.isEmpty
    let parts = isLabel ? [name[...]] : name.split(separator: ".", omittingEmptySubsequences: false)
    let isValid =
      name.utf8.count <= (isLabel ? 63 : 253)
      && parts.allSatisfy { part in
        part.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
          && part.first != "-" && part.last != "-" && !part.isEmpty
      }
    if isValid { return }
    let rule =
      isLabel
      ? "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end"
        + " with an alphanumeric character"
      : "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start"
        + " and end with an alphanumeric character"
    throw .invalid(
      type, name: name,
      causes: [
        .init(field: "metadata.name", reason: "FieldValueInvalid", message: "Invalid value: \"\(name)\": \(rule)")
      ])
  }

  /// Checks the ports of a service, as the API server does beyond its types.
  func checkPorts(_ object: JSONValue, _ type: ResourceType, name: String) throws(APIStatus) {
    guard type.id.plural == "services", type.id.group.isEmpty else { return }
    var causes: [SchemaFindings.Cause] = []
    for (index, entry) in (object["spec"]?["ports"]?.array ?? []).enumerated() {
      for field in ["port", "targetPort"] {
        guard let port = entry[field]?.int, !(1...65_535).contains(port) else { continue }
        causes.append(
          .init(
            field: "spec.ports[\(index)].\(field)", reason: "FieldValueInvalid",
            message: "Invalid value: \(port): must be between 1 and 65535, inclusive"))
      }
    }
    if !causes.isEmpty { throw .invalid(type, name: name, causes: causes) }
  }

  /// Checks that the namespace a new object goes to exists.
  func checkNamespace(_ target: ResourceTarget) throws(APIStatus) {
    guard target.type.isNamespaced, let namespace = target.namespace else { return }
    let namespaces = ResourceID("namespaces")
    guard store.get(namespaces, name: namespace) != nil else { throw .notFound(namespaces, namespace) }
  }

  /// Checks an object against its kind's schema and prunes what a custom kind does not know.
  ///
  /// - Returns: The warnings to send along.
  func check(
    _ object: inout JSONValue, _ target: ResourceTarget, name: String, _ options: WriteOptions, isPatch: Bool
  ) throws(APIStatus) -> [String] {
    let type = target.type
    let findings = type.schema.findings(object)
    var warnings: [String] = []
    if !findings.unknownFields.isEmpty {
      let unknown = findings.unknownFields.map { "unknown field \"\($0)\"" }
      switch options.validation {
      case .strict:
        let problem = "strict decoding error: \(unknown.joined(separator: ", "))"
        guard isPatch else {
          throw .badRequest(
            "\(type.kind) in version \"\(target.version)\" cannot be handled as a \(type.kind): \(problem)")
        }
        throw APIStatus(
          422, "Invalid", " \"\" is invalid: patch: Invalid value: \(quoted(JSONWriter.text(object))): \(problem)",
          details: [
            "causes": [
              [
                "reason": "FieldValueInvalid",
                "message": .string("Invalid value: \(quoted(JSONWriter.text(object))): \(problem)"), "field": "patch",
              ]
            ]
          ])
      case .warn: warnings = unknown
      case .ignore: break
      }
      object = type.schema.pruned(object)
    }
    let causes = findings.causes.filter { type.isCustom || $0.reason == "FieldValueTypeInvalid" }
    if !causes.isEmpty {
      guard type.isCustom else {
        throw .badRequest(
          "\(type.kind) in version \"\(target.version)\" cannot be handled as a \(type.kind): json: cannot unmarshal: "
            + causes.map(\.field).joined(separator: ", "))
      }
      throw .invalid(type, name: name, causes: causes, blocked: true)
    }
    try checkPorts(object, type, name: name)
    return warnings
  }

  private func quoted(_ text: String) -> String { JSONWriter.text(.string(text)) }
}

extension JSONValue {
  /// A YAML tree as JSON; scalars resolve as YAML's core schema has it.
  init(yaml node: Node) {
    switch node {
    case .mapping(let mapping):
      self = .object(
        JSONObject(mapping.map { JSONObject.Member(name: $0.key.string ?? "", value: JSONValue(yaml: $0.value)) }))
    case .sequence(let sequence): self = .array(sequence.map { JSONValue(yaml: $0) })
    case .scalar(let scalar):
      let text = scalar.string
      guard scalar.style == .plain || scalar.style == .any else {
        self = .string(text)
        return
      }
      switch text {
      case "", "~", "null", "Null", "NULL": self = .null
      case "true", "True", "TRUE": self = .bool(true)
      case "false", "False", "FALSE": self = .bool(false)
      default:
        let isNumber = (try? JSONValue(parsing: text))?.double != nil
        self = isNumber ? .number(text) : .string(text)
      }
    case .alias: self = .null
    }
  }

  /// What a real server fills in for its own kinds, as far as tools look at it.
  mutating func fillDefaults(_ type: ResourceType) {
    switch (type.id.group, type.id.plural) {
    case ("", "namespaces"):
      let name = self["metadata"]?["name"] ?? ""
      var labels = self["metadata"]?["labels"] ?? [:]
      labels["kubernetes.io/metadata.name"] = name
      self["metadata"]?["labels"] = labels
      self["spec"] = ["finalizers": ["kubernetes"]]
      self["status"] = ["phase": "Active"]
    case ("", "services"):
      var spec = self["spec"] ?? [:]
      spec["type"] = spec["type"] ?? "ClusterIP"
      spec["sessionAffinity"] = spec["sessionAffinity"] ?? "None"
      if spec["type"]?.string != "ExternalName", spec["clusterIP"] == nil {
        let address = "10.96.\(Int.random(in: 0...255)).\(Int.random(in: 1...254))"
        spec["clusterIP"] = .string(address)
        spec["clusterIPs"] = [.string(address)]
      }
      spec["ports"] = spec["ports"]?.array.map { ports in
        .array(
          ports.map { port in
            var port = port
            port["protocol"] = port["protocol"] ?? "TCP"
            port["targetPort"] = port["targetPort"] ?? port["port"]
            return port
          })
      }
      self["spec"] = spec
      self["status"] = self["status"] ?? ["loadBalancer": [:]]
    case ("apps", "deployments"), ("apps", "statefulsets"), ("apps", "replicasets"):
      if self["spec"] != nil, self["spec"]?["replicas"] == nil { self["spec"]?["replicas"] = 1 }
      self["status"] = self["status"] ?? [:]
    case ("", "pods"): self["status"] = self["status"] ?? ["phase": "Pending"]
    case ("", "secrets"): self["type"] = self["type"] ?? "Opaque"
    default: break
    }
  }

  /// Keeps what the server allocated where a writer leaves it out.
  mutating func keepAllocated(from old: JSONValue, _ type: ResourceType) {
    guard type.id == ResourceID("services"), self["spec"] != nil else { return }
    for name in ["clusterIP", "clusterIPs"] where self["spec"]?[name] == nil {
      self["spec"]?[name] = old["spec"]?[name]
    }
  }
}

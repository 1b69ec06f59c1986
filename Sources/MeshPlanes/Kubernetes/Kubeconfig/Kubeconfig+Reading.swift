import MeshModel
import MeshTransport
import Yams

extension Kubeconfig {
  /// Adds what a file says and no earlier one said.
  mutating func merge(file: String) throws(MeshError) {
    try merge(LocalFile.read(file), file: file)
    if let facts = LocalFile.facts(file), facts.mode & 0o077 != 0 {
      warnings.append("\(file) can be read by others (mode \(String(facts.mode & 0o777, radix: 8)))")
    }
  }

  mutating func merge(_ bytes: [UInt8], file: String) throws(MeshError) {
    files.append(file)
    guard let node = try YAMLDocument.compose(bytes, from: file) else { return }
    let root = YAMLField(node: node, path: file, name: "the file")
    guard root.isMapping else { throw root.refusal("a kubeconfig is a mapping") }
    if let kind = try root["kind"]?.string(), kind != "Config" {
      throw root.refusal("a kubeconfig has the kind Config, not \(kind)")
    }
    let directory = LocalFile.directory(of: file)
    if currentContext.isEmpty { currentContext = try root["current-context"]?.string() ?? "" }

    var here: Set<String> = []
    func named(_ item: YAMLField) throws(MeshError) -> String {
      guard let name = try item["name"]?.string(), !name.isEmpty else { throw item.refusal("an entry has no name") }
      guard here.insert(name).inserted else { throw item.refusal("the name \(name) stands twice") }
      return name
    }
    for item in try root["clusters"]?.items() ?? [] {
      let name = try named(item)
      if clusters[name] == nil { clusters[name] = try Cluster(name, item["cluster"], directory, &warnings) }
    }
    here = []
    for item in try root["users"]?.items() ?? [] {
      let name = try named(item)
      if users[name] == nil { users[name] = try User(name, item["user"], directory, &warnings) }
    }
    here = []
    for item in try root["contexts"]?.items() ?? [] {
      let name = try named(item)
      guard !contexts.contains(where: { $0.name == name }) else { continue }
      let body = item["context"]
      contexts.append(
        Context(
          name: name, cluster: try body?["cluster"]?.string() ?? "", user: try body?["user"]?.string() ?? "",
          namespace: try body?["namespace"]?.string() ?? ""))
    }
  }
}

extension Kubeconfig.Material {
  /// `NAME-data` where it stands, else the file of `NAME`.
  init?(
    _ body: YAMLField, _ name: String, _ directory: String, _ warnings: inout [String]
  ) throws(MeshError) {
    let file = try body[name]?.string()
    if let field = body["\(name)-data"], let text = try field.string(), !text.isEmpty {
      guard let bytes = Base64.decode(text) else { throw field.refusal("\(name)-data is not Base64") }
      if file != nil { warnings.append("\(body.location): both \(name) and \(name)-data are given; the data counts") }
      self = .inline(Secret(bytes: bytes))
    } else if let file, !file.isEmpty {
      self = .file(LocalFile.resolve(file, against: directory))
    } else {
      return nil
    }
  }
}

extension Kubeconfig.Cluster {
  init(
    _ name: String, _ body: YAMLField?, _ directory: String, _ warnings: inout [String]
  ) throws(MeshError) {
    self.init(
      name: name, server: try body?["server"]?.string() ?? "",
      tlsServerName: try body?["tls-server-name"]?.filledString(),
      isInsecure: try body?["insecure-skip-tls-verify"]?.bool() ?? false, authority: nil,
      proxyURL: try body?["proxy-url"]?.filledString().map { Secret($0) },
      disablesCompression: try body?["disable-compression"]?.bool() ?? false, execConfiguration: nil)
    guard let body else { return }
    authority = try Kubeconfig.Material(body, "certificate-authority", directory, &warnings)
    for item in try body["extensions"]?.items() ?? []
    where try item["name"]?.string() == "client.authentication.k8s.io/exec" {
      execConfiguration = item["extension"].map { YAMLDocument.json($0.node) }
    }
  }
}

extension Kubeconfig.User {
  init(
    _ name: String, _ body: YAMLField?, _ directory: String, _ warnings: inout [String]
  ) throws(MeshError) {
    self.init(name: name, impersonation: Kubeconfig.Impersonation())
    guard let body else { return }
    certificate = try Kubeconfig.Material(body, "client-certificate", directory, &warnings)
    key = try Kubeconfig.Material(body, "client-key", directory, &warnings)
    token = try body["token"]?.string().flatMap { $0.isEmpty ? nil : Secret($0) }
    tokenFile = try body["tokenFile"]?.string().flatMap {
      $0.isEmpty ? nil : LocalFile.resolve($0, against: directory)
    }
    username = try body["username"]?.string()
    password = try body["password"]?.string().map { Secret($0) }
    if let provider = body["auth-provider"], !provider.isNull {
      authProvider = try provider["name"]?.string() ?? "without a name"
    }
    if let plugin = body["exec"], !plugin.isNull { exec = try ExecPlugin(plugin, directory) }
    impersonation.user = try body["as"]?.string() ?? ""
    impersonation.uid = try body["as-uid"]?.string() ?? ""
    impersonation.groups = try body["as-groups"]?.strings() ?? []
    impersonation.extra =
      try body["as-user-extra"]?.members().map { member throws(MeshError) in
        Kubeconfig.Impersonation.Extra(name: member.0, values: try member.1.strings())
      } ?? []
  }

  private init(name: String, impersonation: Kubeconfig.Impersonation) {
    self.init(
      name: name, certificate: nil, key: nil, token: nil, tokenFile: nil, username: nil, password: nil, exec: nil,
      authProvider: nil, impersonation: impersonation)
  }
}

extension ExecPlugin {
  init(_ body: YAMLField, _ directory: String) throws(MeshError) {
    guard let command = try body["command"]?.string(), !command.isEmpty else {
      throw body.refusal("the exec plugin has no command")
    }
    guard let version = body["apiVersion"], let text = try version.string(), let api = APIVersion(rawValue: text) else {
      throw body.refusal(
        "the exec plugin's apiVersion is none of \(APIVersion.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    var mode = InteractiveMode.ifAvailable
    if let field = body["interactiveMode"], let text = try field.string(), !text.isEmpty {
      guard let named = InteractiveMode(rawValue: text) else {
        throw field.refusal("interactiveMode is none of Never, IfAvailable, Always")
      }
      mode = named
    } else if api == .v1 {
      throw body.refusal("the exec plugin needs an interactiveMode: Never, IfAvailable or Always")
    }
    var environment: [Variable] = []
    for item in try body["env"]?.items() ?? [] {
      guard let name = try item["name"]?.filledString() else {
        throw item.refusal("a variable of the exec plugin has no name")
      }
      environment.append(Variable(name: name, value: Secret(try item["value"]?.string() ?? "")))
    }
    self.init(
      command: command.contains("/") ? LocalFile.resolve(command, against: directory) : command,
      arguments: try body["args"]?.strings() ?? [], environment: environment, apiVersion: api, interactiveMode: mode,
      installHint: try body["installHint"]?.filledString(),
      providesClusterInfo: try body["provideClusterInfo"]?.bool() ?? false)
  }
}

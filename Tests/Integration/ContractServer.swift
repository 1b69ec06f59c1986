import Foundation
import MeshModel
import MeshPlanes
import Testing

/// A Kubernetes API server that the contract is held against; each is started once, on first use.
enum ContractServer: Sendable, Hashable, CustomTestStringConvertible {
  /// The embedded mesh, as `meshdeck demo --serve` serves it.
  case embedded
  /// The embedded mesh with every configuration API.
  case dialects
  /// The embedded mesh as a SOFAMesh, with the API of Istio 1.1.
  case sofa
  /// A real API server with etcd, where it can be had on this machine.
  case real
  /// One that `MESHDECK_TEST_KUBECONFIG` names: paths of kubeconfigs, separated by colons.
  case named(String)

  static let all: [ContractServer] = {
    let list = ProcessInfo.processInfo.environment["MESHDECK_TEST_KUBECONFIG"] ?? ""
    return [.embedded, .real] + list.split(separator: ":").map { .named(String($0)) }
  }()

  /// Those that serve the dialects beside Istio.
  static let speaking = [.dialects] + all.filter { $0 != .embedded }

  var testDescription: String {
    switch self {
    case .dialects: "the embedded mesh with every dialect"
    case .sofa: "the embedded SOFAMesh"
    case .embedded: "the embedded mesh"
    case .real: "a real API server"
    case .named(let path): path
    }
  }

  /// The server by its kubeconfig, or `nil` where it cannot be had here; whoever has no rights may only discover.
  func plane(isPrivileged: Bool = true, dialects: [any KubernetesDialect] = []) async throws -> KubernetesPlane? {
    var context: String?
    let config: Kubeconfig
    switch self {
    case .embedded:
      let path = try await DemoServer.contract.endpoints().kubeconfig
      if isPrivileged {
        config = try Kubeconfig.load(path: path, environment: [:])
      } else {
        let text = try String(contentsOfFile: path, encoding: .utf8).replacing("\"admin\"", with: "\"stranger\"")
        config = try Kubeconfig.load(path: Tool(kubeconfig: nil).file("stranger", text), environment: [:])
      }
    case .dialects:
      config = try Kubeconfig.load(path: await DemoServer.dialects.endpoints().kubeconfig, environment: [:])
    case .sofa:
      config = try Kubeconfig.load(path: await DemoServer.sofa.endpoints().kubeconfig, environment: [:])
    case .real:
      guard let path = try await RealServer.shared.kubeconfig() else { return nil }
      config = try Kubeconfig.load(path: path, environment: [:])
    case .named(let path): config = try Kubeconfig.load(path: path, environment: [:])
    }
    if !isPrivileged, self != .embedded {
      guard config.contexts.contains(where: { $0.name == "unprivileged" }) else { return nil }
      context = "unprivileged"
    }
    return try KubernetesPlane(
      name: "contract", connection: KubernetesConnection(config, context: context, environment: [:]), dialects: dialects
    )
  }
}

/// The laboratory's API server, started once; it ends with the process of the tests.
actor RealServer {
  static let shared = RealServer()

  private var start: Task<String?, any Error>?
  private var server: Server?

  /// The path of its kubeconfig, or `nil`, said loudly, where it cannot be had here.
  func kubeconfig() async throws -> String? {
    if let start { return try await start.value }
    let task = Task { try await launch() }
    start = task
    return try await task.value
  }

  /// The definitions of Istio's types: where `MESHDECK_CRDS` says, or in a folder `shared/crds` beside or above.
  static let definitions: String? = {
    if let path = ProcessInfo.processInfo.environment["MESHDECK_CRDS"] { return path }
    var folder = URL(filePath: Program.root)
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let path = folder.appending(path: "shared/crds/istio.yaml").path
      if FileManager.default.fileExists(atPath: path) { return path }
    }
    return nil
  }()

  /// The folders beside them with the definitions of other configuration APIs, as far as they are there.
  static let others: [String] =
    definitions.map { definitions in
      ["gateway-api", "smi", "knative", "linkerd", "shardingsphere"].map {
        URL(filePath: definitions).deletingLastPathComponent().appending(path: $0).path
      }.filter { FileManager.default.fileExists(atPath: $0) }
    } ?? []

  /// A file with the definitions of Istio 1.1's authentication policies alone: its others would be in the way of the newer.
  static let authentication: String? = {
    guard let definitions else { return nil }
    let file = URL(filePath: definitions).deletingLastPathComponent().appending(path: "istio-1.1/crd-10.yaml")
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
    let parts = text.split(separator: "\n---\n").filter { $0.contains("group: authentication.istio.io") }
    guard parts.count == 2, let folder = try? Program.temporaryFolder() else { return nil }
    let path = "\(folder)/authentication.yaml"
    try? parts.joined(separator: "\n---\n").write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }()

  private func launch() async throws -> String? {
    if Self.definitions == nil {
      print(
        "SKIPPED: there are no definitions of Istio's types (MESHDECK_CRDS): the real server is tested without them")
    }
    let script = #"""
      script="$1"; folder="$2"; shift 2; "$script" start "$folder" "$@" </dev/null || exit
      cat >/dev/null; "$script" stop "$folder"; rm -rf "$folder"
      """#
    let command =
      ["/bin/bash", "-c", script, "laboratory", "\(Program.root)/Tests/Laboratory/kube-apiserver"]
      + [try Program.temporaryFolder()] + [Self.definitions, Self.authentication].compactMap(\.self) + Self.others
    do {
      let server = try await Server.start(
        Program(command: command, environment: ProcessInfo.processInfo.environment), within: .seconds(600))
      self.server = server
      return server.announced["kubeconfig"]?.string
    } catch let failure as Server.Failure where failure.code == 77 {
      print("SKIPPED: NO REAL API SERVER, the contract is held against the embedded mesh alone. \(failure.errors)")
      return nil
    }
  }
}
